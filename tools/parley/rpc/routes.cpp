// parley routes: what a server answers.
#include "command_loop.hpp"
#include "commands.hpp"
#include "rpc/console.hpp"
#include "rpc/dialled_once.hpp"
#include "rpc/schema_words.hpp"
#include "text.hpp"

#include <parley/codec/json.hpp>
#include <parley/error.hpp>
#include <parley/rpc/client.hpp>
#include <parley/rpc/routes.hpp>

#include <boost/asio/use_awaitable.hpp>
#include <boost/describe/class.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

/// An entry of the list, as it comes.
struct ListedRoute {
  std::optional<std::string> name;
  std::optional<std::string> codec;
  boost::json::value takes;
  boost::json::value gives;
};
BOOST_DESCRIBE_STRUCT(ListedRoute, (), (name, codec, takes, gives))

using Row = std::array<std::string, 4>;

/// A name may be as long as it likes; the column ends here.
constexpr std::size_t column_width_max = 40;

Row row_of(const ListedRoute& route) {
  const auto safe = [](const std::string& text) { return terminal_safe(text, NewLines::escape); };
  return {safe(route.name.value_or("(none)")), safe(route.codec.value_or("-")), safe(schema_words(route.takes)),
          safe(schema_words(route.gives))};
}

std::string table_of(const std::vector<ListedRoute>& routes) {
  std::vector<Row> rows{{"ROUTE", "CODEC", "TAKES", "GIVES"}};
  for (const ListedRoute& route : routes) rows.push_back(row_of(route));
  std::array<std::size_t, 4> widths{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], std::min(row[i].size(), column_width_max));
  std::string table;
  for (const Row& row : rows)
    table +=
        fmt::format("{:<{}}  {:<{}}  {:<{}}  {}\n", row[0], widths[0], row[1], widths[1], row[2], widths[2], row[3]);
  return table;
}

class ListRoutes {
 public:
  explicit ListRoutes(const RoutesOptions& options)
      : options_{options},
        loop_{options},
        console_{loop_.output(), options},
        client_{make_client(loop_.executor(), options)} {}

  ExitCode run() {
    return loop_.run([this] { return run_to_end(); });
  }

 private:
  asio::awaitable<ExitCode> run_to_end() {
    loop_.spawn(work());
    const ExitCode code = co_await loop_.ending().wait();
    static_cast<void>(co_await client_.close(std::chrono::seconds{code == ExitCode::ok ? 1 : 0}));
    co_return code;
  }

  asio::awaitable<void> work() {
    const Dialled dialled = co_await dial_once(client_, options_);
    if (dialled.code != ExitCode::ok) {
      console_.error(dialled.sentence, dialled.code);
      co_return loop_.ending().leave(dialled.code);
    }
    const ExitCode code = co_await list();
    loop_.ending().leave(code);
  }

  asio::awaitable<ExitCode> list() {
    const rpc::RouteName route{rpc::routes_route};
    const Message null{"null"};
    std::optional<Error> failure;
    std::vector<ListedRoute> routes;
    try {
      routes = co_await client_.request<std::vector<ListedRoute>>(route, null);
    } catch (const Error& e) {
      failure = e;
    }
    if (failure) {
      const ExitCode code = exit_code_of_request(failure->code());
      const char* const hint = failure->code() == error::no_such_route ? "; this server does not list its routes" : "";
      console_.error(terminal_safe(failure->what(), NewLines::escape) + hint, code);
      co_return code;
    }
    print(routes);
    co_return ExitCode::ok;
  }

  void print(const std::vector<ListedRoute>& routes) {
    if (!options_.json) return loop_.output().write(table_of(routes));
    for (const ListedRoute& route : routes) {
      JsonLine line{"route"};
      line.add_json("name", json_of(route.name)).add_json("codec", json_of(route.codec));
      console_.Voice::event(line.add_json("takes", json_of(route.takes)).add_json("gives", json_of(route.gives)));
    }
  }

  template <class T>
  static std::string json_of(const T& value) {
    return json_without_controls(Json{}.encode(value).view());
  }

  const RoutesOptions& options_;
  CommandLoop loop_;
  RpcConsole console_;
  rpc::Client client_;
};

}  // namespace

ExitCode run_routes(const RoutesOptions& options) {
  ListRoutes command{options};
  return command.run();
}

}  // namespace parley::tool
