// MuxChannels: what the protocols of channels have in common behind their frames: the channels and how they end, whose
// turn it is to write, what is waited for until when, unread bytes, output, and the end of the session.
//
// Lives of a channel: open -> over -> [lingering ->] free. `over`: nothing more on the wire is its own, and it is to be
// told as closed. `lingering`: told, and some of its bytes are still to be consumed.
//
// Waits of one kind have one length, so each kind is a list in order of time: its first is the next to expire. A
// channel waits for one thing at a time.
#pragma once

#include "wire/mux_output.hpp"
#include "wire/mux_table.hpp"
#include "wire/rate_limit.hpp"

#include <parley/error.hpp>
#include <parley/wire/mux.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace parley::wire {

class MuxChannels {
 public:
  MuxChannels(MuxRole role, const MuxOptions& options, std::uint64_t seed);

  const MuxOptions options;
  const MuxRole role;
  MuxTable table;
  MuxOutput out;
  MuxCounters counters;
  RateLimit resets;
  std::size_t backlog_count = 0;         ///< of the peer's, not accepted
  std::size_t unacknowledged_count = 0;  ///< of ours
  std::size_t unread_size = 0;
  std::size_t grown_size = 0;  ///< of all windows, over what they begin with

  // --- the session --------------------------------------------------------------------------------------------------

  void end(boost::system::error_code code, std::string sentence);
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }
  /// The peer is the cause of the last `size` bytes of output. With more of that unwritten than `answers_size_max` and
  /// `allowance`, it is cut.
  void count_answer(std::size_t size, std::size_t allowance = 0);
  [[nodiscard]] boost::system::error_code end_code() const noexcept { return end_code_; }

  /// Channels that are over, then the end of the session and what it closes.
  [[nodiscard]] bool next_event(MuxEvent& event);

  // --- a channel ----------------------------------------------------------------------------------------------------

  /// Its index while it is open, else why nothing can be done with it.
  struct Found {
    std::uint32_t index = no_channel;
    boost::system::error_code code{};
  };
  [[nodiscard]] Found find_open(MuxChannel channel) const;
  /// Also once the session has ended: not told as closed, nor about to be.
  [[nodiscard]] bool is_open(MuxChannel channel) const noexcept {
    return table.index_of(channel) != no_channel && table[channel.index].state == MuxSlot::State::open;
  }

  std::uint32_t add(ChannelId id, bool is_ours);
  void accept(std::uint32_t index) noexcept;
  /// Nothing more on the wire is its own. With a reason, its unread bytes go too.
  void end_channel(std::uint32_t index, error why) { end_channel(index, static_cast<std::uint8_t>(why)); }
  void end_channel_in_order(std::uint32_t index) { end_channel(index, std::uint8_t{0}); }

  /// Up to `count` bytes of an open channel have come: how many of them may be given out. 0: none, and the session has
  /// ended. (Less than all only before that, so that the same is given out however the input was cut.)
  [[nodiscard]] std::uint32_t receive(std::uint32_t index, std::uint32_t count);
  /// Takes off what the application has consumed; returns the index if there may be credit to give.
  std::uint32_t consume(MuxChannel channel, std::size_t size) noexcept;
  /// All of its unread bytes, as if they had been consumed.
  void drop_unread(std::uint32_t index) noexcept;

  [[nodiscard]] MuxEvent event_of(MuxEvent::Kind kind, std::uint32_t index) const noexcept {
    MuxEvent event;
    event.kind = kind;
    event.id = table[index].id;
    event.channel = table.handle(index);
    return event;
  }

  /// Copies payload into the output, behind its headers, as far as `reserve(size)`, a MuxGrant, lets it go and there is
  /// room. What is left `want_turn()` remembers.
  template <class Reserve, class WantTurn>
  MuxWritten write(std::span<const std::byte> bytes, Reserve reserve, WantTurn want_turn) {
    MuxWritten written;
    do {
      const bool has_room = out.size() < options.output_high_water_size;
      const MuxGrant grant = reserve(has_room ? bytes.size() - written.size : 0);
      written.code = grant.code;
      if (!has_room && !grant.code) want_turn();
      if (grant.size == 0) break;
      out.append(grant.header());
      out.append(bytes.subspan(written.size, grant.size));
      written.size += grant.size;
    } while (written.size != bytes.size());
    return written;
  }

  // --- waiting ------------------------------------------------------------------------------------------------------

  void wait(std::uint32_t index, MuxWait what, TimePoint now) noexcept;
  void stop_waiting(std::uint32_t index) noexcept;
  [[nodiscard]] std::uint32_t first_waiting(MuxWait what) const noexcept { return waits_[number(what)].front(); }
  /// The first whose wait of this kind is over; no_channel if there is none. It still waits.
  [[nodiscard]] std::uint32_t first_due(MuxWait what, TimePoint now) const noexcept;
  /// The earliest of all of them.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;

  // --- turns --------------------------------------------------------------------------------------------------------

  /// How much it may write now for fairness' sake; 0: it has to wait for its turn, and does.
  [[nodiscard]] std::size_t take_allowance(std::uint32_t index) noexcept;
  void spend_allowance(std::size_t size) noexcept { allowance_ -= size; }
  void queue_turn(std::uint32_t index) noexcept;
  /// It has nothing more to write.
  void give_up_turn(std::uint32_t index) noexcept;
  [[nodiscard]] bool has_turn() const noexcept { return !turns_.empty(); }
  [[nodiscard]] MuxChannel next_turn() noexcept;

 private:
  static constexpr std::uint8_t by_session = 255;

  static std::size_t number(MuxWait what) noexcept { return static_cast<std::size_t>(what); }
  [[nodiscard]] Duration time_max(MuxWait what) const noexcept;
  void end_channel(std::uint32_t index, std::uint8_t why);
  [[nodiscard]] MuxEvent take_over();
  [[nodiscard]] boost::system::error_code code_of(std::uint8_t why) const noexcept;
  [[nodiscard]] std::string sentence_of(const MuxSlot& slot) const;

  std::array<MuxList<&MuxSlot::wait_links>, mux_wait_count> waits_;
  MuxList<&MuxSlot::turn_links> turns_;
  std::uint32_t current_ = no_channel;  ///< whose turn it is
  std::size_t allowance_ = 0;           ///< and what is left of it

  bool has_ended_ = false;
  bool has_told_end_ = false;
  boost::system::error_code end_code_;
  std::string end_sentence_;
  std::uint32_t closed_up_to_ = 0;  ///< once the session has ended
  std::string sentence_;            ///< of the last event
};

/// For sentences: "75 s", "0.5 s".
[[nodiscard]] std::string seconds_text(Duration span);

/// `what` and nothing else, or never.
[[nodiscard]] inline std::optional<TimePoint> earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) noexcept {
  if (!a || !b) return a ? a : b;
  return *a < *b ? a : b;
}

}  // namespace parley::wire
