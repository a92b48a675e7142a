// What channels are for that a foreign program opens, and what is asked of it on ours. The first byte of a channel says
// what it is for: tests/interop/go/yamux_peer.go has the list.
#pragma once

#include <parley/mux/session.hpp>

#include "support/channel_io.hpp"
#include "support/run_context.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::interop {

namespace asio = boost::asio;
using boost::system::error_code;
using mux::Channel;
using mux::Session;

/// Byte number i of the body with number n is (n + i) % 251. A piece of it, of `size_max` bytes at most.
inline std::string_view pattern(std::uint64_t number, std::uint64_t size_max) {
  static const std::string all = [] {
    std::string bytes(std::size_t{1} << 18U, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 251);
    return bytes;
  }();
  return std::string_view{all}.substr(number % 251, size_max);
}

/// The body of one of many channels that are echoed.
inline std::string echo_body(std::size_t number) { return std::string{pattern(number, number * 3 % 3001)}; }

/// What a program has done with its channels.
class Served {
 public:
  explicit Served(asio::io_context& context) : is_through_{context, support::hang_bound} {}

  std::size_t open_count = 0;
  std::size_t open_max = 0;                        ///< at one moment
  std::vector<error_code> ends;                    ///< of channels f and w, each as it was seen
  std::string heard;                               ///< on channels f
  bool is_closing = false;                         ///< the program is through
  std::vector<std::string> failures;               ///< of channels that broke off
  std::optional<mux::SessionCloseReport> closing;  ///< of the session, after that

  /// Waits until the program says so, by a channel q, or until the session has ended without that.
  asio::awaitable<void> through() { co_await is_through_.async_wait(asio::as_tuple(asio::use_awaitable)); }
  void set_through() { is_through_.expires_after({}); }

 private:
  asio::steady_timer is_through_;
};

inline asio::awaitable<void> echo_channel(Channel& channel) {
  for (std::string part(64 * 1024, '\0');;) {
    const auto [ec, size] = co_await channel.async_read_some(asio::buffer(part), asio::as_tuple(asio::use_awaitable));
    if (ec == asio::error::eof) co_return;
    if (ec) throw boost::system::system_error{ec};
    co_await asio::async_write(channel, asio::buffer(part.data(), size), asio::use_awaitable);
  }
}

/// Whether these are the bytes of the pattern from number `at` on.
inline bool is_pattern(std::string_view bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const std::string_view wanted = pattern(at, bytes.size());
    if (bytes.substr(0, wanted.size()) != wanted) return false;
    at += wanted.size();
    bytes.remove_prefix(wanted.size());
  }
  return true;
}

inline asio::awaitable<void> count_channel(Channel& channel) {
  const std::string length = co_await support::read_exactly(channel, 8);
  std::uint64_t size = 0;
  for (const char byte : length) size = size << 8U | static_cast<unsigned char>(byte);
  std::string part(256 * 1024, '\0');
  for (std::uint64_t at = 0; at < size;) {
    const std::size_t more = co_await channel.async_read_some(asio::buffer(part), asio::use_awaitable);
    if (!is_pattern({part.data(), more}, at)) throw std::runtime_error{"wrong bytes after " + std::to_string(at)};
    at += more;
  }
  co_await support::write_all(channel, "right");
}

inline asio::awaitable<void> serve_channel(Session& session, Channel& channel, Served& served) {
  const std::string kind = co_await support::read_exactly(channel, 1);
  error_code ec;
  switch (kind[0]) {
    case 'e': co_await echo_channel(channel); break;
    case 'c': co_await count_channel(channel); break;
    case 'h': {
      const std::string heard = co_await support::read_to_end(channel, ec);
      if (!is_pattern(heard, 0)) throw std::runtime_error{"wrong bytes"};
      co_await support::write_all(channel, std::to_string(heard.size()));
      break;
    }
    case 'f':
      co_await support::write_all(channel, "farewell");
      channel.shutdown_send(ec);
      served.heard = co_await support::read_to_end(channel, ec);
      served.ends.push_back(ec);
      break;
    case 'r': channel.reset(); break;
    case 'w':
      co_await support::write_all(channel, "waiting");
      co_await support::read_to_end(channel, ec);
      served.ends.push_back(ec);
      break;
    case 'g':
      session.go_away();
      co_await support::write_all(channel, "gone");
      co_await support::read_to_end(channel, ec);
      break;
    case 'q':
      co_await support::read_to_end(channel, ec);
      channel.close();
      served.is_closing = true;
      served.closing = co_await session.close(support::hang_bound);
      served.set_through();
      break;
    default: throw std::runtime_error{"no channel is for \"" + kind + "\""};
  }
}

