#include "detail/handler_end.hpp"

#include "detail/log.hpp"

#include <parley/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace parley::detail {

namespace asio = boost::asio;

void log_handler_end(const std::exception_ptr& thrown, const std::string& peer) {
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    // A peer that closes while its handler receives is the usual end of a handler, and no news.
    const bool usual =
        e.code() == error::closed || e.code() == asio::error::operation_aborted || e.code() == asio::error::eof;
    log(usual ? LogLevel::debug : LogLevel::warning, std::string{"a handler ended with: "} + e.what(), peer);
  } catch (const std::exception& e) {
    log(LogLevel::warning, std::string{"a handler threw: "} + e.what(), peer);
  } catch (...) {
    log(LogLevel::warning, "a handler threw something that is no std::exception", peer);
  }
}

}  // namespace parley::detail
