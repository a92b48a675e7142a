#include "talk.hpp"

#include "bodies.hpp"
#include "exit_code.hpp"
#include "text.hpp"

#include <parley/error.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

std::string what_did_not_arrive(const CloseReport& report, std::uint64_t unqueued_count) {
  if (report.unsent_count > 0 || report.unsent_size > 0)
    return fmt::format("{} ({} bytes with framing) could not be delivered{}", count_of_messages(report.unsent_count),
                       report.unsent_size,
                       unqueued_count > 0 ? fmt::format(", nor {} that waited for room", unqueued_count) : "");
  if (unqueued_count > 0) return count_of_messages(unqueued_count) + " that waited for room could not be delivered";
  return fmt::format("{} bytes were sent, but may not have arrived", report.unconfirmed_size);
}

std::string name_of_command(const Peer& peer) {
  return peer.kind.empty() ? "the command" : "the command for " + peer.kind;
}

InputCut input_cut(const TalkOptions& options) {
  const Notation notation = options.notation();
  const bool raw = !notation.codec && notation.format == BodyFormat::raw;
  if (raw) return options.carries_chunks() ? InputCut::chunks : InputCut::whole;
  // One value may take many lines, as one text does. In the other formats a line is all there can be.
  const bool takes_lines = notation.is_literal() || notation.codec;
  return options.carries_one_message() && takes_lines ? InputCut::whole : InputCut::lines;
}

}  // namespace

Talk::Talk(const TalkOptions& options)
    : options_{options},
      loop_{options, hooks()},
      console_{loop_.output(), options_},
      answers_{executor(), options_.commands_max},
      answers_given_{executor()} {}

/// Commands are not of our process group: they die with the tool only if they are told to.
CommandHooks Talk::hooks() {
  if (!options_.runs_commands()) return {};
  return {.is_busy = [this] { return answers_.due_count() > 0; },
          .before_dying = [this] { answers_.kill_all("was killed by a signal to parley"); }};
}

ConnectionOptions Talk::connection_options() const {
  ConnectionOptions options;
  options.framing = options_.framing;
  options.message_size_max = options_.size_max;
  return options;
}

WsOptions Talk::ws_options() const {
  WsOptions ws;
  ws.messages(options_.one_each ? WsMessages::one_each : WsMessages::pieces).message_size_max(options_.size_max);
  return ws;
}

std::unique_ptr<Input> Talk::open_input() {
  InputOptions options;
  options.notation = options_.notation();
  options.cut = input_cut(options_);
  options.body_size_max = options_.size_max;
  return std::make_unique<Input>(executor(), options_.file.value_or(""), options);
}

asio::awaitable<std::optional<Message>> Talk::next_body(Input& input) {
  return tool::next_body(input, loop_, console_);
}

asio::awaitable<ExitCode> Talk::receive_all(Peer& peer) {
  std::optional<Error> failure;
  std::optional<Unanswered> unanswered;
  Inbox inbox{peer.connection};
  try {
    for (bool goes_on = true; goes_on;) {
      const std::optional<Message> body = co_await inbox.next();
      if (!body) break;
      goes_on = co_await take(peer, inbox, *body);
    }
  } catch (const Error& e) {
    failure = e;
  } catch (const Unanswered& e) {
    unanswered = e;
  }
  if (unanswered) co_return report(peer, *unanswered);
  co_return failure ? report(peer, *failure) : ExitCode::ok;
}

asio::awaitable<bool> Talk::take(Peer& peer, Inbox& inbox, const Message& received) {
  // Before it is printed: many peers with large messages wait here, and their messages are not yet text.
  co_await loop_.output().room();
  if (ending().is_given()) co_return false;
  const std::optional<Message> body = decode(peer, received);
  if (!body) {
    co_await loop_.pause();
    co_return true;
  }
  classify(peer, *body);
  ++received_count_;
  if (print(peer, *body)) {
    // Not in one condition: GCC 12 calls a member coroutine with its arguments shifted behind `a && !co_await`.
    const bool sent = co_await answer(peer, inbox, *body);
    if (!sent) co_return false;
  }
  if (has_enough()) ending().leave(ExitCode::ok);
  co_return !ending().is_given();
}

