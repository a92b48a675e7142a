// What listening and connecting have in common: the console, the input, and what is done with one peer.
#pragma once

#include "command_loop.hpp"
#include "console.hpp"
#include "exec/answers.hpp"
#include "exec/inbox.hpp"
#include "exit_code.hpp"
#include "input.hpp"
#include "talk_options.hpp"

#include <parley/connection/connection.hpp>
#include <parley/message.hpp>
#include <parley/transport/options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace parley::tool {

/// A message has no answer. Its peer would take the next answer for this one, so that their connection has to end.
class Unanswered : public std::runtime_error {
 public:
  Unanswered(const std::string& why, ExitCode code) : std::runtime_error{why}, code_{code} {}

  [[nodiscard]] ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

class Talk {
 public:
  explicit Talk(const TalkOptions& options);

  [[nodiscard]] const TalkOptions& options() const noexcept { return options_; }
  [[nodiscard]] CommandLoop& loop() noexcept { return loop_; }
  [[nodiscard]] boost::asio::any_io_executor executor() { return loop_.executor(); }
  [[nodiscard]] Console& console() noexcept { return console_; }
  [[nodiscard]] Ending& ending() noexcept { return loop_.ending(); }
  /// Queueing and framing of connections.
  [[nodiscard]] ConnectionOptions connection_options() const;
  [[nodiscard]] WsOptions ws_options() const;

  /// See CommandLoop.
  void spawn(boost::asio::awaitable<void> work) { loop_.spawn(std::move(work)); }

  /// Opens standard input or the file, as options say; throws std::runtime_error.
  [[nodiscard]] std::unique_ptr<Input> open_input();
  /// The next body of the input; see bodies.hpp.
  [[nodiscard]] boost::asio::awaitable<std::optional<Message>> next_body(Input& input);

  /// Prints, counts and answers what the peer sends until it ends; an error is reported, and its exit code returned.
  [[nodiscard]] boost::asio::awaitable<ExitCode> receive_all(Peer& peer);

  /// False when nothing more can be sent to this peer. A message that a filter refuses, or the framing cannot carry, is
  /// reported and skipped.
  [[nodiscard]] boost::asio::awaitable<bool> send(Peer& peer, Message body);

  /// When it leaves: lets the commands end that are at work, for a while, and sends what they print.
  [[nodiscard]] boost::asio::awaitable<void> give_answers();

  /// Waits until what is queued is written, or cannot be.
  [[nodiscard]] boost::asio::awaitable<void> flush(Peer& peer);

  /// Writes what is queued, and reports what did not arrive.
  [[nodiscard]] boost::asio::awaitable<void> close(Peer& peer);

  /// Gives up with a sentence when nothing moves for the time-out, if there is one; `moved` counts bytes, both ways.
  [[nodiscard]] boost::asio::awaitable<void> watch_time_out(std::function<std::uint64_t()> moved);

  /// Whether as many messages as asked for have come; false when none were asked for.
  [[nodiscard]] bool has_enough() const noexcept { return options_.count && received_count_ >= *options_.count; }
  [[nodiscard]] std::uint64_t received_count() const noexcept { return received_count_; }

 private:
  /// False when nothing more is to be received; throws Unanswered.
  [[nodiscard]] boost::asio::awaitable<bool> take(Peer& peer, Inbox& inbox, const Message& received);
  /// Through the filters; nothing for a message that one leaves out, which is reported. Throws Error where one gives
  /// the peer up.
  [[nodiscard]] std::optional<Message> decode(Peer& peer, const Message& received);
  /// Through the filters and to the connection; throws Error.
  [[nodiscard]] boost::asio::awaitable<void> pass_on(Peer& peer, Message body);
  /// By the first message; throws Unanswered for a peer of no kind.
  void classify(Peer& peer, const Message& first);
  [[nodiscard]] boost::asio::awaitable<bool> answer(Peer& peer, Inbox& inbox, const Message& body);
  [[nodiscard]] ShellCommand command_for(const Peer& peer) const;
  /// The command's result, which is its death when the peer goes meanwhile.
  [[nodiscard]] boost::asio::awaitable<CommandResult> ask_command(const Peer& peer, Inbox& inbox, const Message& body);
  /// Nothing when the output is not a message; `fault` then says why.
  [[nodiscard]] std::optional<Message> read_answer(const std::string& output, std::string& fault) const;
  /// False for a message that is no payload of the codec, which is reported.
  [[nodiscard]] bool print(const Peer& peer, const Message& body);
  [[nodiscard]] ExitCode report(const Peer& peer, const Error& failure);
  [[nodiscard]] ExitCode report(const Peer& peer, const Unanswered& why);
  [[nodiscard]] CommandHooks hooks();
  void note_loss() noexcept;

  const TalkOptions& options_;
  CommandLoop loop_;
  Console console_;
  Answers answers_;  // by commands
  std::size_t answers_due_count_ = 0;
  boost::asio::steady_timer answers_given_;  // expires when they were waited for long enough
  std::uint64_t received_count_ = 0;
};

}  // namespace parley::tool
