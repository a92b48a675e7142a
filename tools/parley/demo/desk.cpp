// The processes of the chapter on requests. What they tell the narrator is text:
//
//   who answers: listening ENDPOINT · answered NAME A B SUM · met NAME · failed SENTENCE
//   who asks:    ready · asked NAME A B SUM · refused CODE · measured COUNT SECONDS AT_ONCE COUNT SECONDS
//                failed SENTENCE
//
// and what it tells them: ask · divide · introduce · measure · leave
#include "channel.hpp"
#include "demo.hpp"
#include "play.hpp"
#include "service.hpp"

#include <parley/rpc/client.hpp>
#include <parley/rpc/server.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/describe/class.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

using namespace demo;

/// Requests that wait for their answers at a time, in the second measurement.
constexpr std::uint64_t askers = 64;
constexpr std::chrono::milliseconds asking_span{300};
/// For saying goodbye.
constexpr std::chrono::seconds goodbye_time_max{1};
/// What it is to divide by 0.
constexpr std::int64_t division_fault = 422;

struct Division {
  std::int64_t a = 0;
  std::int64_t b = 0;
};
BOOST_DESCRIBE_STRUCT(Division, (), (a, b))

// --- who answers -----------------------------------------------------------------------------------------------------

rpc::Routes desk_routes(Connection& narrator) {
  rpc::Routes routes;
  routes.on("sum", [&narrator](const Question& question) {
    const Answer answer{question.a + question.b};
    narrator.post(fmt::format("answered {} {} {} {}", question.client, question.a, question.b, answer.sum));
    return answer;
  });
  routes.on("divide", [](Division division) {
    if (division.b == 0) throw rpc::RequesterFault{"nothing can be divided by 0", division_fault};
    return division.a / division.b;
  });
  routes.on("introduce", [&narrator](rpc::Caller caller) -> asio::awaitable<void> {
    const std::string what = "your name";
    const std::string name = co_await caller.back.request<std::string>("tell", what);
    narrator.post("met " + name);
  });
  routes.on("next", [](std::uint64_t number) { return number + 1; });
  return routes;
}

asio::awaitable<void> be_desk(Connection& narrator, Endpoint endpoint) {
  rpc::Routes routes = desk_routes(narrator);
  rpc::Server server{co_await asio::this_coro::executor, std::move(routes)};
  const Endpoint at = co_await server.bind(std::move(endpoint));
  co_await narrator.send("listening " + at.serialize());
  co_await narrator.receive(patience);  // "leave"
  co_await server.stop(goodbye_time_max);
}

// --- who asks --------------------------------------------------------------------------------------------------------

class Asker {
 public:
  Asker(Connection& narrator, rpc::Client& client, std::string name)
      : narrator_{narrator}, client_{client}, name_{std::move(name)} {}

  asio::awaitable<void> obey() {
    for (;;) {
      const Message order = co_await narrator_.receive(patience);
      if (order.view() == "leave") co_return;
      if (order.view() == "ask") co_await ask();
      if (order.view() == "divide") co_await divide();
      if (order.view() == "introduce") co_await client_.request<void>("introduce", name_);
      if (order.view() == "measure") co_await measure();
    }
  }

 private:
  asio::awaitable<void> ask() {
    std::random_device source;
    std::uniform_int_distribution<std::uint64_t> number{1000, 99'999};
    const Question question{name_, number(source), number(source)};
    const Answer answer = co_await client_.request<Answer>("sum", question);
    if (answer.sum != question.a + question.b)
      throw Failure(fmt::format("{} + {} was answered by {}", question.a, question.b, answer.sum));
    co_await narrator_.send(fmt::format("asked {} {} {} {}", name_, question.a, question.b, answer.sum));
  }

  asio::awaitable<void> divide() {
    const Division division{1, 0};
    std::int64_t code = 0;
    try {
      co_await client_.request<std::int64_t>("divide", division);
    } catch (const rpc::RequestError& failed) {
      if (failed.of() == rpc::FaultOf::requester) code = failed.fault_code().value_or(0);
    }
    if (code != division_fault) throw Failure("1 / 0 was not refused");
    co_await narrator_.send(fmt::format("refused {}", code));
  }

  asio::awaitable<void> measure() {
    const Rate in_turn = co_await ask_for(1);
    const Rate together = co_await ask_for(askers);
    co_await narrator_.send(fmt::format("measured {} {} {} {} {}", in_turn.count, in_turn.span.count(), askers,
                                        together.count, together.span.count()));
  }

  /// So many ask at a time, each as fast as it is answered.
  asio::awaitable<Rate> ask_for(std::uint64_t at_once) {
    const auto executor = co_await asio::this_coro::executor;
    all_done_ = std::make_unique<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
    const auto begin = std::chrono::steady_clock::now();
    count_ = 0;
    asking_ = at_once;
    for (std::uint64_t i = 0; i < at_once; ++i)
      asio::co_spawn(executor, ask_until(begin + asking_span), [this](const std::exception_ptr& failure) {
        if (failure) failure_ = failure;
        if (--asking_ == 0) all_done_->cancel();
      });
    while (asking_ > 0) co_await all_done_->async_wait(asio::as_tuple(asio::use_awaitable));
    if (failure_) std::rethrow_exception(failure_);
    co_return Rate{count_, std::chrono::steady_clock::now() - begin};
  }

  asio::awaitable<void> ask_until(std::chrono::steady_clock::time_point end) {
    const rpc::RouteName route{"next"};
    while (std::chrono::steady_clock::now() < end) {
      const std::uint64_t number = ++number_;
      const auto answer = co_await client_.request<std::uint64_t>(route, number);
      if (answer != number + 1) throw Failure(fmt::format("behind {} came {}", number, answer));
      ++count_;
    }
  }

  Connection& narrator_;
  rpc::Client& client_;
  std::string name_;
  std::unique_ptr<asio::steady_timer> all_done_;  // never expires
  std::uint64_t number_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t asking_ = 0;
  std::exception_ptr failure_;
};

asio::awaitable<void> be_asker(Connection& narrator, Endpoint endpoint, std::string name) {
  rpc::Routes routes;
  routes.on("tell", [name](const std::string& what) {
    if (what != "your name") throw rpc::RequesterFault{"only a name is told here"};
    return name;
  });
  rpc::Client client{co_await asio::this_coro::executor, std::move(routes)};
  co_await client.connect(std::move(endpoint), patience);
  co_await narrator.send("ready");
  Asker asker{narrator, client, name};
  co_await asker.obey();
  co_await client.close(goodbye_time_max);
}

}  // namespace

ExitCode run_demo_desk(const Endpoint& endpoint) {
  return play([&](Connection& narrator) { return be_desk(narrator, endpoint); });
}

ExitCode run_demo_asker(const Endpoint& endpoint, const std::string& name) {
  return play([&](Connection& narrator) { return be_asker(narrator, endpoint, name); });
}

}  // namespace parley::tool
