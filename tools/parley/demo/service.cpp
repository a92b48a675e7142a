#include "service.hpp"

#include "words.hpp"

#include <parley/codec/json.hpp>
#include <parley/message.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace parley::tool::demo {

namespace asio = boost::asio;

namespace {

using SteadyClock = std::chrono::steady_clock;

/// Looking at the clock for every message would cost as much as the message.
constexpr std::uint64_t messages_per_look = 64;

std::uint64_t random_number() {
  std::random_device source;
  return std::uniform_int_distribution<std::uint64_t>{1000, 99'999}(source);
}

/// "# 17", filled up to the size of an item.
Message make_item(std::uint64_t number) {
  char text[item_size];
  text[0] = '#';
  text[1] = ' ';
  char* end = std::to_chars(text + 2, text + item_size, number).ptr;
  std::fill(end, text + item_size, '.');
  return Message{std::string_view{text, item_size}};
}

std::uint64_t item_number(std::string_view item) {
  std::uint64_t number = 0;
  std::from_chars(item.data() + 2, item.data() + item.size(), number);
  return number;
}

/// What the server knows of one client.
class Session {
 public:
  explicit Session(const std::function<void(const Exchange&)>& on_answer) : on_answer_{on_answer} {}

  /// The answer to a message, if it has one.
  std::optional<Message> answer(const Message& request) {
    const std::string_view text = request.view();
    if (text.starts_with("# ")) return take_item(text), std::nullopt;
    if (text.starts_with("! ")) return request;
    if (text == "count") return Message{std::to_string(item_count_)};
    return Json{}.encode(answer_question(Json{}.decode<Question>(request)));
  }

 private:
  Answer answer_question(const Question& question) {
    const Answer answer{question.a + question.b};
    on_answer_({question.client, question.a, question.b, answer.sum});
    return answer;
  }

  void take_item(std::string_view item) {
    if (item.size() != item_size || item_number(item) != item_count_)
      throw Failure(fmt::format("item {} came where {} was due", item_number(item), item_count_));
    ++item_count_;
  }

  const std::function<void(const Exchange&)>& on_answer_;
  std::uint64_t item_count_ = 0;
};

}  // namespace

asio::awaitable<void> serve(Connection& peer, std::function<void(const Exchange&)> on_answer) {
  Session session{on_answer};
  while (std::optional<Message> request = co_await peer.next()) {
    std::optional<Message> answer = session.answer(*request);
    if (answer) co_await peer.send(std::move(*answer));
  }
}

Customer::Customer(Connection connection, std::string name, Deadline deadline)
    : connection_{std::move(connection)}, name_{std::move(name)}, deadline_{deadline} {}

asio::awaitable<Exchange> Customer::ask() {
  const Question question{name_, random_number(), random_number()};
  co_await connection_.send(Json{}.encode(question), deadline_);
  const Message answer = co_await connection_.receive(deadline_);
  const Exchange exchange{name_, question.a, question.b, Json{}.decode<Answer>(answer).sum};
  if (exchange.answer != exchange.a + exchange.b)
    throw Failure(fmt::format("{} + {} was answered by {}", exchange.a, exchange.b, exchange.answer));
  co_return exchange;
}

asio::awaitable<Rate> Customer::measure_round_trips(std::chrono::milliseconds span) {
  const std::uint64_t secret = random_number();
  const auto begin = SteadyClock::now();
  std::uint64_t count = 0;
  while (SteadyClock::now() - begin < span) {
    const Message sent{fmt::format("! {}", secret + count)};
    co_await connection_.send(sent, deadline_);
    const Message back = co_await connection_.receive(deadline_);
    if (back != sent) throw Failure(fmt::format("round trip {} brought another message back", count));
    ++count;
  }
  co_return Rate{count, SteadyClock::now() - begin};
}

asio::awaitable<Rate> Customer::measure_one_way(std::chrono::milliseconds span) {
  const auto begin = SteadyClock::now();
  std::uint64_t count = 0;
  while (SteadyClock::now() - begin < span)
    for (const std::uint64_t end = count + messages_per_look; count < end; ++count)
      co_await connection_.send(make_item(count), deadline_);
  co_await connection_.send("count", deadline_);
  const Message counted = co_await connection_.receive(deadline_);
  if (to_number(counted.text()) != count)
    throw Failure(fmt::format("{} messages were sent, and {} have come", count, counted.text()));
  co_return Rate{count, SteadyClock::now() - begin};
}

asio::awaitable<void> Customer::leave() {
  const CloseReport report = co_await connection_.close(deadline_);
  if (!report.all_arrived()) throw Failure("not everything had arrived when " + name_ + " left");
}

}  // namespace parley::tool::demo
