#include "rpc/console.hpp"

#include "printed_message.hpp"
#include "schemes.hpp"
#include "text.hpp"

#include <parley/error.hpp>

#include <boost/asio/error.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace parley::tool {
namespace {

using EventKind = rpc::Event::Kind;

double to_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string six_digits(Duration duration) { return fmt::format("{:.6f}", to_seconds(duration)); }

/// "830 ns", "12.3 us", "1.20 ms", "3.00 s".
std::string length_of(std::chrono::nanoseconds span) {
  const double count = static_cast<double>(span.count());
  if (count < 1e3) return fmt::format("{:.0f} ns", count);
  if (count < 1e6) return fmt::format("{:.1f} us", count / 1e3);
  if (count < 1e9) return fmt::format("{:.2f} ms", count / 1e6);
  return fmt::format("{:.2f} s", count / 1e9);
}

std::string_view name_of_event(EventKind kind) {
  switch (kind) {
    case EventKind::connected: return "connected";
    case EventKind::disconnected: return "disconnected";
    case EventKind::retrying: return "retrying";
    case EventKind::refused: return "refused";
    case EventKind::forgotten: return "forgotten";
    case EventKind::notice_failed: return "notice_failed";
    case EventKind::accept_paused: break;
  }
  return "accept_paused";
}

/// A server has to connect to a broker, and does so again; elsewhere it has to wait for descriptors or memory.
std::string words_for_pause(const rpc::Event& event) {
  if (!uses_broker(*event.endpoint)) return "a client has to wait to be accepted: " + event.sentence;
  return fmt::format("no client can come: {}; trying again in {:.1f} s ({})", event.sentence, to_seconds(event.delay),
                     event.endpoint->to_string());
}

/// Of a server's client.
std::string words_for(const rpc::Event& event) {
  switch (event.kind) {
    case EventKind::connected:
      return fmt::format("client {} is connected ({})", event.client_id, event.endpoint->to_string());
    case EventKind::disconnected: return fmt::format("client {} has gone: {}", event.client_id, event.sentence);
    case EventKind::refused: return "a client was turned away: " + event.sentence;
    case EventKind::accept_paused: return words_for_pause(event);
    default: break;
  }
  return event.sentence;
}

std::string request_of(const rpc::Caller& caller) {
  const std::string what = caller.wants_answer ? "request" : "notification";
  return fmt::format("{}{} of client {}", what, caller.route.empty() ? "" : " " + quote(caller.route),
                     caller.peer->client_id);
}

}  // namespace

ExitCode exit_code_of_request(const boost::system::error_code& code) noexcept {
  const bool was_refused = code == error::no_such_route || code == error::payload_rejected || code == error::overloaded;
  return was_refused ? ExitCode::refused : exit_code_of_talking(code);
}

bool concerns_one_request(const boost::system::error_code& code) noexcept {
  return code == error::handler_failed || code == error::no_such_route || code == error::payload_rejected ||
         code == error::overloaded || code == error::message_too_large;
}

RpcConsole::RpcConsole(Output& output, const RpcOptions& options)
    : Voice{output, options}, notation_{options.notation()}, destination_{destination_of(options)} {}

// --- who asks --------------------------------------------------------------------------------------------------------

void RpcConsole::connected(const Endpoint& endpoint) {
  Voice::event(JsonLine{"connected"}.add("endpoint", endpoint.to_string()));
  if (options().verbose) remark("connected to " + endpoint.to_string());
}

void RpcConsole::answer(const Message& body, Duration taken) {
  if (options().json) {
    JsonLine line{"answer"};
    line.add_json("seconds", six_digits(taken));
    const std::string text = add_body(line, body, notation_).line();
    if (!options().discard) output().write(text);
    return;
  }
  const std::string text = notation_.write(body, destination_);
  if (!options().discard) output().write(text);
}

void RpcConsole::failed(const rpc::RequestError& failure, ExitCode code) {
  if (options().json) {
    JsonLine line{"error"};
    line.add("exit", static_cast<int>(code)).add("message", failure.what());
    if (failure.fault_code()) line.add("code", *failure.fault_code());
    if (!failure.fault_data().empty()) line.add("data", failure.fault_data());
    return Voice::event(line);
  }
  std::string sentence = failure.what();
  if (failure.fault_code()) sentence += fmt::format("; code {}", *failure.fault_code());
  if (!failure.fault_data().empty()) sentence += "; data " + failure.fault_data();
  // It has the other side's words in it, and one line is what they get.
  say_error(terminal_safe(sentence, NewLines::escape));
}

void RpcConsole::summary(const Latencies& latencies, std::uint64_t failed_count, Duration taken) {
  const double seconds = to_seconds(taken);
  const double rate = seconds > 0 ? static_cast<double>(latencies.count()) / seconds : 0;
  const auto median = latencies.quantile(0.5);
  const auto slow = latencies.quantile(0.99);
  JsonLine line{"summary"};
  line.add("answers", latencies.count()).add("failed", failed_count).add_json("seconds", six_digits(taken));
  line.add_json("p50", six_digits(median)).add_json("p99", six_digits(slow));
  Voice::event(line);
  remark(fmt::format("{} answer{} in {:.3f} s: {:.0f}/s; p50 {}, p99 {}{}", latencies.count(),
                     latencies.count() == 1 ? "" : "s", seconds, rate, length_of(median), length_of(slow),
                     failed_count == 0 ? "" : fmt::format("; {} failed", failed_count)),
         Colour::none);
}

void RpcConsole::told(std::uint64_t count) { Voice::event(JsonLine{"notified"}.add("count", count)); }

// --- who answers -----------------------------------------------------------------------------------------------------

void RpcConsole::event(const rpc::Event& happened) {
  if (happened.kind == EventKind::notice_failed) return;  // told when it was served
  JsonLine line{name_of_event(happened.kind)};
  if (!happened.client_id.empty()) line.add("client", happened.client_id);
  if (happened.endpoint) line.add("endpoint", happened.endpoint->to_string());
  if (happened.cause) line.add("cause", happened.cause.message());
  if (!happened.sentence.empty()) line.add("message", happened.sentence);
  Voice::event(line);
  const bool is_warning = happened.kind == EventKind::refused || is_new_pause(happened);
  if (is_warning) return remark("warning: " + words_for(happened));
  if (options().verbose) remark(words_for(happened));
}

/// A broker that is away is dialled again and again; each reason is told once.
bool RpcConsole::is_new_pause(const rpc::Event& happened) {
  if (happened.kind == EventKind::connected) last_pause_.clear();
  if (happened.kind != EventKind::accept_paused) return false;
  return std::exchange(last_pause_, happened.sentence) != happened.sentence;
}

void RpcConsole::served(const rpc::Caller& caller, Duration taken, const std::string& fault,
                        std::optional<int> exit_code) {
  JsonLine line{fault.empty() ? "answered" : "failed"};
  if (!caller.route.empty()) line.add("route", caller.route);
  line.add("client", caller.peer->client_id).add_json("seconds", six_digits(taken));
  if (exit_code) line.add("code", *exit_code);
  if (!fault.empty()) line.add("message", fault);
  Voice::event(line);
  if (!fault.empty()) return remark(fmt::format("warning: {} failed: {}", request_of(caller), fault));
  if (options().verbose)
    remark(fmt::format("{} was answered in {}", request_of(caller),
                       length_of(std::chrono::duration_cast<std::chrono::nanoseconds>(taken))));
}

}  // namespace parley::tool
