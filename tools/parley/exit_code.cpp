#include "exit_code.hpp"

#include <parley/error.hpp>

#include <boost/asio/error.hpp>

namespace parley::tool {
namespace {

bool is_time_out(const boost::system::error_code& code) noexcept {
  return code == error::timed_out || code == boost::system::errc::timed_out;
}

bool is_absent_peer(const boost::system::error_code& code) noexcept {
  namespace errc = boost::system::errc;
  return code == error::no_listener || code == error::no_address || code == errc::connection_refused ||
         code == errc::no_such_file_or_directory || code == errc::host_unreachable ||
         code == errc::network_unreachable || code == errc::address_not_available ||
         code.category() == boost::asio::error::get_netdb_category() ||
         code.category() == boost::asio::error::get_addrinfo_category();
}

/// One side did not like what the other showed or spoke.
bool is_refusal(const boost::system::error_code& code) noexcept {
  return code == error::untrusted_peer || code == error::refused_by_peer || code == error::handshake_failed;
}

bool is_broken(const boost::system::error_code& code) noexcept {
  return code == error::truncated || code == error::malformed || code == error::message_too_large;
}

}  // namespace

ExitCode exit_code_of_dialling(const boost::system::error_code& code) noexcept {
  if (is_time_out(code)) return ExitCode::timed_out;
  if (is_refusal(code) || is_broken(code)) return ExitCode::refused;
  return is_absent_peer(code) ? ExitCode::no_peer : ExitCode::failure;
}

ExitCode exit_code_of_talking(const boost::system::error_code& code) noexcept {
  if (is_time_out(code)) return ExitCode::timed_out;
  return is_broken(code) || is_refusal(code) ? ExitCode::refused : ExitCode::failure;
}

bool concerns_one_message(const boost::system::error_code& code) noexcept {
  return code == error::unframeable || code == error::message_too_large || code == error::message_refused ||
         code == error::send_ended;
}

const std::string_view exit_codes_help =
    "Exit codes:\n"
    "  0  done\n"
    "  1  failure\n"
    "  2  the command line makes no sense\n"
    "  3  a time limit passed\n"
    "  4  no peer: connection refused, nobody listening, host unknown\n"
    "  5  refused: the peer broke the framing, a filter, the codec or a limit (malformed, truncated,\n"
    "     too large), or one of the two refused the other (certificate, WebSocket path, another protocol)\n"
    "     or its request (no such route, not the value that is taken, overloaded)";

}  // namespace parley::tool