std::optional<Message> Talk::decode(Peer& peer, const Message& received) {
  if (peer.filters.empty()) return received;
  app::FilterResult result = peer.filters.decode(received);
  if (result.kind() == app::FilterResult::Kind::failed) throw Error{result.code(), result.sentence()};
  if (result.is_message()) {
    if (result.message().size() > options_.size_max)
      throw Error{error::message_too_large, fmt::format("a filter made a message of {} bytes, which exceeds the limit "
                                                        "of {}",
                                                        result.message().size(), options_.size_max)};
    return std::move(result.message());
  }
  console_.error("a message was left out: " + result.sentence(), ExitCode::refused, peer);
  if (!options_.outlives_peers()) loop_.note_rejection();
  return std::nullopt;
}

bool Talk::print(const Peer& peer, const Message& body) {
  try {
    console_.message(peer, body);
    return true;
  } catch (const Error& e) {
    if (options_.runs_commands())
      throw Unanswered{fmt::format("a message was rejected: {}", e.what()), ExitCode::refused};
    console_.error(fmt::format("a message was rejected: {}", e.what()), ExitCode::refused, peer);
  }
  if (!options_.outlives_peers()) loop_.note_rejection();
  return false;
}

void Talk::classify(Peer& peer, const Message& first) {
  if (!options_.kinds || !peer.kind.empty()) return;
  const std::string_view kind = options_.kinds->table.kind_of(first.view());
  if (!options_.kinds->commands.contains(kind))
    throw Unanswered{fmt::format("the first message, {}, begins with no PREFIX of --classify", excerpt(first.view())),
                     ExitCode::refused};
  peer.kind = kind;
  console_.classified(peer);
}

asio::awaitable<bool> Talk::answer(Peer& peer, Inbox& inbox, const Message& body) {
  bool goes_on = true;
  if (options_.echo) goes_on = co_await send(peer, body);
  if (!options_.runs_commands()) co_return goes_on;
  ++answers_due_count_;
  const CommandResult result = co_await ask_command(peer, inbox, body);
  std::string fault = result.failure;
  // Of a kind of peers not all that they send asks for something.
  const bool is_silent = options_.kinds && result.output.empty();
  std::optional<Message> reply;
  if (fault.empty() && !is_silent) reply = read_answer(result.output, fault);
  if (reply) goes_on = co_await send(peer, std::move(*reply));
  if (--answers_due_count_ == 0) answers_given_.cancel();
  if (!fault.empty()) throw Unanswered{fmt::format("{} {}", name_of_command(peer), fault), ExitCode::failure};
  co_return goes_on;
}

ShellCommand Talk::command_for(const Peer& peer) const {
  ShellCommand command{.line = options_.kinds ? options_.kinds->commands.find(peer.kind)->second : *options_.exec,
                       .output_size_max = options_.notation().text_size_max(options_.size_max),
                       .time_out = options_.time_out,
                       .environment = {fmt::format("PARLEY_PEER={}", peer.connection.remote_endpoint().to_string()),
                                       fmt::format("PARLEY_ENDPOINT={}", peer.connection.local_endpoint().to_string()),
                                       fmt::format("PARLEY_CONNECTION={}", peer.number)}};
  if (!peer.kind.empty()) command.environment.push_back("PARLEY_KIND=" + peer.kind);
  return command;
}

asio::awaitable<CommandResult> Talk::ask_command(const Peer& peer, Inbox& inbox, const Message& body) {
  const auto kill = std::make_shared<KillSwitch>();
  const bool can_end_one_way = options_.can_half_close();
  inbox.look_ahead([kill, can_end_one_way](boost::system::error_code ec) {
    // One that has ended its direction alone waits for the answer.
    if (ec || !can_end_one_way) kill->flip("was killed, as its peer has gone");
  });
  ShellCommand command = command_for(peer);
  std::string input = options_.notation().write(body, Destination::file);
  CommandResult result = co_await answers_.by(std::move(command), std::move(input), kill);
  inbox.forget_end();
  co_return result;
}

