#include "detail/handler_end.hpp"

#include "detail/log.hpp"

#include <parley/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace parley::detail {

namespace asio = boost::asio;

namespace {

/// A peer that closes while its handler receives is the usual end of a handler, and no news.
bool is_usual_end(const boost::system::error_code& ec, HandlerOf of) {
  if (ec == asio::error::eof) return of == HandlerOf::channel;
  return ec == error::closed || ec == asio::error::operation_aborted;
}

}  // namespace

void log_handler_end(const std::exception_ptr& thrown, HandlerOf of, const std::string& peer) {
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    const LogLevel level = is_usual_end(e.code(), of) ? LogLevel::debug : LogLevel::warning;
    log(level, std::string{"a handler ended with: "} + e.what(), peer);
  } catch (const std::exception& e) {
    log(LogLevel::warning, std::string{"a handler threw: "} + e.what(), peer);
  } catch (...) {
    log(LogLevel::warning, "a handler threw something that is no std::exception", peer);
  }
}

}  // namespace parley::detail
