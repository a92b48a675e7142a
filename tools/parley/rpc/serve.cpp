// parley serve: commands that answer requests.
#include "command_loop.hpp"
#include "commands.hpp"
#include "rpc/command_runs.hpp"
#include "rpc/console.hpp"
#include "schemes.hpp"
#include "text.hpp"
#include "transport.hpp"

#include <parley/error.hpp>
#include <parley/rpc/server.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

/// What a command reads from its standard input.
struct CommandInput {
  std::string text;
};

/// The notation as a codec: payloads become what a command reads.
struct NotationCodec {
  std::string_view name;  // a codec's is the same for all its values; this one is one of several
  Notation notation;

  /// Throws parley::Error for what is no payload of the codec.
  template <class T>
  [[nodiscard]] T decode(const Message& payload) const {
    return {notation.write(payload, Destination::file)};
  }
};

std::string_view name_of(const Notation& notation) {
  if (!notation.codec) return "bytes";
  switch (*notation.codec) {
    case BodyCodec::json: return Json::name;
    case BodyCodec::message_pack: return "MessagePack";
    case BodyCodec::python_pickle: return "Python pickle";
    case BodyCodec::text: return "text";
    case BodyCodec::bytes: break;
  }
  return "bytes";
}

/// A command that prints nothing has answered nothing, for which each format has its word.
std::string answer_in(const Notation& notation, const std::string& output) {
  const bool has_null = notation.codec && *notation.codec != BodyCodec::text && *notation.codec != BodyCodec::bytes;
  const bool is_empty = output.find_first_not_of(" \t\r\n") == std::string::npos;
  if (notation.codec && is_empty) return notation.read(has_null ? "null" : R"("")");
  return notation.read_output(output);
}

/// Most clients ask once, and do not come back.
constexpr std::chrono::seconds client_absence_max{10};

class Serve {
 public:
  explicit Serve(const ServeOptions& options)
      : options_{options},
        notation_{options.notation()},
        loop_{options, {.is_busy = {}, .before_dying = [this] { runs_->kill_all("was killed by a signal"); }}},
        console_{loop_.output(), options},
        runs_{std::make_shared<CommandRuns>(loop_.executor(), options.commands_max)},
        server_{loop_.executor(), routes(), server_options()} {}
  Serve(const Serve&) = delete;
  Serve& operator=(const Serve&) = delete;
  ~Serve() { runs_->abandon(); }

  ExitCode run() {
    return loop_.run([this] { return serve(); });
  }

 private:
  asio::awaitable<ExitCode> serve() {
    const ExitCode bound = co_await bind();
    if (bound != ExitCode::ok) co_return bound;
    loop_.spawn(tell_events());
    const ExitCode code = co_await loop_.ending().wait();
    const rpc::CloseReport report = co_await server_.stop(Deadline{drain_max});
    if (report.handlers_cancelled > 0) {
      console_.error(fmt::format("{} request{} left unanswered, whose command had not ended", report.handlers_cancelled,
                                 report.handlers_cancelled == 1 ? " is" : "s are"),
                     ExitCode::failure);
      loop_.note_failure();
    }
    runs_->kill_all("was killed, as parley leaves");
    co_await runs_->all_ended();
    co_return code;
  }

  asio::awaitable<ExitCode> bind() {
    ExitCode code = ExitCode::ok;
    std::string failure;
    std::optional<Endpoint> at;
    try {
      rpc::EndpointOptions how;
      how.transport(transport());
      at = co_await server_.bind(options_.endpoint, how);
    } catch (const Error& e) {
      code = uses_broker(options_.endpoint) ? exit_code_of_dialling(e.code()) : ExitCode::failure;
      failure = e.what();
    } catch (const std::invalid_argument& e) {
      code = ExitCode::usage;  // a broker's endpoint without an address
      failure = e.what();
    }
    if (code != ExitCode::ok) console_.error(failure, code);
    if (at) console_.listening(*at);
    co_return code;
  }

  TransportOptions transport() const {
    return uses_broker(options_.endpoint) ? connecting_transport(options_.endpoint, options_.tls, WsOptions{})
                                          : listening_transport(options_.endpoint, options_.tls, WsOptions{});
  }

  asio::awaitable<void> tell_events() {
    for (;;) {
      const auto [ec, event] = co_await server_.next_event(Deadline::never(), asio::as_tuple(asio::use_awaitable));
      if (ec) co_return;
      console_.event(event);
      co_await loop_.output().room();
    }
  }

  // --- requests ------------------------------------------------------------------------------------------------------

  rpc::ServerOptions server_options() const {
    rpc::ServerOptions how;
    how.payload_size_max = options_.size_max;
    // Further ones would only wait for a place among the commands.
    how.handlers_max = options_.commands_max;
    how.absence_max = client_absence_max;
    how.lists_routes = true;
    return how;
  }

  rpc::Routes routes() {
    rpc::Routes routes;
    const NotationCodec codec{name_of(notation_), notation_};
    for (const ServeOptions::Service& service : options_.services) {
      const auto handler = [this, &service](CommandInput input, rpc::Caller caller) -> asio::awaitable<Message> {
        return answer(service, std::move(input.text), std::move(caller));
      };
      if (service.route) {
        routes.on(*service.route, handler, codec);
      } else {
        routes.on_any(handler, codec);
      }
    }
    return routes;
  }

  asio::awaitable<Message> answer(const ServeOptions::Service& service, std::string input, rpc::Caller caller) {
    const TimePoint begin = Clock::now();
    ShellCommand command{service.command, notation_.text_size_max(options_.size_max), options_.command_time_max(),
                         true};
    const CommandResult result = co_await runs_->run(std::move(command), std::move(input));
    std::string fault = fault_of(result);
    std::optional<std::string> body;
    if (fault.empty()) {
      try {
        body = answer_in(notation_, result.output);
      } catch (const BadBody& e) {
        fault = fmt::format("the command printed no answer: {}", e.what());
      }
    }
    console_.served(caller, Clock::now() - begin, fault, result.exit_code);
    co_await loop_.output().room();
    if (!body) throw rpc::ResponderFault{fault, result.failure.empty() ? std::nullopt : code_of(result)};
    co_return Message{std::move(*body)};
  }

  /// The command's own words, if it had any.
  static std::string fault_of(const CommandResult& result) {
    if (result.failure.empty()) return {};
    if (result.exit_code && !result.complaint.empty()) return terminal_safe(result.complaint, NewLines::escape);
    return "the command " + result.failure;
  }
  static std::optional<std::int64_t> code_of(const CommandResult& result) {
    return result.exit_code ? std::optional<std::int64_t>{*result.exit_code} : std::nullopt;
  }

  const ServeOptions& options_;
  const Notation notation_;
  CommandLoop loop_;
  RpcConsole console_;
  std::shared_ptr<CommandRuns> runs_;
  rpc::Server server_;
};

}  // namespace

ExitCode run_serve(const ServeOptions& options) {
  Serve command{options};
  return command.run();
}

}  // namespace parley::tool
