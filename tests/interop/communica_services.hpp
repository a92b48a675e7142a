// What both sides answer that meet over communica: tests/interop/python/communica_peer.py has the list. It is written
// once, with routes; where there are none, the one handler looks into the value for what is asked of it.
#pragma once

#include <parley/parley.hpp>

#include "support/run_context.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/crc.hpp>
#include <boost/describe.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace parley::interop::communica {

namespace asio = boost::asio;
namespace json = boost::json;

/// Of both sides: one handler, or one for each route.
enum class Kind { simple, route };

inline std::string to_string(Kind kind) { return kind == Kind::simple ? "simple" : "route"; }

// --- values ----------------------------------------------------------------------------------------------------------

struct Operation {
  std::string op;
  json::value v;
};
BOOST_DESCRIBE_STRUCT(Operation, (), (op, v))

using Summands = std::variant<std::vector<std::int64_t>, std::map<std::string, std::int64_t>>;

struct Trouble {
  std::string message;
  std::optional<std::int64_t> code;
};
BOOST_DESCRIBE_STRUCT(Trouble, (), (message, code))

struct Delayed {
  double seconds;
  json::value v;
};
BOOST_DESCRIBE_STRUCT(Delayed, (), (seconds, v))

struct Held {
  std::string key;
  json::value v;
};
BOOST_DESCRIBE_STRUCT(Held, (), (key, v))

struct Gathered {
  std::size_t count;
  json::value v;
};
BOOST_DESCRIBE_STRUCT(Gathered, (), (count, v))

struct Wanted {
  std::string prefix;
  std::size_t count;
};
BOOST_DESCRIBE_STRUCT(Wanted, (), (prefix, count))

struct Measure {
  std::size_t size;
  std::uint32_t crc32;
  std::size_t chunks;
  bool operator==(const Measure&) const = default;
};
BOOST_DESCRIBE_STRUCT(Measure, (), (size, crc32, chunks))

struct Large {
  std::size_t size;
  std::optional<std::size_t> chunk;
};
BOOST_DESCRIBE_STRUCT(Large, (), (size, chunk))

struct Who {
  std::string client_id;
  std::size_t connections;
  bool operator==(const Who&) const = default;
};
BOOST_DESCRIBE_STRUCT(Who, (), (client_id, connections))

inline std::string large_text(std::size_t size) {
  std::string text;
  for (text.reserve(size + 16); text.size() < size;) text += "0123456789abcdef";
  text.resize(size);
  return text;
}

inline Measure measured(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return {text.size(), crc.checksum(), 0};
}

// --- asking ----------------------------------------------------------------------------------------------------------

/// Asks in the manner of its kind.
class Asker {
 public:
  Asker(rpc::Requester requester, Kind kind) : requester_{std::move(requester)}, kind_{kind} {}

  template <class T, class V>
  [[nodiscard]] asio::awaitable<T> request(const std::string& op, const V& value,
                                           const rpc::RequestOptions& options = {}) const {
    return requester_.request<T>(name(op), payload(op, value), options);
  }
  /// Calls `done(error_code, T)`.
  template <class T, class V, class Done>
  void request_then(const std::string& op, const V& value, const rpc::RequestOptions& options, Done done) const {
    requester_.request<T>(name(op), payload(op, value), options, std::move(done));
  }
  template <class V>
  boost::system::error_code notify(const std::string& op, const V& value) const {
    return requester_.try_notify(name(op), payload(op, value));
  }

  [[nodiscard]] rpc::RouteName name(const std::string& op) const {
    return kind_ == Kind::simple ? rpc::RouteName{rpc::unnamed} : rpc::RouteName{op};
  }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }

 private:
  /// With the blanks that the original has.
  template <class V>
  [[nodiscard]] Message payload(const std::string& op, const V& value) const {
    const Message encoded = Json{}.encode(value);
    if (kind_ == Kind::route) return encoded;
    return Message{R"({"op": ")" + op + R"(", "v": )" + encoded.text() + "}"};
  }

  rpc::Requester requester_;
  Kind kind_;
};

/// Waited at until it is opened, by any number.
class Gate {
 public:
  explicit Gate(const asio::any_io_executor& executor) : timer_{executor, support::hang_bound} {}

  asio::awaitable<void> wait() { co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable)); }
  void open() { timer_.expires_after({}); }

 private:
  asio::steady_timer timer_;
};

// --- answering -------------------------------------------------------------------------------------------------------

/// Lives as long as what it serves.
class Services {
 public:
  Services(asio::any_io_executor executor, Kind kind) : executor_{std::move(executor)}, kind_{kind}, noted_{executor_} {
    noted_.expires_at(asio::steady_timer::time_point::max());
  }

  /// How a "drop" ends the connection with this client, whatever manner it wants.
  std::function<void(const std::string& client_id)> on_drop = [](const std::string&) {};
  std::map<std::string, std::size_t> connection_counts;  ///< of clients

