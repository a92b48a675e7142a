#include "tunnel/relay.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;
using boost::system::error_code;
using transport::Stream;

namespace {

constexpr auto as_outcome = asio::as_tuple(asio::use_awaitable);

/// Of a direction that something moves in.
constexpr std::size_t relay_buffer_size = 64 * std::size_t{1024};

/// What comes of a read that does not wait: bytes, an error, or `would_block`.
std::size_t read_now(Stream& from, asio::mutable_buffer room, error_code& ec) {
  return from.backend().try_read({&room, 1}, ec);
}

}  // namespace

std::string describe(const Stream& stream, const error_code& code) {
  std::string more = stream.explain();
  return more.empty() ? code.message() : more;
}

Relay::Relay(Stream& near, Stream& far, Traffic& total)
    : near_{near}, far_{far}, total_{total}, changed_{near.get_executor(), asio::steady_timer::time_point::max()} {}

asio::awaitable<void> Relay::go_up() {
  ++directions_under_way_;
  return copy_to_end(near_, far_, {traffic_.up, total_.up});
}

asio::awaitable<void> Relay::go_down() {
  ++directions_under_way_;
  return copy_to_end(far_, near_, {traffic_.down, total_.down});
}

asio::awaitable<void> Relay::over() {
  while (directions_under_way_ > 0) co_await changed_.async_wait(as_outcome);
}

void Relay::cut(std::string why) {
  if (!std::exchange(is_cut_, true)) failure_ = std::move(why);
  near_.reset();
  far_.reset();
}

asio::awaitable<void> Relay::copy_to_end(Stream& from, Stream& to, Count count) {
  Stream* failed = &from;
  error_code ec = co_await copy(from, to, count, failed);
  if (ec == asio::error::eof) {
    failed = &to;
    ec = {};
    to.shutdown_send(ec);
    // The other direction has it already, if it matters.
    if (ec == asio::error::not_connected) ec = {};
  }
  if (ec && !is_cut_) cut(failed->remote_endpoint().to_string() + ": " + describe(*failed, ec));
  --directions_under_way_;
  changed_.cancel();
}

asio::awaitable<error_code> Relay::copy(Stream& from, Stream& to, Count count, Stream*& failed) {
  for (;;) {
    failed = &from;
    const auto [unreadable] = co_await from.wait_readable(as_outcome);
    if (unreadable) co_return unreadable;
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(relay_buffer_size);
    for (;;) {
      failed = &from;
      error_code ec;
      const std::size_t size = read_now(from, asio::buffer(buffer.get(), relay_buffer_size), ec);
      if (ec == asio::error::would_block) break;
      if (ec) co_return ec;
      failed = &to;
      const auto [unwritten, written] = co_await asio::async_write(to, asio::buffer(buffer.get(), size), as_outcome);
      count.own += written;
      count.total += written;
      if (unwritten) co_return unwritten;
    }
  }
}

}  // namespace parley::tool
