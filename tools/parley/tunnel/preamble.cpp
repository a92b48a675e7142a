#include "tunnel/preamble.hpp"

#include <parley/endpoint.hpp>
#include <parley/error.hpp>
#include <parley/time.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t asked_size_max = Endpoint::text_size_max;
constexpr std::size_t sentence_size_max = 1024;

/// A length, and text.
void append_text(std::string& bytes, std::string_view text) {
  bytes += static_cast<char>(text.size() >> 8);
  bytes += static_cast<char>(text.size() & 0xff);
  bytes += text;
}

asio::awaitable<error_code> read_exactly(transport::Stream& channel, std::span<char> room) {
  const auto [ec, size] = co_await asio::async_read(channel, asio::buffer(room.data(), room.size()), as_result);
  static_cast<void>(size);
  co_return ec;
}

/// error::message_too_large without reading it.
asio::awaitable<error_code> read_text(transport::Stream& channel, std::string& text, std::size_t size_max) {
  std::array<char, 2> length{};
  const error_code no_length = co_await read_exactly(channel, length);
  if (no_length) co_return no_length;
  const std::size_t size =
      std::size_t{static_cast<unsigned char>(length[0])} << 8 | static_cast<unsigned char>(length[1]);
  if (size > size_max) co_return make_error_code(error::message_too_large);
  text.resize(size);
  co_return co_await read_exactly(channel, text);
}

asio::awaitable<error_code> write_all(transport::Stream& channel, std::string bytes) {
  const auto [ec, size] = co_await asio::async_write(channel, asio::buffer(bytes), as_result);
  static_cast<void>(size);
  co_return ec;
}

asio::awaitable<error_code> read_whole_answer(transport::Stream& channel, Answer& answer) {
  std::array<char, 1> verdict{};
  const error_code no_verdict = co_await read_exactly(channel, verdict);
  if (no_verdict) co_return no_verdict;
  answer.verdict = static_cast<Verdict>(verdict[0]);
  if (answer.verdict == Verdict::connected) co_return error_code{};
  if (answer.verdict > Verdict::too_many) co_return make_error_code(error::malformed);
  const error_code ec = co_await read_text(channel, answer.sentence, sentence_size_max);
  co_return ec == error::message_too_large ? make_error_code(error::malformed) : ec;
}

asio::awaitable<error_code> within(Seconds patience, transport::Stream& channel, asio::awaitable<error_code> step) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer{channel.get_executor(), Deadline{patience}.when()};
  const auto first = co_await (std::move(step) || timer.async_wait(as_result));
  co_return first.index() == 0 ? std::get<0>(first) : make_error_code(error::timed_out);
}

}  // namespace

asio::awaitable<error_code> ask(transport::Stream& channel, std::string text, Seconds patience) {
  std::string bytes;
  append_text(bytes, text);
  return within(patience, channel, write_all(channel, std::move(bytes)));
}

asio::awaitable<Asked> hear(transport::Stream& channel, Seconds patience) {
  Asked asked;
  asked.code = co_await within(patience, channel, read_text(channel, asked.text, asked_size_max));
  co_return asked;
}

asio::awaitable<error_code> reply(transport::Stream& channel, Answer answer, Seconds patience) {
  std::string bytes(1, static_cast<char>(answer.verdict));
  if (answer.verdict != Verdict::connected)
    append_text(bytes, std::string_view{answer.sentence}.substr(0, sentence_size_max));
  return within(patience, channel, write_all(channel, std::move(bytes)));
}

asio::awaitable<error_code> read_answer(transport::Stream& channel, Answer& answer, Seconds patience) {
  return within(patience, channel, read_whole_answer(channel, answer));
}

}  // namespace parley::tool
