// What a request that failed throws.
//
//   try {
//     const int n = co_await client.request<int>("sum", sum);
//   } catch (const parley::rpc::RequestError& failed) {
//     if (failed.code() == parley::error::handler_failed && failed.fault_code() == 422) …
//   }
#pragma once

#include <parley/detail/export.hpp>
#include <parley/error.hpp>
#include <parley/rpc/fault.hpp>

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace parley::rpc {

/// What the other side has said about a request that it did not answer.
struct RemoteFault {
  FaultOf of = FaultOf::unknown;       ///< whose fault it was
  std::string message{};               ///< the handler's words
  std::optional<std::int64_t> code{};  ///< the handler's, for programs
  std::string data{};                  ///< more, as JSON text; empty without
};

/// The code says what happened: error::no_such_route, payload_rejected, handler_failed, overloaded, disconnected,
/// unknown_peer, refused_by_peer, timed_out, message_too_large, closed, or asio::error::operation_aborted.
class PARLEY_EXPORT RequestError : public Error {
 public:
  /// For the library.
  RequestError(boost::system::error_code code, std::string sentence, RemoteFault fault)
      : Error{code, std::move(sentence)}, fault_{std::move(fault)} {}

  /// Whose fault it was, and what the handler has said: those of the other side's answer, and empty without one.
  [[nodiscard]] FaultOf of() const noexcept { return fault_.of; }
  [[nodiscard]] const std::string& fault_message() const noexcept { return fault_.message; }
  [[nodiscard]] std::optional<std::int64_t> fault_code() const noexcept { return fault_.code; }
  [[nodiscard]] const std::string& fault_data() const noexcept { return fault_.data; }

 private:
  RemoteFault fault_;
};

}  // namespace parley::rpc
