// The alarm receiver: panels of three kinds on one endpoint, a status page on another.
#pragma once

#include "journal.hpp"
#include "panel.hpp"
#include "protocol.hpp"
#include "status_page.hpp"

#include <parley/parley.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

class Receiver {
 public:
  /// A panel may be silent for `silence_max`: then it is written down, and after as long again it is closed.
  Receiver(const parley::Endpoint& panels_at, const parley::Endpoint& status_at, std::chrono::milliseconds silence_max)
      : server_{options(silence_max)},
        status_server_{server_.get_executor(), status_options()},
        panels_at_{server_.listen(panels_at)},
        status_at_{status_server_.listen(status_at)} {
    server_.threads(2);
    classify();
    watch(silence_max);
    server_.on_message([this](Peer& peer, const parley::Message& message) { return answer(peer, message.view()); });
    status_server_.on_connect([this](Peer& peer) { peer.post(status_page(server_, journal_)); });
    status_server_.start();
  }

  /// Until SIGINT, SIGTERM, or stop(): what has come is answered before it returns.
  void run() {
    server_.run();
    journal_.note(summary(server_, journal_));
  }
  /// From any thread.
  void stop() { server_.request_stop(std::chrono::seconds{5}); }

  [[nodiscard]] const parley::Endpoint& panels_at() const noexcept { return panels_at_; }
  [[nodiscard]] const parley::Endpoint& status_at() const noexcept { return status_at_; }
  [[nodiscard]] const Journal& journal() const noexcept { return journal_; }

 private:
  using Peer = parley::app::Peer;

  static parley::app::ServerOptions options(std::chrono::milliseconds silence_max) {
    parley::app::ServerOptions options;
    options.framing = panels::first_framing();
    options.message_size_max = panels::message_size_max;
    options.idle_time_max = 2 * silence_max;
    return options;
  }

  /// The page is the one message that there is, so that its end is the connection's.
  static parley::app::ServerOptions status_options() {
    parley::app::ServerOptions options;
    options.framing = parley::UntilEof{};
    options.idle_time_max = std::chrono::seconds{10};  // who does not close is closed
    return options;
  }

  void classify() {
    server_.classify(parley::app::ByPrefix{
        {{panels::checked_prefix, panels::checked}, {panels::records_prefix, panels::records}}, panels::plain});
    server_.filter(panels::checked, panels::crc_filter());
    server_.framing(panels::records, panels::record_framing());
  }

  void watch(std::chrono::milliseconds silence_max) {
    server_.on_idle(silence_max, [this, silence_max](Peer& peer) {
      const std::string time = std::to_string(silence_max.count()) + " ms";
      journal_.misbehaviour(Misbehaviour::silent, peer, "nothing for " + time + " (" + peer.to_string() + ")");
    });
    server_.on_error([this](Peer& peer, const parley::app::Cause& why) {
      if (why.code == parley::error::message_refused) return refuse(peer, why.sentence);  // the filter has dropped it
      if (peer.is_connected()) journal_.note(why.sentence);  // otherwise on_disconnect is told the same
    });
    server_.on_disconnect([this](Peer& peer, const parley::app::Cause& why) {
      if (why.code == parley::error::truncated) {
        journal_.misbehaviour(Misbehaviour::half, peer, why.sentence);
      } else if (why.code != parley::error::closed) {
        journal_.note(why.sentence);
      }
    });
  }

  std::optional<std::string> answer(Peer& peer, std::string_view text) {
    if (is_flooding(peer)) return std::nullopt;
    if (peer.is_first_message()) return greet(peer, text);
    const std::optional<panels::Event> event = panels::event_in(text);
    if (!event) {
      garbage(peer, "no event that is known (" + peer.to_string() + ")");
      return std::string{panels::refusal};
    }
    peer.state<Panel>().add_event(event->name);
    return panels::acknowledgement(event->number);
  }

  std::optional<std::string> greet(Peer& peer, std::string_view first) {
    const std::optional<unsigned> account = panels::account_in(first);
    if (!account) {
      close(Misbehaviour::stranger, peer, "its first message is no account");
      return std::nullopt;
    }
    peer.state<Panel>().set_account(*account);
    return panels::acknowledgement(0);
  }

  /// Then it is closed.
  bool is_flooding(Peer& peer) {
    const unsigned count = peer.state<Panel>().count_message(parley::Clock::now());
    if (count == panels::messages_per_second_max + 1)
      close(Misbehaviour::flood, peer, "too many messages for a second");
    return count > panels::messages_per_second_max;
  }

  void refuse(Peer& peer, std::string_view why) {
    if (is_flooding(peer)) return;
    garbage(peer, why);
    peer.post(panels::refusal);
  }

  void garbage(Peer& peer, std::string_view why) {
    peer.state<Panel>().add_garbage();
    journal_.misbehaviour(Misbehaviour::garbage, peer, why);
  }

  void close(Misbehaviour what, Peer& peer, const std::string& why) {
    journal_.misbehaviour(what, peer, why + " (" + peer.to_string() + ")");
    peer.disconnect();
  }

  Journal journal_;
  parley::app::Server server_;
  parley::app::Server status_server_;  // on one of the loops of server_
  parley::Endpoint panels_at_;
  parley::Endpoint status_at_;
};
