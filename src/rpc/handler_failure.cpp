#include "rpc/handler_failure.hpp"

#include <parley/rpc/fault.hpp>
#include <parley/rpc/routes.hpp>
#include <parley/wire/request_fault.hpp>

#include <boost/asio/error.hpp>

namespace parley::rpc::detail {

using wire::RequestFault;
using wire::RequestType;

namespace {

Outcome outcome(RequestType type, const RequestFault& fault) { return {type, Message{wire::put_fault(fault)}}; }

RequestType type_of(FaultOf of) noexcept {
  switch (of) {
    case FaultOf::requester: return RequestType::requester_error;
    case FaultOf::responder: return RequestType::responder_error;
    case FaultOf::unknown: break;
  }
  return RequestType::failed;
}

}  // namespace

Outcome failure_outcome(const std::exception_ptr& thrown, bool tells_text) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Fault& fault) {
    return outcome(type_of(fault.of()), {fault.what(), fault.code(), fault.data(), {}});
  } catch (const RequestRejected& rejected) {
    return {RequestType::payload_rejected, Message{wire::put_rejection(rejected.what())}};
  } catch (const AnswerUnencodable& unencodable) {
    const std::string why = tells_text ? std::string{": "} + unencodable.what() : std::string{};
    return outcome(RequestType::responder_error, {"Response serialize error" + why, {}, {}, {}});
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted) {
      return outcome(RequestType::responder_error, {"the handler was cancelled", {}, {}, {}});
    }
    return outcome(RequestType::failed, {tells_text ? error.what() : "the handler has failed", {}, {}, {}});
  } catch (const std::exception& error) {
    return outcome(RequestType::failed, {tells_text ? error.what() : "the handler has failed", {}, {}, {}});
  } catch (...) {
    return outcome(RequestType::failed, {"the handler has failed", {}, {}, {}});
  }
}

}  // namespace parley::rpc::detail
