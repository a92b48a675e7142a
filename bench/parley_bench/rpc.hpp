// The scenario rpc, as a user of clients and servers of requests writes it.
#pragma once

#include "bench/common/rpc.hpp"
#include "bench/common/driver_main.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/loop.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/describe.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bench::requests {

using messages::start;
using Body = std::vector<unsigned char>;
namespace asio = boost::asio;
namespace rpc = parley::rpc;

/// `rpc` awaits each request, `rpc-callback` is called back; `rpc-hundred` has a hundred routes, and asks by each in
/// turn; `rpc-json` has a described struct of ten fields for a payload.
enum class Way { plain, callback, hundred, json };

inline std::optional<Way> find_way(const Options& o) {
  const std::string part = o.part("connection");
  if (o.blocking()) return std::nullopt;
  if (part == "rpc") return Way::plain;
  if (part == "rpc-callback") return Way::callback;
  if (part == "rpc-hundred") return Way::hundred;
  if (part == "rpc-json") return Way::json;
  return std::nullopt;
}

/// What is asked and answered with rpc-json; the first two are what RpcRun marks and checks.
struct Record {
  std::uint64_t mark = 0;
  std::uint64_t count = 0;
  std::uint32_t sensor = 4711;
  std::uint16_t room = 12;
  std::string name = "inlet temperature";
  std::string unit = "C";
  double value = 21.5;
  std::int32_t precision = 1;
  bool is_valid = true;
  bool is_alarm = false;
};
BOOST_DESCRIBE_STRUCT(Record, (), (mark, count, sensor, room, name, unit, value, precision, is_valid, is_alarm))

/// A record stands for the body that RpcRun has written, and that it reads.
inline constexpr std::size_t marked_size = 16;
inline Record record_of(const void* body) {
  Record record;
  std::memcpy(&record.mark, body, sizeof record.mark);
  std::memcpy(&record.count, static_cast<const std::byte*>(body) + sizeof record.mark, sizeof record.count);
  return record;
}
inline std::array<std::byte, marked_size> body_of(const Record& record) {
  std::array<std::byte, marked_size> body{};
  std::memcpy(body.data(), &record.mark, sizeof record.mark);
  std::memcpy(body.data() + sizeof record.mark, &record.count, sizeof record.count);
  return body;
}

/// What RpcRun is to see of each request.
inline Options marked(Options o, Way way) {
  if (way == Way::json) o.size = marked_size;
  return o;
}

inline std::vector<std::string> route_names(Way way) {
  if (way != Way::hundred) return {"echo"};
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("service.method" + std::to_string(i));
  return names;
}

class Server {
 public:
  explicit Server(const Options& o, Way way)
      : o_{o}, served_{marked(o, way).size}, server_{io_.get_executor(), routes(way)} {}

  void run_all() {
    start(io_, listen());
    messages::run(io_, o_);
    wait_for_line();
    served_.report();
  }

 private:
  rpc::Routes routes(Way way) {
    rpc::Routes routes;
    if (way == Way::json) {
      routes.on("echo", [this](Record record) {
        const auto body = body_of(record);
        see(body.data(), body.size());
        return record;
      });
      return routes;
    }
    routes.on("flood", [](parley::Message m) { return m; });
    for (std::string& name : route_names(way)) {
      routes.on(std::move(name), [this](parley::Message m) {
        see(m.data(), m.size());
        return m;
      });
    }
    return routes;
  }

  void see(const void* body, std::size_t size) {
    served_.see(body, size);
    if (served_.over()) start(io_, stop());
  }

  asio::awaitable<void> listen() {
    rpc::EndpointOptions options;
    options.transport(messages::transport_options(o_));
    co_await server_.bind(o_.addr.text, options);
    say("READY");
  }

  asio::awaitable<void> stop() { co_await server_.stop(std::chrono::seconds{5}); }

  const Options& o_;
  asio::io_context io_{1};
  RpcServed served_;
  rpc::Server server_;
};

class Client {
 public:
  Client(const Options& o, Way way) : o_{o}, way_{way}, run_{marked(o, way)}, client_{io_.get_executor()} {
    for (const std::string& name : route_names(way)) routes_.emplace_back(name);
    for (std::size_t i = 0; i < o.concurrency; ++i) bodies_.push_back(make_body(marked(o, way).size));
  }

