#include "forwarding.hpp"

#include <cerrno>
#include <fstream>
#include <random>
#include <sstream>
#include <system_error>

namespace parley::test {
namespace {

std::vector<std::string> gateway_words(const std::vector<std::string>& options, const std::string& at) {
  std::vector<std::string> words{"gateway", "--listen", at, "--allow", "tcp://127.0.0.1:*"};
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

std::vector<std::string> tunnel_words(const std::string& via, const std::vector<std::string>& destinations,
                                      const std::vector<std::string>& options) {
  std::vector<std::string> words{"tunnel", "--via", via};
  for (const std::string& each : destinations)
    words.insert(words.end(), {"--listen", "tcp://127.0.0.1:0", "--to", each});
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

int leave_by(ToolProcess& process, int signal) {
  process.send_signal(signal);
  return process.wait();
}

/// From "parley: listening on ENDPOINT for TO".
std::string port_in(const std::string& line) {
  const std::size_t begin = line.find("tcp://");
  return line.substr(begin, line.find(' ', begin) - begin);
}

}  // namespace

ToolGateway::ToolGateway(const std::vector<std::string>& options, const std::string& at)
    : process_{gateway_words(options, at)}, endpoint_{process_.listening_endpoint()} {}

int ToolGateway::leave(int signal) { return leave_by(process_, signal); }

ToolTunnel::ToolTunnel(const std::string& via, const std::vector<std::string>& destinations,
                       const std::vector<std::string>& options)
    : process_{tunnel_words(via, destinations, options)} {
  for (const std::string& each : destinations) ports_.push_back(port_in(process_.error_line_with(" for " + each)));
}

int ToolTunnel::leave(int signal) { return leave_by(process_, signal); }

std::size_t established_at(const std::string& endpoint) {
  const unsigned long port = std::stoul(endpoint.substr(endpoint.rfind(':') + 1));
  std::ifstream table{"/proc/net/tcp"};
  std::size_t count = 0;
  std::string line;
  std::getline(table, line);  // the heads of its columns
  while (std::getline(table, line)) {
    std::istringstream columns{line};
    std::string number, local, remote, state;
    columns >> number >> local >> remote >> state;
    if (state == "01" && std::stoul(local.substr(local.find(':') + 1), nullptr, 16) == port) ++count;
  }
  return count;
}

std::string distinct_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random{seed};
  std::string bytes(size, '\0');
  for (char& each : bytes) each = static_cast<char>(random());
  return bytes;
}

std::string read_until_reset(const RawPeer& peer) {
  try {
    return peer.receive_all();
  } catch (const std::system_error& e) {
    return e.code() == std::errc::connection_reset ? "reset" : e.what();
  }
}

}  // namespace parley::test
