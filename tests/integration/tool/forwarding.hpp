// A tunnel and its gateway, for tests: two processes of the tool, and what is at their ends.
#pragma once

#include "raw_peer.hpp"
#include "tool_process.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace parley::test {

/// A gateway that may connect to this machine's own ports.
class ToolGateway {
 public:
  explicit ToolGateway(const std::vector<std::string>& options = {}, const std::string& at = "mux+tcp://127.0.0.1:0");

  [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] ToolProcess& process() noexcept { return process_; }
  /// The exit code after a signal.
  int leave(int signal);

 private:
  ToolProcess process_;
  std::string endpoint_;
};

/// A tunnel with one local port for each destination.
class ToolTunnel {
 public:
  ToolTunnel(const std::string& via, const std::vector<std::string>& destinations,
             const std::vector<std::string>& options = {});

  /// Where the local ports are, in that order.
  [[nodiscard]] const std::string& port(std::size_t which = 0) const { return ports_.at(which); }
  [[nodiscard]] ToolProcess& process() noexcept { return process_; }
  int leave(int signal);

 private:
  ToolProcess process_;
  std::vector<std::string> ports_;
};

/// Connections of this machine's kernel that are established at this local port.
[[nodiscard]] std::size_t established_at(const std::string& endpoint);

/// Bytes in which any one that is missing, doubled or moved shows.
[[nodiscard]] std::string distinct_bytes(std::size_t size, unsigned seed);

/// What reading gives when the stream was reset: a sentence; otherwise what was read.
[[nodiscard]] std::string read_until_reset(const RawPeer& peer);

}  // namespace parley::test