  [[nodiscard]] rpc::Routes routes() { return kind_ == Kind::route ? named() : simple(named()); }
  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }

  asio::awaitable<std::vector<std::string>> notes_with(Wanted wanted) {
    for (;;) {
      std::vector<std::string> found;
      for (const std::string& each : notes_) {
        if (each.starts_with(wanted.prefix)) found.push_back(each);
      }
      if (found.size() >= wanted.count) co_return found;
      co_await noted_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }

 private:
  [[nodiscard]] rpc::Routes named() {
    rpc::Routes routes;
    add_values(routes);
    add_failures(routes);
    add_waits(routes);
    add_askers(routes);
    return routes;
  }

  static rpc::Routes simple(rpc::Routes named) {
    rpc::Routes routes;
    routes.on_any([all = std::make_shared<const rpc::Routes>(std::move(named))](
                      Operation asked, rpc::Caller caller) -> asio::awaitable<Message> {
      const rpc::Route* const route = all->find(asked.op);
      if (route == nullptr) throw rpc::RequesterFault{"Route \"" + asked.op + "\" is not defined"};
      Message value = Json{}.encode(asked.v);
      if (route->now) co_return route->now(value, caller);
      auto answer = route->later(std::move(value), std::move(caller));
      co_return co_await std::move(answer);
    });
    return routes;
  }

  void add_values(rpc::Routes& routes) {
    routes.on("echo", [](Message value) { return value; });
    routes.on("sum", [](const Summands& summands) {
      std::int64_t sum = 0;
      if (const auto* const list = std::get_if<0>(&summands)) {
        for (const std::int64_t each : *list) sum += each;
      } else {
        for (const auto& [name, each] : std::get<1>(summands)) sum += each;
      }
      return sum;
    });
    routes.on("measure", [](const std::string& text) { return measured(text); });
    routes.on("large", [](Large wanted) { return large_text(wanted.size); });
    routes.on("who", [this](const rpc::Caller& caller) {
      return Who{caller.peer->client_id, connection_counts[caller.peer->client_id]};
    });
  }

  static void add_failures(rpc::Routes& routes) {
    routes.on("fail", [](const Trouble& trouble) { throw rpc::RequesterFault{trouble.message, trouble.code}; });
    routes.on("break", [](const Trouble& trouble) { throw rpc::ResponderFault{trouble.message, trouble.code}; });
    routes.on("raise", [](const std::string& what) { throw std::runtime_error{what}; });
  }

  void add_waits(rpc::Routes& routes) {
    routes.on("slow", [this](Delayed delayed) -> asio::awaitable<json::value> {
      asio::steady_timer timer{executor_};
      timer.expires_after(std::chrono::duration_cast<Duration>(std::chrono::duration<double>{delayed.seconds}));
      co_await timer.async_wait(asio::use_awaitable);
      co_return delayed.v;
    });
    routes.on("hold", [this](Held held) -> asio::awaitable<json::value> {
      co_await gate(held.key).wait();
      co_return held.v;
    });
    routes.on("release", [this](const std::string& key) { gate(key).open(); });
    routes.on("gather", [this](Gathered gathered) -> asio::awaitable<json::value> {
      const auto here = gathered_.emplace_back(std::make_shared<Gate>(executor_));
      if (gathered_.size() == gathered.count) {
        // When this one waits as well: who never had to wait would be later than they.
        asio::post(executor_, [all = std::exchange(gathered_, {})]() mutable {
          for (; !all.empty(); all.pop_back()) all.back()->open();
        });
      }
      co_await here->wait();
      co_return gathered.v;
    });
    routes.on("note", [this](std::string text) {
      notes_.push_back(std::move(text));
      noted_.cancel();
    });
    routes.on("notes", [this](Wanted wanted) { return notes_with(std::move(wanted)); });
  }

  void add_askers(rpc::Routes& routes) {
    routes.on("call_back", [this](Operation asked, rpc::Caller caller) -> asio::awaitable<json::value> {
      const Asker back{caller.back, kind_};
      try {
        json::object outcome;
        outcome["ok"] = co_await back.request<json::value>(asked.op, asked.v);
        co_return outcome;
      } catch (const rpc::RequestError& failed) {
        json::object outcome{{"error", type_of(failed)}, {"message", failed.fault_message()}};
        outcome["code"] = failed.fault_code() ? json::value(*failed.fault_code()) : json::value();
        co_return outcome;
      }
    });
    routes.on("throw_back", [this](const Operation& asked, const rpc::Caller& caller) {
      if (const auto ec = Asker{caller.back, kind_}.notify(asked.op, asked.v)) throw boost::system::system_error{ec};
    });
    routes.on("drop", [this](const std::string&, const rpc::Caller& caller) { on_drop(caller.peer->client_id); });
  }

  /// As it was on the wire.
  static int type_of(const rpc::RequestError& failed) {
    if (failed.code() == error::payload_rejected) return 42;
    switch (failed.of()) {
      case rpc::FaultOf::requester: return 41;
      case rpc::FaultOf::responder: return 51;
      case rpc::FaultOf::unknown: break;
    }
    return 30;
  }

  Gate& gate(const std::string& key) { return gates_.try_emplace(key, executor_).first->second; }

  asio::any_io_executor executor_;
  Kind kind_;
  std::map<std::string, Gate> gates_;
  std::vector<std::shared_ptr<Gate>> gathered_;
  std::vector<std::string> notes_;
  asio::steady_timer noted_;
};

}  // namespace parley::interop::communica