  void run_all() {
    start(io_, ask_all());
    messages::run(io_, o_);
    run_.report();
  }

 private:
  asio::awaitable<void> ask_all() {
    rpc::EndpointOptions options;
    options.transport(messages::transport_options(o_));
    co_await client_.connect(o_.addr.text, options);
    while (const std::size_t slots = run_.next_phase()) {
      asking_ = slots;
      for (std::size_t slot = 0; slot < slots; ++slot) {
        if (way_ == Way::callback) {
          ask(slot);
        } else {
          start(io_, way_ == Way::json ? ask_records(slot) : ask_each(slot));
        }
      }
      asio::steady_timer all_over{io_, asio::steady_timer::time_point::max()};
      all_over_ = &all_over;
      boost::system::error_code cancelled;
      co_await all_over.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    client_.disconnect();
  }

  asio::awaitable<void> ask_each(std::size_t slot) {
    Body& body = bodies_[slot];
    std::size_t asked = slot;
    while (run_.next(slot, body.data())) {
      const parley::Message request{std::as_bytes(std::span{body})};
      const parley::Message reply =
          co_await client_.request<parley::Message>(routes_[asked++ % routes_.size()], request);
      run_.replied(slot, reply.data(), reply.size());
    }
    end_slot();
  }

  asio::awaitable<void> ask_records(std::size_t slot) {
    Body& body = bodies_[slot];
    while (run_.next(slot, body.data())) {
      const Record request = record_of(body.data());
      const Record reply = co_await client_.request<Record>(routes_[0], request);
      const auto answered = body_of(reply);
      run_.replied(slot, answered.data(), answered.size());
    }
    end_slot();
  }

  void ask(std::size_t slot) {
    Body& body = bodies_[slot];
    if (!run_.next(slot, body.data())) return end_slot();
    const parley::Message request{std::as_bytes(std::span{body})};
    client_.request<parley::Message>(routes_[0], request, rpc::RequestOptions{},
                                     [this, slot](boost::system::error_code ec, parley::Message reply) {
                                       if (ec) throw std::runtime_error{client_.last_error()};
                                       run_.replied(slot, reply.data(), reply.size());
                                       ask(slot);
                                     });
  }

  void end_slot() {
    if (--asking_ == 0) all_over_->cancel();
  }

  const Options& o_;
  const Way way_;
  asio::io_context io_{1};
  RpcRun run_;
  rpc::Client client_;
  std::vector<rpc::RouteName> routes_;
  std::vector<Body> bodies_;
  std::size_t asking_ = 0;
  asio::steady_timer* all_over_ = nullptr;
};

/// Asks the server as much as it can, while another client is measured; says READY when that has begun, and ends when
/// it is killed.
class Flood {
 public:
  static constexpr std::size_t in_flight = 4096;

  explicit Flood(const Options& o) : o_{o}, client_{io_.get_executor()} {}

  void run_all() {
    start(io_, ask_all());
    io_.run();
  }

 private:
  asio::awaitable<void> ask_all() {
    rpc::EndpointOptions options;
    options.transport(messages::transport_options(o_));
    co_await client_.connect(o_.addr.text, options);
    for (std::size_t i = 0; i < in_flight; ++i) ask();
  }

  void ask() {
    client_.request<parley::Message>(route_, body_, rpc::RequestOptions{},
                                     [this](boost::system::error_code ec, const parley::Message&) {
                                       if (ec) throw std::runtime_error{client_.last_error()};
                                       if (++answered_ == in_flight) say("READY");
                                       ask();
                                     });
  }

  const Options& o_;
  asio::io_context io_{1};
  rpc::Client client_;
  const rpc::RouteName route_{"flood"};
  const parley::Message body_{std::string(64, 'x')};
  std::size_t answered_ = 0;
};

inline void run(const Options& o, Way way) {
  if (o.scenario == "flood" && o.role == Role::client && way == Way::plain) return Flood{o}.run_all();
  if (o.scenario != "rpc" || o.role == Role::both) not_offered(o);
  if (o.role == Role::server) {
    Server{o, way}.run_all();
  } else {
    Client{o, way}.run_all();
  }
}

}  // namespace bench::requests
