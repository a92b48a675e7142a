// 7. Callbacks and futures: the same operations without coroutines.
//
// What to see: every operation takes an Asio completion token as its last argument. With one it reports an error_code
// instead of throwing, it never completes inside the call, and last_error() has the sentence.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

/// A server of callbacks: each one starts the next operation, and holds the object.
class Echo : public std::enable_shared_from_this<Echo> {
 public:
  explicit Echo(parley::Connection peer) : peer_{std::move(peer)} {}

  void receive() {
    peer_.receive([self = shared_from_this()](error_code ec, parley::Message message) {
      if (!ec) self->reply(message);
    });
  }

 private:
  void reply(const parley::Message& message) {
    peer_.send("re: " + message.text(), [self = shared_from_this()](error_code ec) {
      if (!ec) self->receive();
    });
  }

  parley::Connection peer_;
};

/// Runs an event loop beside main().
class Background {
 public:
  ~Background() {
    work_.reset();
    thread_.join();
  }
  asio::io_context& context() { return context_; }

 private:
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::thread thread_{[this] { context_.run(); }};
};

int main() {
  Background background;
  asio::io_context& context = background.context();

  parley::Listener listener{context, "tcp://127.0.0.1:0"};
  listener.accept([](error_code ec, parley::Connection peer) {
    if (!ec) std::make_shared<Echo>(std::move(peer))->receive();
  });

  // With futures main() just waits; get() throws boost::system::system_error.
  parley::Connection connection =
      parley::connect(context.get_executor(), listener.local_endpoint(), parley::ConnectOptions{}, asio::use_future)
          .get();
  std::future<parley::Message> answer = connection.receive(10s, asio::use_future);  // asked for before the question
  connection.send("question", asio::use_future).get();
  check(answer.get() == "re: question", "the answer");

  std::future<parley::Message> silence = connection.receive(10ms, asio::use_future);
  try {
    silence.get();
    check(false, "nothing was to come");
  } catch (const boost::system::system_error& e) {
    check(e.code() == parley::error::timed_out, "the deadline passed");
    std::cout << connection.last_error() << '\n';
  }
  check(connection.close(5s, asio::use_future).get().all_arrived(), "closed in order");
}
