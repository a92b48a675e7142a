// What `parley send`, `receive` and `echo` have in common: a loop, a socket, waiting for peers, and leaving.
#pragma once

#include "command_loop.hpp"
#include "socket/console.hpp"
#include "socket/options.hpp"
#include "socket/pace.hpp"
#include "socket/party.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace parley::tool {

class Session {
 public:
  explicit Session(const SocketTalkOptions& options);

  /// Opens the socket, waits for peers, runs `work`, and leaves when that has ended or there is another reason to.
  /// Gives the exit code.
  ExitCode run(std::function<boost::asio::awaitable<void>()> work);

  [[nodiscard]] const SocketTalkOptions& options() const noexcept { return options_; }
  [[nodiscard]] CommandLoop& loop() noexcept { return loop_; }
  [[nodiscard]] SocketConsole& console() noexcept { return console_; }
  [[nodiscard]] Party& party() noexcept { return party_; }
  [[nodiscard]] Socket& socket() noexcept { return party_.socket(); }

  /// Waits until the next message may go, if there is a pace.
  [[nodiscard]] boost::asio::awaitable<void> keep_pace();
  /// While this side waits for something of its own, nothing has to move.
  void idle(bool is_idle) noexcept { is_idle_ = is_idle; }

  /// Prints a message that has come. False: it is no payload of the codec, which has been reported.
  [[nodiscard]] bool print(const Received& received, bool to_people);

  /// Waits until everything has been written, and acknowledged where that is wanted; gives the Ending.
  [[nodiscard]] boost::asio::awaitable<void> drain_and_leave();

 private:
  [[nodiscard]] boost::asio::awaitable<ExitCode> run_to_end(std::function<boost::asio::awaitable<void>()> work);
  [[nodiscard]] boost::asio::awaitable<void> begin(std::function<boost::asio::awaitable<void>()> work);
  [[nodiscard]] bool tolerates_losses() const;
  [[nodiscard]] bool has_its_peers() const;
  [[nodiscard]] boost::asio::awaitable<void> watch_time_out();
  /// Nothing has moved for so long.
  void give_up(Seconds patience);
  [[nodiscard]] std::string who_is_missing(Seconds patience) const;

  const SocketTalkOptions& options_;
  CommandLoop loop_;
  SocketConsole console_;
  Party party_;
  Pace pace_;
  bool is_idle_ = false;
  bool has_begun_ = false;  // the peers that were waited for are there
  std::uint64_t idle_looks_ = 0;
  std::string reason_;  // to leave without having delivered all
};

}  // namespace parley::tool
