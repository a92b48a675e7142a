// Two ends of a session over a stream that delays, splits, is narrow, and breaks, by thousands of seeds: the bytes of
// each channel arrive complete and in order, everything that was begun ends, and what is on the wire keeps to the
// protocol, as a checker sees it that knows nothing of the core. A failure names its seed.
//
// PARLEY_PROPERTY_SCALE multiplies the number of seeds.
#include "support/mux_wire_checker.hpp"
#include "try_count.hpp"

#include <parley/error.hpp>
#include <parley/wire/tcpchan.hpp>
#include <parley/wire/yamux.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace parley::test {
namespace {

using namespace std::chrono_literals;
using wire::ChannelId;
using wire::MuxChannel;
using wire::MuxEvent;
using Bytes = std::vector<std::byte>;

class MuxDice {
 public:
  explicit MuxDice(std::uint64_t seed) : engine_{seed * 0x9e3779b97f4a7c15U + 7} {}
  std::uint64_t pick(std::uint64_t from, std::uint64_t to) {
    return std::uniform_int_distribution<std::uint64_t>{from, to}(engine_);
  }
  bool chance(double probability) { return std::uniform_real_distribution<double>{}(engine_) < probability; }

 private:
  std::mt19937_64 engine_;
};

/// One direction of the stream.
struct Pipe {
  struct Piece {
    TimePoint when;
    Bytes bytes;
  };
  Duration delay{};
  std::size_t capacity = 0;
  std::size_t size = 0;
  std::uint64_t arrived_size = 0;
  std::deque<Piece> pieces;