inline asio::awaitable<void> serve_one(Session& session, Channel channel, Served& served) {
  served.open_max = std::max(served.open_max, ++served.open_count);
  try {
    co_await serve_channel(session, channel, served);
  } catch (const std::exception& e) {
    served.failures.emplace_back(e.what());
  }
  --served.open_count;
}

/// Takes what the program opens, in the background, until the session ends. Both outlive what runs on the context.
inline void serve_channels(Session& session, Served& served) {
  const auto serving = [](Session& on, Served& told) -> asio::awaitable<void> {
    for (;;) {
      auto [ec, channel] = co_await on.accept({}, asio::as_tuple(asio::use_awaitable));
      if (ec) break;
      asio::co_spawn(on.get_executor(), serve_one(on, std::move(channel), told), asio::detached);
    }
    if (!told.is_closing) told.set_through();
  };
  asio::co_spawn(session.get_executor(), serving(session, served), asio::detached);
}

// --- what is asked of the program ------------------------------------------------------------------------------------

inline asio::awaitable<Channel> open_for(Session& session, std::string kind) {
  Channel channel = co_await session.open(support::hang_bound);
  co_await support::write_all(channel, std::move(kind));
  co_return channel;
}

/// Ends both directions in order; how many bytes came that nobody had asked for.
inline asio::awaitable<std::size_t> end_channel(Channel channel) {
  error_code ec;
  channel.shutdown_send(ec);
  const std::string rest = co_await support::read_to_end(channel, ec);
  if (ec != asio::error::eof) throw boost::system::system_error{ec};
  co_return rest.size();
}

/// How many bodies came back unchanged, of as many channels that are open at one moment.
inline asio::awaitable<std::size_t> ask_for_echoes(Session& session, std::size_t count, std::size_t& open_at_once) {
  std::vector<Channel> channels;
  for (std::size_t i = 0; i < count; ++i) channels.push_back(co_await open_for(session, "e"));
  open_at_once = session.stats().channel_count;
  for (std::size_t i = 0; i < count; ++i) co_await support::write_all(channels[i], echo_body(i));
  std::size_t right_count = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string body = echo_body(i);
    const std::string back = co_await support::read_exactly(channels[i], body.size());
    right_count += back == body ? 1U : 0U;
  }
  co_return right_count;
}

inline asio::awaitable<void> ask_for_small_echoes(Session& session, std::size_t count, asio::steady_timer& done) {
  Channel channel = co_await open_for(session, "e");
  for (std::size_t i = 0; i < count; ++i) {
    const std::string body{pattern(i, 100)};
    co_await support::write_all(channel, body);
    const std::string back = co_await support::read_exactly(channel, body.size());
    if (back != body) throw std::runtime_error{"other bytes came back than were sent"};
  }
  done.expires_after({});
}

inline asio::awaitable<void> send_pattern(Channel& channel, std::uint64_t size) {
  for (std::uint64_t at = 0; at < size;) {
    const std::string_view part = pattern(at, size - at);
    co_await asio::async_write(channel, asio::buffer(part), asio::use_awaitable);
    at += part.size();
  }
}

inline asio::awaitable<void> send_much(Session& session, std::uint64_t size, asio::steady_timer& small_done) {
  Channel channel = co_await open_for(session, "c");
  std::string length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(size >> (56U - 8U * i) & 0xffU);
  co_await support::write_all(channel, length);
  co_await send_pattern(channel, size - 1);
  co_await small_done.async_wait(asio::as_tuple(asio::use_awaitable));
  const std::string last{pattern(size - 1, 1)};
  co_await support::write_all(channel, last);
  const std::string verdict = co_await support::read_exactly(channel, 5);
  if (verdict != "right") throw std::runtime_error{"the program says " + verdict};
}

/// Sends `size` bytes on one channel while small bodies are echoed on another: its last byte goes when ten have come
/// back. Throws when anything is wrong.
inline asio::awaitable<void> ask_much_and_little(Session& session, std::uint64_t size) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer small_done{session.get_executor(), support::hang_bound};
  co_await (send_much(session, size, small_done) && ask_for_small_echoes(session, 10, small_done));
}

}  // namespace parley::interop
