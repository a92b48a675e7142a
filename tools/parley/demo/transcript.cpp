#include "transcript.hpp"

#include "talk_text.hpp"

#include <parley/codec/json.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace parley::tool::demo {
namespace {

/// 1234567.8 as 1,234,568.
std::string grouped(double number) {
  std::string digits = fmt::format("{:.0f}", number);
  for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<std::size_t>(i), ",");
  return digits;
}

std::string paint(Colour colour, bool enabled, std::string_view text) {
  return fmt::format("{}{}{}", begin_colour(colour, enabled), text, end_colour(colour, enabled));
}

}  // namespace

Transcript::Transcript() : coloured_{may_colour(STDOUT_FILENO)} {}

void Transcript::title(std::string_view text) { print(fmt::format("{}\n", text)); }

void Transcript::chapter(std::string_view text) { print(fmt::format("\n{}\n", paint(Colour::cyan, coloured_, text))); }

void Transcript::line(std::string_view text) { print(fmt::format("  {}\n", text)); }

void Transcript::exchange(const Exchange& e) {
  const Message question = Json{}.encode(Question{e.client, e.a, e.b});
  const Message answer = Json{}.encode(Answer{e.answer});
  conversation(e.client, "server", question.view(), answer.view());
}

void Transcript::conversation(std::string_view client, std::string_view server, std::string_view question,
                              std::string_view answer) {
  print(fmt::format("  {:>6} -> {:<8} {}\n", client, server, question));
  print(fmt::format("  {:>6} <- {:<8} {}   {}\n", client, server, answer, paint(Colour::green, coloured_, "right")));
}

void Transcript::rates(std::string_view client, const Rate& round_trips, const Rate& one_way) {
  line(fmt::format("{}, one message at a time:  {} round trips/s, {:.1f} us each ({} checked)", client,
                   grouped(round_trips.per_second()), round_trips.microseconds_each(),
                   grouped(static_cast<double>(round_trips.count))));
  line(fmt::format("{}, all in one direction:   {} messages/s of {} bytes ({} checked)", client,
                   grouped(one_way.per_second()), item_size, grouped(static_cast<double>(one_way.count))));
}

void Transcript::crowd(std::string_view client, const Rate& conversations) {
  line(fmt::format("{}, {} at one moment, one socket: opened, answered and closed in {:.1f} ms, {:.1f} us each", client,
                   grouped(static_cast<double>(conversations.count)), conversations.span.count() * 1e3,
                   conversations.microseconds_each()));
}

void Transcript::readings(std::string_view client, const Rate& one_way) {
  line(fmt::format("{}, all in one direction:  {} readings/s ({} checked, and added up)", client,
                   grouped(one_way.per_second()), grouped(static_cast<double>(one_way.count))));
}

void Transcript::requests(std::string_view client, const Rate& in_turn, std::uint64_t at_once, const Rate& together) {
  line(fmt::format("{}, one request at a time:  {} requests/s, {:.1f} us each ({} checked)", client,
                   grouped(in_turn.per_second()), in_turn.microseconds_each(),
                   grouped(static_cast<double>(in_turn.count))));
  line(fmt::format("{}, {} requests at a time:  {} requests/s ({} checked)", client, at_once,
                   grouped(together.per_second()), grouped(static_cast<double>(together.count))));
}

void Transcript::end(std::string_view text) { print(fmt::format("\n{}\n", paint(Colour::green, coloured_, text))); }

void Transcript::print(const std::string& text) {
  // Line by line, so that whoever watches sees it happen.
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot write the transcript");
}

}  // namespace parley::tool::demo
