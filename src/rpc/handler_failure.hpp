// What is answered for a handler that has thrown.
#pragma once

#include <parley/message.hpp>
#include <parley/wire/request_metadata.hpp>

#include <exception>

namespace parley::rpc::detail {

/// An answer, or the error that stands for it.
struct Outcome {
  wire::RequestType type = wire::RequestType::answer;
  Message data;
};

/// `tells_text`: whether that of an exception which is no Fault may leave this program.
[[nodiscard]] Outcome failure_outcome(const std::exception_ptr& thrown, bool tells_text);

}  // namespace parley::rpc::detail