std::optional<Message> Talk::read_answer(const std::string& output, std::string& fault) const {
  try {
    return Message{options_.notation().read_output(output)};
  } catch (const BadBody& e) {
    fault = fmt::format("printed no message: {}", e.what());
    return std::nullopt;
  }
}

asio::awaitable<void> Talk::give_answers() {
  answers_given_.expires_after(drain_max);
  if (answers_due_count_ > 0) co_await answers_given_.async_wait(asio::as_tuple(asio::use_awaitable));
  if (answers_due_count_ == 0) co_return;
  loop_.note_failure();
  console_.error(fmt::format("{} message{} left unanswered, whose command had not ended", answers_due_count_,
                             answers_due_count_ == 1 ? " is" : "s are"),
                 ExitCode::failure);
}

ExitCode Talk::report(const Peer& peer, const Unanswered& why) {
  if (!options_.outlives_peers()) loop_.note_failure();
  console_.error(fmt::format("{}; the connection is closed without an answer", why.what()), why.code(), peer);
  return why.code();
}

ExitCode Talk::report(const Peer& peer, const Error& failure) {
  // Our own closing ends a receive as well.
  if (failure.code() == asio::error::operation_aborted) return ExitCode::ok;
  const ExitCode code = exit_code_of_talking(failure.code());
  console_.error(failure.what(), code, peer);
  return code;
}

asio::awaitable<bool> Talk::send(Peer& peer, Message body) {
  std::optional<Error> failure;
  try {
    co_await pass_on(peer, std::move(body));
  } catch (const Error& e) {
    failure = e;
  }
  if (!failure) co_return true;
  // When we leave, closing tells what did not arrive.
  if (failure->code() == asio::error::operation_aborted || ending().is_given()) {
    ++peer.unqueued_count;
    co_return false;
  }
  note_loss();
  console_.error(failure->what(), ExitCode::failure, peer);
  co_await loop_.pause();
  co_return concerns_one_message(failure->code());
}

asio::awaitable<void> Talk::pass_on(Peer& peer, Message body) {
  if (peer.filters.empty()) co_return co_await peer.connection.send(std::move(body));
  for (;;) {
    app::FilterResult result = peer.filters.encode(body);
    if (!result.is_message()) throw Error{error::message_refused, result.sentence()};
    const boost::system::error_code ec = peer.connection.try_send(std::move(result.message()));
    if (!ec) co_return;
    // Messages that build on those before them are encoded in the order in which they go, so none may wait encoded.
    peer.filters.not_sent();
    if (ec != error::full) throw Error{ec, peer.connection.last_error()};
    co_await peer.connection.flush();
  }
}

asio::awaitable<void> Talk::flush(Peer& peer) {
  try {
    co_await peer.connection.flush();
  } catch (const Error&) {
    // Whoever receives from the peer learns of it too, and closing tells what did not arrive.
  }
}

asio::awaitable<void> Talk::close(Peer& peer) {
  const Deadline deadline{loop_.output().failed() ? std::chrono::seconds{0} : drain_max};
  const CloseReport report = co_await peer.connection.close(deadline);
  if (!report.all_arrived() || peer.unqueued_count > 0) {
    note_loss();
    console_.error(what_did_not_arrive(report, peer.unqueued_count), ExitCode::failure, peer);
  }
  console_.closed(peer, report);
}

void Talk::note_loss() noexcept {
  if (!options_.tolerates_losses()) loop_.note_failure();
}

asio::awaitable<void> Talk::watch_time_out(std::function<std::uint64_t()> moved) {
  if (!options_.time_out) co_return;
  co_await loop_.stillness(options_.time_out, std::move(moved));
  if (ending().is_given()) co_return;
  console_.error(fmt::format("nothing was sent or received for {:g} s", options_.time_out->count()),
                 ExitCode::timed_out);
  ending().leave(ExitCode::timed_out);
}

}  // namespace parley::tool
