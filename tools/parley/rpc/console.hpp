// What the user sees of requests: answers, and what became of those that have none.
#pragma once

#include "notation.hpp"
#include "rpc/latencies.hpp"
#include "rpc/options.hpp"
#include "voice.hpp"

#include <parley/message.hpp>
#include <parley/rpc/caller.hpp>
#include <parley/rpc/event.hpp>
#include <parley/rpc/request_error.hpp>
#include <parley/time.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace parley::tool {

/// For an error that a request has ended with.
[[nodiscard]] ExitCode exit_code_of_request(const boost::system::error_code& code) noexcept;
/// Of such an error: the next request may fare better.
[[nodiscard]] bool concerns_one_request(const boost::system::error_code& code) noexcept;

class RpcConsole : public Voice {
 public:
  RpcConsole(Output& output, const RpcOptions& options);

  // --- who asks ------------------------------------------------------------------------------------------------------

  void connected(const Endpoint& endpoint);
  /// Throws parley::Error for what is no payload of the codec; nothing is printed then.
  void answer(const Message& body, Duration taken);
  /// With what the handler has said, for programs and for people.
  void failed(const rpc::RequestError& failure, ExitCode code);
  void summary(const Latencies& latencies, std::uint64_t failed_count, Duration taken);
  void told(std::uint64_t count);

  // --- who answers ---------------------------------------------------------------------------------------------------

  /// Who came and went; refusals are told to everybody.
  void event(const rpc::Event& happened);
  /// `fault`: why there is no answer; empty where there is one.
  void served(const rpc::Caller& caller, Duration taken, const std::string& fault, std::optional<int> exit_code);

 private:
  [[nodiscard]] bool is_new_pause(const rpc::Event& happened);

  Notation notation_;
  Destination destination_;
  std::string last_pause_;  // why clients have to wait
};

}  // namespace parley::tool
