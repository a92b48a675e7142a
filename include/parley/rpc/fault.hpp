// What a handler throws to tell who asked what went wrong, and whose fault it was.
//
//   if (order.items.empty()) throw parley::rpc::RequesterFault{"an order without items", 422};
//
// Any other exception says less: that the handler has failed, and its text, if the server may tell that.
#pragma once

#include <parley/detail/export.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace parley::rpc {

/// Whose fault it was that a request failed.
enum class FaultOf : std::uint8_t {
  unknown,    ///< the handler has not said
  requester,  ///< of who asks: asking again the same way will not help
  responder,  ///< of who answers
};

/// The base of both.
class PARLEY_EXPORT Fault : public std::runtime_error {
 public:
  /// `message` is for people, `code` for programs: what it means is between the two. `data` is more, as JSON text,
  /// which programs that are not of this library's pass over.
  Fault(FaultOf of, const std::string& message, std::optional<std::int64_t> code = {}, std::string data = {})
      : std::runtime_error{message}, of_{of}, code_{code}, data_{std::move(data)} {}

  /// What it was made of.
  [[nodiscard]] FaultOf of() const noexcept { return of_; }
  [[nodiscard]] std::optional<std::int64_t> code() const noexcept { return code_; }
  [[nodiscard]] const std::string& data() const noexcept { return data_; }

 private:
  FaultOf of_;
  std::optional<std::int64_t> code_;
  std::string data_;
};

/// It was the fault of who asks.
class PARLEY_EXPORT RequesterFault : public Fault {
 public:
  /// See Fault.
  explicit RequesterFault(const std::string& message, std::optional<std::int64_t> code = {}, std::string data = {})
      : Fault{FaultOf::requester, message, code, std::move(data)} {}
};

/// It was this side's own.
class PARLEY_EXPORT ResponderFault : public Fault {
 public:
  /// See Fault.
  explicit ResponderFault(const std::string& message, std::optional<std::int64_t> code = {}, std::string data = {})
      : Fault{FaultOf::responder, message, code, std::move(data)} {}
};

}  // namespace parley::rpc
