// One smart socket of a command: opened as the command line says, its events told and counted.
#pragma once

#include "command_loop.hpp"
#include "socket/console.hpp"
#include "socket/options.hpp"

#include <parley/socket/socket.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

class Party {
 public:
  /// What is referred to must outlive it. `common` has what is said about TLS and sizes.
  Party(CommandLoop& loop, SocketConsole& console, const PartyOptions& options, const CommonOptions& common);
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;
  ~Party() = default;

  /// Binds and begins to dial. False: it cannot, which has been reported.
  [[nodiscard]] boost::asio::awaitable<bool> open();
  /// Takes and tells events until the socket is closed.
  [[nodiscard]] boost::asio::awaitable<void> watch();

  [[nodiscard]] Socket& socket() noexcept { return socket_; }
  [[nodiscard]] std::uint64_t peer_count() const { return socket_.stats().peer_count; }
  /// The most that were there together.
  [[nodiscard]] std::size_t peer_count_peak() const noexcept { return peer_count_peak_; }
  [[nodiscard]] SocketConsole& console() noexcept { return console_; }
  /// Where it really listens.
  [[nodiscard]] const std::vector<Endpoint>& bound() const noexcept { return bound_; }

  /// Completes when this is so; looked at whenever something has happened to a peer.
  [[nodiscard]] boost::asio::awaitable<void> until(std::function<bool()> is_so);
  [[nodiscard]] bool has_peer(const Identity& identity) const;
  /// Since when a peer has been there.
  [[nodiscard]] std::optional<TimePoint> came_at(const Identity& identity) const;

  /// Changes when messages move or peers come and go; heartbeats do not count.
  [[nodiscard]] std::uint64_t movement() const;
  /// Nothing is left to be written or acknowledged.
  [[nodiscard]] bool is_drained() const;
  /// Waits until it is drained. False: nothing has moved for `patience`, or `enough` said so.
  [[nodiscard]] boost::asio::awaitable<bool> drained(Seconds patience, std::function<bool()> enough);

  /// Closes the socket, tells what happened meanwhile, and reports what did not arrive, with the reason if there is
  /// one. `loss_code`: what such a loss leads to. False: something was reported.
  [[nodiscard]] boost::asio::awaitable<bool> close(Deadline deadline, ExitCode loss_code, std::string reason = {});

  /// Messages that were dropped or given up.
  [[nodiscard]] std::uint64_t lost_count() const noexcept { return lost_count_; }
  /// Why there is no peer, as far as dialling tells: an exit code, and a sentence or nothing.
  [[nodiscard]] ExitCode absence_code() const;
  [[nodiscard]] const std::string& absence_reason() const noexcept { return last_failure_sentence_; }

 private:
  void take(const SocketEvent& event);

  CommandLoop& loop_;
  SocketConsole& console_;
  const PartyOptions& options_;
  const CommonOptions& common_;
  Socket socket_;
  std::vector<Endpoint> bound_;
  std::map<Identity, TimePoint> up_since_;
  std::size_t peer_count_peak_ = 0;
  boost::asio::steady_timer happened_;  // never expires: cancelled at each event
  std::uint64_t peer_changes_ = 0;
  std::uint64_t lost_count_ = 0;
  bool is_leaving_ = false;  // a peer that goes is not missed, once everything has been said
  boost::system::error_code last_failure_;
  std::string last_failure_sentence_;
};

}  // namespace parley::tool
