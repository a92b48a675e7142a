#include "support/private_broker.hpp"

#include <atomic>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::support {
namespace {

/// Many times what it takes; and less than a test may be silent.
constexpr std::chrono::seconds start_patience{50};
constexpr int attempt_count = 3;

bool can_listen(unsigned port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool can = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return can;
}

/// The first of four. Other processes that look at the same time look elsewhere; and none of these is handed out by
/// the kernel, so while the broker is down nobody gets its port, not even a client that dials it.
std::uint16_t free_ports() {
  constexpr unsigned first = 20'000;
  constexpr unsigned places = 3000;
  static std::atomic<unsigned> count{0};
  for (unsigned tries = 0; tries < places; ++tries) {
    const unsigned place = (static_cast<unsigned>(::getpid()) + 997 * count++) % places;
    const unsigned port = first + 4 * place;
    bool are_free = true;
    for (unsigned i = 0; i < 4; ++i) are_free = are_free && can_listen(port + i);
    if (are_free) return static_cast<std::uint16_t>(port);
  }
  throw std::runtime_error{"no four ports from 20000 to 31999 are free for a broker"};
}

}  // namespace

PrivateBroker::PrivateBroker(BrokerTls tls) : tls_{std::move(tls)} { begin_somewhere(); }

PrivateBroker::PrivateBroker() { begin_somewhere(); }

void PrivateBroker::begin_somewhere() {
  for (int attempt = 1;; ++attempt) {
    try {
      begin();
      return;
    } catch (const std::runtime_error&) {
      // Somebody may have taken a port meanwhile.
      end();
      if (attempt == attempt_count) throw;
    }
  }
}

PrivateBroker::~PrivateBroker() { end(); }

void PrivateBroker::begin() {
  port_ = free_ports();
  start_count_ = 0;
  std::vector<std::string> all = command("run");
  all.push_back(configuration());
  keeper_ = std::make_unique<ChildProcess>(all);
  start();
}

void PrivateBroker::end() {
  if (!keeper_) return;
  keeper_->end_input();
  static_cast<void>(keeper_->wait());
  keeper_.reset();
}

void PrivateBroker::start() {
  keeper_->type("start\n");
  static_cast<void>(keeper_->error_line_with("listening " + std::to_string(++start_count_), start_patience));
}

void PrivateBroker::kill() {
  keeper_->type("kill\n");
  static_cast<void>(keeper_->error_line_with("killed " + std::to_string(++kill_count_)));
}

void PrivateBroker::set_memory_alarm(bool is_on) {
  if (is_on) {
    control({"set_vm_memory_high_watermark", "absolute", "1"});
  } else {
    control({"set_vm_memory_high_watermark", "0.4"});
  }
}

std::map<std::string, std::uint64_t> PrivateBroker::queues() {
  std::istringstream listing{control({"list_queues", "name", "messages", "--no-table-headers"})};
  std::map<std::string, std::uint64_t> found;
  std::string name;
  std::uint64_t count = 0;
  while (std::getline(listing, name, '\t') && listing >> count >> std::ws)
    found.emplace(std::exchange(name, {}), count);
  return found;
}

std::string PrivateBroker::control(const std::vector<std::string>& words) {
  std::vector<std::string> all = command("control");
  all.insert(all.end(), words.begin(), words.end());
  ChildProcess program{all};
  program.end_input();
  // It is a whole Erlang machine that has to start for that.
  ChildResult result = program.wait(start_patience);
  if (result.code == 0) return std::move(result.output);
  throw std::runtime_error("rabbitmqctl " + words.at(0) + " fails with " + std::to_string(result.code) + ": " +
                           result.errors + result.output);
}

std::string PrivateBroker::configuration() const {
  if (!tls_) return {};
  return "listeners.ssl.default = 127.0.0.1:" + std::to_string(tls_port()) +
         "\nssl_options.cacertfile = " + tls_->authority_file + "\nssl_options.certfile = " + tls_->certificate_file +
         "\nssl_options.keyfile = " + tls_->key_file + "\n";
}

std::vector<std::string> PrivateBroker::command(const std::string& task) const {
  return {PARLEY_SOURCE_DIR "/tests/support/private_broker.sh",
          task,
          folder_.file("broker"),
          std::to_string(port_),
          std::to_string(port_ + 1),
          std::to_string(port_ + 2)};
}

}  // namespace parley::support
