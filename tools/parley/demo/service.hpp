// The demo's little protocol, both ends of it, in the default framing.
//
//   {…}           a Question as JSON; answered by an Answer
//   ! …           answered by the same message
//   # N …         an item of a stream, numbered from 0; not answered
//   count         answered by how many items have come; they must have come in order
#pragma once

#include <parley/connection/connection.hpp>
#include <parley/time.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/describe/class.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

namespace parley::tool::demo {

/// Something was answered wrongly, or not at all; what() is a sentence.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Question {
  std::string client;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
};
BOOST_DESCRIBE_STRUCT(Question, (), (client, a, b))

struct Answer {
  std::uint64_t sum = 0;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (sum))

/// A question and its answer, as either end has seen them.
struct Exchange {
  std::string client;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint64_t answer = 0;

  bool operator==(const Exchange&) const = default;
};

struct Rate {
  std::uint64_t count = 0;
  std::chrono::duration<double> span{};

  [[nodiscard]] double per_second() const { return static_cast<double>(count) / span.count(); }
  [[nodiscard]] double microseconds_each() const { return span.count() * 1e6 / static_cast<double>(count); }
};

/// Size of an item of the one-way stream, in bytes.
inline constexpr std::size_t item_size = 64;

/// Serves one client until it ends, and tells of each question answered.
[[nodiscard]] boost::asio::awaitable<void> serve(Connection& peer, std::function<void(const Exchange&)> on_answer);

/// The client's part. Everything throws Failure for a wrong answer and parley::Error for none before the deadline.
class Customer {
 public:
  Customer(Connection connection, std::string name, Deadline deadline);

  /// Asks for the sum of two random numbers, and checks it.
  [[nodiscard]] boost::asio::awaitable<Exchange> ask();
  /// Messages to and fro, one at a time, each compared with what was sent.
  [[nodiscard]] boost::asio::awaitable<Rate> measure_round_trips(std::chrono::milliseconds span);
  /// Numbered messages in one direction; the server counts them and checks their order.
  [[nodiscard]] boost::asio::awaitable<Rate> measure_one_way(std::chrono::milliseconds span);
  [[nodiscard]] boost::asio::awaitable<void> leave();

 private:
  Connection connection_;
  std::string name_;
  Deadline deadline_;
};

}  // namespace parley::tool::demo