  [[nodiscard]] std::size_t room() const { return capacity - std::min(capacity, size); }
  void put(std::span<const std::byte> bytes, TimePoint now) {
    size += bytes.size();
    pieces.push_back({now + delay, {bytes.begin(), bytes.end()}});
  }
};

/// What both ends know of a channel's content.
std::byte content(ChannelId id, bool from_client, std::uint64_t offset) {
  return static_cast<std::byte>(id * 131 + (from_client ? 17 : 0) + offset * 7 + (offset >> 8));
}
std::uint64_t content_size(ChannelId id, bool from_client, std::uint64_t seed) {
  MuxDice dice{seed * 1000 + id * 2 + (from_client ? 1 : 0)};
  switch (dice.pick(0, 9)) {
    case 0: return 0;
    case 1: return dice.pick(200'000, 700'000);
    case 2:
    case 3: return dice.pick(5'000, 100'000);
    default: return dice.pick(1, 3'000);
  }
}

struct Flow {
  ChannelId id = 0;
  MuxChannel handle;
  bool is_ours = false;
  std::uint64_t sent = 0;
  std::uint64_t to_send = 0;
  std::uint64_t received = 0;
  std::uint64_t to_receive = 0;
  std::uint64_t unread = 0;
  bool is_slow = false;
  bool waits = false;         // was told to stop; next_turn() has to name it
  bool is_finished = false;   // by us
  bool is_discarded = false;  // closed before the peer has finished
  bool peer_is_finished = false;
  bool is_over = false;
  bool is_broken = false;  // reset, or the session has ended
};

template <class Core>
using CheckerOf = std::conditional_t<std::is_same_v<Core, wire::Yamux>, YamuxWireChecker, TcpChanWireChecker>;

/// One end: a core, a program that uses it, and a driver between core and stream.
template <class Core>
class MuxEnd {
 public:
  MuxEnd(MuxRole role, const MuxOptions& options, std::uint64_t seed, MuxDice& dice)
      : core{role, options, seed},
        checker{role == MuxRole::client, std::max(options.window_max, options.window_initial)},
        is_client_{role == MuxRole::client},
        seed_{seed},
        dice_{dice} {}

  void hear(std::span<const std::byte> bytes, TimePoint now) {
    flush();  // what was to be said before is no answer to this
    checker.heard(bytes);
    core.feed(bytes, now);
    take_events(now);
  }

  void take_events(TimePoint now) {
    while (const auto event = core.next_event()) {
      if (event.kind == MuxEvent::Kind::ended) has_ended = true, why_ended = event.sentence;
      if (event.kind == MuxEvent::Kind::opened) add(event.id, event.channel, false);
      const auto found = flows.find(event.id);
      if (found != flows.end() && event.channel == found->second.handle) on_event(event, found->second);
      if (dice_.chance(0.1)) act(now);  // the program may do anything between two events
    }
  }

  void open(TimePoint now) {
    const auto opened = core.open(now);
    if (opened.code) return;
    ASSERT_FALSE(flows.contains(opened.id));
    write_on(add(opened.id, opened.channel, true), now);
  }

  /// Something that a program does.
  void act(TimePoint now) {
    if (flows.empty()) return;
    auto at = flows.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(dice_.pick(0, flows.size() - 1)));
    Flow& flow = at->second;
    read_on(flow, flow.is_slow ? dice_.pick(0, 2'000) : dice_.pick(0, 300'000), now);
    write_on(flow, now);
    if (!flow.is_over && dice_.chance(resets)) {
      core.reset(flow.handle, now);
      flow.is_broken = true;
      flow.unread = 0;
    }
  }

  void read_on(Flow& flow, std::uint64_t size, TimePoint now) {
    size = std::min(size, flow.unread);
    flow.unread -= size;
    core.consume(flow.handle, size, now);
  }

  void write_on(Flow& flow, TimePoint now) {
    if (flow.is_over || flow.is_finished || flow.is_broken || flow.waits) return;
    while (flow.sent < flow.to_send && queue.size() < queue_max) {
      const std::size_t size = std::min<std::uint64_t>(flow.to_send - flow.sent, dice_.pick(1, 100'000));
      const std::size_t took = uses_grants ? grant(flow, size, now) : write(flow, size, now);
      flow.sent += took;
      if (took == size) continue;
      flow.waits = true;
      return;
    }
    if (flow.sent < flow.to_send) {
      flow.waits = true;
      return core.want_turn(flow.handle);
    }
    if (core.can_half_close() && dice_.chance(0.1)) {
      flow.is_finished = flow.is_discarded = true;
      core.close(flow.handle, now);
      flow.unread = 0;
    } else if (core.can_half_close()) {
      flow.is_finished = true;
      EXPECT_TRUE(!core.finish(flow.handle, now) || has_ended);
    } else if (flow.is_ours && flow.received == flow.to_receive) {
      flow.is_finished = true;
      core.close(flow.handle, now);
      flow.unread = 0;
    }
  }

  /// The driver: what the core says goes into a queue, and those that wait write on, while there is room in it.
  void pump(Pipe& pipe, TimePoint now) {
    for (;;) {
      flush();
      if (queue.size() >= queue_max) break;
      const MuxChannel channel = core.next_turn();
      if (!channel) break;
      for (auto& [id, flow] : flows) {
        if (!(flow.handle == channel)) continue;
        EXPECT_FALSE(flow.is_over) << "a turn for a channel that has gone, " << id;
        flow.waits = false;
        write_on(flow, now);
      }
    }
    while (!queue.empty() && pipe.room() != 0) {
      const std::size_t size = std::min({pipe.room(), queue.size(), splits ? dice_.pick(1, 3'000) : queue.size()});
      pipe.put(std::span{queue}.first(size), now);
      queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(size));
    }
  }

  void flush() {
    const auto output = core.next_output();
    checker.said(output);
    queue.insert(queue.end(), output.begin(), output.end());
    core.wrote(output.size());
  }

  void expect_content(const Flow& flow) const {
    if (flow.is_broken) return;
    EXPECT_TRUE(flow.is_discarded || flow.received == flow.to_receive) << "channel " << flow.id;
    EXPECT_EQ(flow.sent, flow.to_send) << "channel " << flow.id;
  }

  Core core;
  CheckerOf<Core> checker;
  std::map<ChannelId, Flow> flows;
  Bytes queue;
  bool has_ended = false;
  std::string why_ended;
  bool uses_grants = false;
  bool splits = false;
  double resets = 0;
  std::size_t queue_max = 100'000;

 private:
  Flow& add(ChannelId id, MuxChannel handle, bool is_ours) {
    Flow& flow = flows[id];
    flow.id = id;
    flow.handle = handle;
    flow.is_ours = is_ours;
    flow.to_send = content_size(id, is_client_, seed_);
    flow.to_receive = content_size(id, !is_client_, seed_);
    flow.is_slow = dice_.chance(0.2);
    if (!is_ours) core.accept(handle, TimePoint{});
    return flow;
  }

  void on_event(const MuxEvent& event, Flow& flow) {
    EXPECT_FALSE(flow.is_over) << "channel " << flow.id << " has ended before";
    switch (event.kind) {
      case MuxEvent::Kind::data:
        EXPECT_FALSE(flow.peer_is_finished || flow.is_discarded);
        for (const std::byte byte : event.bytes) {
          if (byte != content(flow.id, !is_client_, flow.received++)) FAIL() << "channel " << flow.id << " is garbled";
        }
        if (!flow.is_broken) flow.unread += event.bytes.size();
        EXPECT_LE(flow.received, flow.to_receive);
        break;
      case MuxEvent::Kind::finished:
        flow.peer_is_finished = true;
        EXPECT_TRUE(flow.is_discarded || flow.received == flow.to_receive) << "channel " << flow.id;
        break;
      case MuxEvent::Kind::reset:
        flow.is_broken = true;
        flow.unread = 0;
        break;
      case MuxEvent::Kind::closed:
        flow.is_over = true;
        if (event.code) flow.is_broken = true;
        if (event.code && !has_ended) flow.unread = 0;
        expect_content(flow);
        break;
      default: break;
    }
  }

  std::size_t write(Flow& flow, std::size_t size, TimePoint now) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = content(flow.id, is_client_, flow.sent + i);
    const auto written = core.write(flow.handle, bytes, now);
    EXPECT_FALSE(written.code && !has_ended);
    if (written.code) flow.is_broken = true;
    return written.size;
  }

  std::size_t grant(Flow& flow, std::size_t size, TimePoint now) {
    const auto granted = core.reserve(flow.handle, size, false, now);
    if (granted.code) flow.is_broken = true;
    if (granted.size == 0) return 0;
    flush();
    const std::size_t begin = queue.size();
    queue.insert(queue.end(), granted.header().begin(), granted.header().end());
    for (std::uint32_t i = 0; i < granted.size; ++i) queue.push_back(content(flow.id, is_client_, flow.sent + i));
    checker.said(std::span{queue}.subspan(begin));
    return granted.size;
  }

  bool is_client_;
  std::uint64_t seed_;
  MuxDice& dice_;
};

template <class Core>
class MuxTrial {
 public:
  explicit MuxTrial(std::uint64_t seed) : dice_{seed} {
    options_.window_max = dice_.chance(0.5) ? 1 << 20 : 1 << 18;
    if (dice_.chance(0.2)) options_.window_initial = 1 << 19;
    if (seed % 3 == 0) options_.discard_time_max = std::chrono::milliseconds{1 + seed % 500};
    options_.handshake_ping = dice_.chance(0.8);
    options_.keep_alive_interval = dice_.chance(0.5) ? std::chrono::milliseconds{dice_.pick(500, 3'000)} : Duration{};
    options_.write_quantum = static_cast<std::uint32_t>(dice_.pick(1'000, 60'000));
    options_.output_high_water_size = dice_.pick(1'000, 200'000);
    for (std::size_t i = 0; i < 2; ++i) {
      ends_.emplace_back(i == 0 ? MuxRole::client : MuxRole::server, options_, seed, dice_);
      ends_[i].uses_grants = dice_.chance(0.5);
      ends_[i].splits = dice_.chance(0.5);
      ends_[i].queue_max = dice_.pick(100, 200'000);
      pipes_[i].delay = dice_.chance(0.8) ? std::chrono::milliseconds{dice_.pick(0, 150)} : Duration{};
      pipes_[i].capacity = dice_.chance(0.3) ? dice_.pick(2'000, 20'000) : 1'000'000;
    }
    // TCPChan cannot tell a channel that was given up from one that was finished.
    if (dice_.chance(0.3) && ends_[0].core.can_half_close()) ends_[0].resets = ends_[1].resets = 0.01;
    for (auto& end : ends_) end.core.start(now_);
  }

  void play() {
    for (int step = 0; step < 60 && !::testing::Test::HasFailure(); ++step) {
      for (auto& end : ends_) {
        if (end.flows.size() < 12 && dice_.chance(0.2)) end.open(now_);
        for (std::uint64_t i = dice_.pick(0, 6); i > 0; --i) end.act(now_);
        if (dice_.chance(0.05)) (void)end.core.ping(static_cast<std::uint32_t>(dice_.pick(0, 1 << 30)), now_);
      }
      pass(std::chrono::milliseconds{dice_.pick(0, 40)});
    }
  }

  /// The programs do what is left to do.
  void end() {
    for (auto& end : ends_) end.resets = 0;
    std::uint64_t before = 0;
    for (int quiet = 0; quiet < 5'000 && !is_done() && !::testing::Test::HasFailure(); ++quiet) {
      if (const std::uint64_t now = payload(); now != before) before = now, quiet = 0;
      for (auto& end : ends_) {
        for (auto& [id, flow] : end.flows) {
          end.read_on(flow, flow.unread, now_);
          end.write_on(flow, now_);
        }
      }
      pass(20ms);
    }
    EXPECT_TRUE(is_done()) << "something never ended";
    for (auto& end : ends_) {
      for (auto& [id, flow] : end.flows) end.read_on(flow, flow.unread, now_);
      end.checker.expect_no_credit_lost();
      EXPECT_EQ(end.core.unread_size(), 0U);
    }
  }

  /// The stream breaks, and each end is told in its own time.
  void cut() {
    for (auto& end : ends_) {
      end.core.stream_ended(dice_.chance(0.5) ? make_error_code(error::truncated) : boost::system::error_code{}, now_);
      end.take_events(now_);
      EXPECT_TRUE(end.has_ended);
      EXPECT_EQ(end.core.channel_count(), 0U);
      for (auto& [id, flow] : end.flows) {
        EXPECT_TRUE(flow.is_over) << "channel " << id << " was never told";
        EXPECT_TRUE(end.core.write(flow.handle, Bytes(1), now_).code);
        end.read_on(flow, flow.unread, now_);
      }
      EXPECT_EQ(end.core.unread_size(), 0U);
    }
  }

  void expect_sound_wire() const {
    for (const auto& end : ends_) EXPECT_EQ(end.checker.problem(), "");
  }

  [[nodiscard]] std::uint64_t payload() const {
    return ends_[0].checker.payload_said() + ends_[1].checker.payload_said();
  }

 private:
  [[nodiscard]] bool is_done() const {
    return std::all_of(ends_.begin(), ends_.end(), [](const auto& end) {
      return std::all_of(end.flows.begin(), end.flows.end(), [](const auto& entry) { return entry.second.is_over; });
    });
  }

  void pass(Duration span) {
    now_ += span;
    for (std::size_t i = 0; i < 2; ++i) {
      MuxEnd<Core>& to = ends_[1 - i];
      ends_[i].pump(pipes_[i], now_);
      Pipe& pipe = pipes_[i];
      while (!pipe.pieces.empty() && pipe.pieces.front().when <= now_) {
        pipe.size -= pipe.pieces.front().bytes.size();
        pipe.arrived_size += pipe.pieces.front().bytes.size();
        to.hear(pipe.pieces.front().bytes, now_);
        pipe.pieces.pop_front();
      }
      const Pipe& back = pipes_[1 - i];
      to.core.note_delivery(back.arrived_size, back.size + to.queue.size() + to.core.next_output().size(), now_);
      if (const auto deadline = to.core.next_deadline(); deadline && *deadline <= now_) to.core.expire(now_);
      to.take_events(now_);
      EXPECT_FALSE(to.has_ended) << "nobody has ended it: " << to.why_ended;
    }
  }

  MuxDice dice_;
  MuxOptions options_;
  std::deque<MuxEnd<Core>> ends_;
  std::array<Pipe, 2> pipes_;
  TimePoint now_{1h};
};

template <class Core>
class SimulatedChannels : public ::testing::Test {};
using Cores = ::testing::Types<wire::Yamux, wire::TcpChan>;
TYPED_TEST_SUITE(SimulatedChannels, Cores);

TYPED_TEST(SimulatedChannels, arrive_complete_and_in_order_and_everything_ends) {
  std::uint64_t payload = 0;
  for (unsigned seed = 1; seed <= try_count(1500); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MuxTrial<TypeParam> run{seed};
    run.play();
    run.end();
    run.expect_sound_wire();
    payload += run.payload();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(payload, 1'000'000U);
}

TYPED_TEST(SimulatedChannels, all_end_with_their_session) {
  for (unsigned seed = 1; seed <= try_count(500); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MuxTrial<TypeParam> run{seed + 1'000'000};
    run.play();
    run.cut();
    run.expect_sound_wire();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace parley::test
