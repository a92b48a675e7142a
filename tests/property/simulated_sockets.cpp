// Sockets on a network that delays, splits, cuts, forgets and kills, by thousands of seeds: what they promise holds
// whatever happens. A failure names its seed, which is all it takes to see it again.
//
// PARLEY_PROPERTY_SCALE multiplies the number of seeds.
#include <parley/testing/simulator.hpp>

#include "try_count.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace parley::test {
namespace {

using namespace std::chrono_literals;
using testing::FaultCounts;
using testing::Faults;
using testing::SimulatedReceived;
using testing::SimulatedSocket;
using testing::Simulator;
using Kind = SocketEvent::Kind;

/// What may go wrong in a run, and what the sockets are told to do.
struct Plan {
  SocketOptions sender;
  SocketOptions receiver;
  int sender_count = 1;
  int receiver_count = 1;
  Faults faults;
  bool kills = false;      // of receivers
  bool has_losses = true;  // connections may be lost
};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_{seed * 0x9e3779b97f4a7c15U + 1} {}
  int pick(int from, int to) { return std::uniform_int_distribution<int>{from, to}(engine_); }
  bool chance(double probability) { return std::uniform_real_distribution<double>{}(engine_) < probability; }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[pick(0, static_cast<int>(values.size()) - 1)];
  }

 private:
  std::mt19937_64 engine_;
};

void add_trouble(Plan& plan, Dice& dice) {
  Faults& faults = plan.faults;
  if (dice.chance(0.8)) faults.delay_max = std::chrono::milliseconds{dice.pick(1, 200)};
  if (dice.chance(0.5)) faults.split = 0.3;
  if (dice.chance(0.3)) faults.refuse = 0.3;
  if (dice.chance(0.3)) faults.buffer_size = static_cast<std::size_t>(dice.pick(50, 2000));
  if (!plan.has_losses) return;
  if (dice.chance(0.6)) faults.cut_every = std::chrono::milliseconds{dice.pick(200, 5000)};
  if (dice.chance(0.3)) faults.half_open_every = std::chrono::milliseconds{dice.pick(2000, 20'000)};
}

void add_marks(SocketOptions& options, Dice& dice) {
  options.send_high_water_count = static_cast<std::size_t>(dice.pick(2, 200));
  options.send_high_water_size = static_cast<std::size_t>(dice.pick(200, 20'000));
  options.receive_high_water_size = static_cast<std::size_t>(dice.pick(50, 5000));
}

Plan plan_for(SendMode mode, Delivery delivery, Dice& dice) {
  Plan plan;
  plan.sender.send_mode = mode;
  plan.sender.delivery = delivery;
  plan.sender_count = dice.pick(1, 2);
  plan.receiver_count = dice.pick(1, 3);
  add_marks(plan.sender, dice);
  add_marks(plan.receiver, dice);
  if (delivery == Delivery::at_least_once) {
    plan.sender.sent_max = 1'000'000;  // nothing is given up
    plan.kills = dice.chance(0.5);
    if (plan.kills) plan.receiver.acknowledge = Acknowledge::by_application;
  }
  if (mode == SendMode::publish) plan.has_losses = false;
  add_trouble(plan, dice);
  return plan;
}

/// One run: who sent what, and what arrived where.
class Trial {
 public:
  Trial(std::uint64_t seed, Plan plan) : plan_{std::move(plan)}, dice_{seed}, net_{seed, plan_.faults} {
    for (int i = 0; i < plan_.receiver_count; ++i) {
      receivers_.push_back(&net_.add_socket(plan_.receiver));
      receivers_.back()->bind(at(i));
    }
    lives_.resize(receivers_.size());
    for (auto& lives : lives_) lives.emplace_back();
    for (int i = 0; i < plan_.sender_count; ++i) {
      senders_.push_back(&net_.add_socket(plan_.sender));
      for (int j = 0; j < plan_.receiver_count; ++j) senders_.back()->connect(at(j));
    }
  }

  void play() {
    for (int step = 0; step < 60; ++step) {
      net_.pass(std::chrono::milliseconds{dice_.pick(0, 400)});
      for (std::size_t i = 0; i < senders_.size(); ++i) send_some(i);
      for (std::size_t i = 0; i < receivers_.size(); ++i) receive_some(i, dice_.pick(0, 40));
      if (plan_.kills && dice_.chance(0.05)) kill_one();
      check_bounds();
    }
  }

  /// Peace returns, and everything that can still arrive does.
  void end() {
    net_.set_faults({});
    for (SimulatedSocket* receiver : receivers_) receiver->restart();
    for (int quiet = 0; quiet < 30;) {
      net_.pass(1s);
      std::size_t count = 0;
      for (std::size_t i = 0; i < receivers_.size(); ++i) count += receive_some(i, 1 << 20);
      quiet = count == 0 ? quiet + 1 : 0;
    }
    for (std::size_t i = 0; i < senders_.size(); ++i) note_outcomes(i);
  }

  void close_all() {
    for (SimulatedSocket* sender : senders_) sender->close(2s);
    net_.pass(2s + 1ms);
    for (SimulatedSocket* sender : senders_) EXPECT_TRUE(sender->has_closed());
  }

  /// Each says what it has left undone, and that is what is missing at the other side.
  void close_amid_everything() {
    const Duration deadline = std::chrono::milliseconds{dice_.pick(0, 3000)};
    for (SimulatedSocket* sender : senders_) dropped_before_close_ += take_dropped(*sender);
    for (SimulatedSocket* sender : senders_) sender->close(deadline);
    net_.pass(deadline + 1ms);
    for (std::size_t i = 0; i < senders_.size(); ++i) {
      EXPECT_TRUE(senders_[i]->has_closed()) << "past its deadline";
      note_outcomes(i);
    }
  }

  void expect_close_to_tell_what_is_missing() {
    std::uint64_t certain = dropped_before_close_;
    std::uint64_t possible = 0;
    for (SimulatedSocket* sender : senders_) {
      const testing::SimulatedRemains left = sender->remains();
      certain += left.unsent;
      possible += left.unacknowledged + (left.unconfirmed_size + frame_size_min - 1) / frame_size_min;
      EXPECT_LE(take_dropped(*sender), left.unsent) << "dropped while it closed, and not reported";
    }
    std::set<std::string> got;
    for_each_life([&](const std::vector<std::string>& life) { got.insert(life.begin(), life.end()); });
    const std::uint64_t missing = accepted_.size() - got.size();
    EXPECT_LE(missing, certain + possible);
    EXPECT_LE(plan_.sender.delivery == Delivery::at_most_once ? certain : 0, missing);
  }

  void expect_all_operations_ended() const { EXPECT_TRUE(open_.empty()) << open_.size() << " operations never ended"; }

  void expect_nothing_lost() const {
    std::set<std::string> got;
    for_each_life([&](const std::vector<std::string>& life) { got.insert(life.begin(), life.end()); });
    for (const std::string& sent : accepted_) EXPECT_TRUE(got.contains(sent)) << sent << " was lost";
  }

  void expect_nothing_twice_in_a_life() const {
    for_each_life([](const std::vector<std::string>& life) {
      const std::set<std::string> distinct{life.begin(), life.end()};
      EXPECT_EQ(distinct.size(), life.size());
    });
  }

  void expect_nothing_twice() const {
    std::multiset<std::string> got;
    for_each_life([&](const std::vector<std::string>& life) { got.insert(life.begin(), life.end()); });
    for (const std::string& text : got) EXPECT_EQ(got.count(text), 1U) << text;
  }

  void expect_order() const {
    for_each_life([](const std::vector<std::string>& life) {
      std::map<std::string, int> last;
      for (const std::string& text : life) {
        const std::size_t colon = text.find(':');
        const int number = std::stoi(text.substr(colon + 1));
        const auto [at, is_first] = last.try_emplace(text.substr(0, colon), number);
        EXPECT_TRUE(is_first || at->second < number) << text << " after " << at->second;
        at->second = number;
      }
    });
  }

  /// Publishing, without losses: what a receiver has not got was dropped, and told.
  void expect_drops_told() {
    std::uint64_t dropped = 0;
    for (SimulatedSocket* sender : senders_) {
      while (auto event = sender->next_event()) {
        if (event->kind == Kind::dropped && !event->identity.is_null()) dropped += event->count;
      }
    }
    std::uint64_t got = 0;
    for_each_life([&](const std::vector<std::string>& life) { got += life.size(); });
    // What was sent before a receiver was there was kept, or dropped, for nobody in particular: all begin together.
    EXPECT_EQ(got + dropped, expected_copies_);
  }

  void wait_until_all_are_joined() {
    for (int i = 0; i < 600; ++i) {
      net_.pass(100ms);
      if (std::all_of(senders_.begin(), senders_.end(),
                      [&](const SimulatedSocket* s) { return s->peers().size() == receivers_.size(); })) {
        return;
      }
    }
    ADD_FAILURE() << "the sockets never came together";
  }

  [[nodiscard]] const FaultCounts& counts() const { return net_.counts(); }

 private:
  /// Of a message with the shortest text there is, `0:0:`.
  static constexpr std::size_t frame_size_min = 9;

  static Endpoint at(int i) { return Endpoint::tcp("receiver", static_cast<std::uint16_t>(i + 1)); }

  static std::uint64_t take_dropped(SimulatedSocket& socket) {
    std::uint64_t count = 0;
    while (const auto event = socket.next_event()) {
      if (event->kind == Kind::dropped) count += event->count;
    }
    return count;
  }

  void send_some(std::size_t i) {
    SimulatedSocket& sender = *senders_[i];
    for (int n = dice_.pick(0, 15); n > 0; --n) {
      const std::string text = std::to_string(i) + ":" + std::to_string(numbers_[i]++) + ":" +
                               std::string(static_cast<std::size_t>(dice_.one_of({0, 1, 30, 100, 1000})), 'x');
      if (dice_.chance(0.5)) {
        if (sender.try_send(text)) continue;
        accept(text);
      } else {
        open_.emplace(std::pair{i, sender.send(text)}, text);
      }
    }
    note_outcomes(i);
  }

  void note_outcomes(std::size_t i) {
    for (const auto& outcome : senders_[i]->outcomes()) {
      const auto found = open_.find({i, outcome.operation});
      ASSERT_NE(found, open_.end()) << "an operation ended twice";
      if (!outcome.code) accept(found->second);
      open_.erase(found);
    }
  }

  void accept(const std::string& text) {
    accepted_.push_back(text);
    expected_copies_ += receivers_.size();
  }

  std::size_t receive_some(std::size_t i, int count_max) {
    std::size_t count = 0;
    for (; count_max > 0; --count_max, ++count) {
      const auto received = receivers_[i]->receive();
      if (!received) break;
      lives_[i].back().push_back(received->message.text());
      receivers_[i]->acknowledge(*received);
    }
    return count;
  }

  void kill_one() {
    const auto i = static_cast<std::size_t>(dice_.pick(0, static_cast<int>(receivers_.size()) - 1));
    if (receivers_[i]->is_alive()) {
      receivers_[i]->kill();
    } else {
      receivers_[i]->restart();
    }
    lives_[i].emplace_back();
  }

  void check_bounds() const {
    constexpr std::size_t message_size_max = 1100;
    for (const SimulatedSocket* sender : senders_) {
      for (const Identity& peer : sender->peers()) {
        EXPECT_LE(sender->queue_size(peer), plan_.sender.send_high_water_size + message_size_max);
      }
      EXPECT_LE(sender->kept_count(), 2 * plan_.sender.send_high_water_count * receivers_.size() + 2);
    }
  }

  template <class F>
  void for_each_life(F f) const {
    for (const auto& lives : lives_) {
      for (const auto& life : lives) f(life);
    }
  }

  const Plan plan_;
  Dice dice_;
  Simulator net_;
  std::vector<SimulatedSocket*> senders_;
  std::vector<SimulatedSocket*> receivers_;
  std::vector<std::vector<std::vector<std::string>>> lives_;  // of each receiver: what it got in each of its lives
  std::map<std::size_t, int> numbers_;
  std::map<std::pair<std::size_t, std::uint64_t>, std::string> open_;
  std::vector<std::string> accepted_;
  std::uint64_t expected_copies_ = 0;
  std::uint64_t dropped_before_close_ = 0;
};

void add(FaultCounts& sum, const FaultCounts& counts) {
  sum.delayed += counts.delayed;
  sum.split += counts.split;
  sum.refused += counts.refused;
  sum.cut += counts.cut;
  sum.half_open += counts.half_open;
  sum.killed += counts.killed;
}

template <class Play>
void for_each_seed(int count, SendMode mode, Delivery delivery, Play play) {
  FaultCounts sum;
  for (unsigned seed = 0; seed < try_count(static_cast<unsigned>(count)); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice{seed};
    const Plan plan = plan_for(mode, delivery, dice);
    Trial run{seed, plan};
    play(run, plan);
    add(sum, run.counts());
    if (::testing::Test::HasFailure()) return;
  }
  std::cout << sum.delayed << " pieces delayed, " << sum.split << " writes split, " << sum.refused << " dials refused, "
            << sum.cut << " connections cut, " << sum.half_open << " half-open, " << sum.killed << " sockets killed\n";
}

TEST(SimulatedSockets, lose_nothing_at_least_once) {
  for_each_seed(900, SendMode::round_robin, Delivery::at_least_once, [](Trial& run, const Plan&) {
    run.play();
    run.end();
    run.expect_all_operations_ended();
    run.expect_nothing_lost();
    run.expect_nothing_twice_in_a_life();
    run.close_all();
  });
}

TEST(SimulatedSockets, keep_order_and_deliver_nothing_twice_at_most_once) {
  for_each_seed(600, SendMode::round_robin, Delivery::at_most_once, [](Trial& run, const Plan& plan) {
    run.play();
    run.end();
    run.expect_all_operations_ended();
    run.expect_nothing_twice();
    if (plan.receiver_count == 1) run.expect_order();
    if (plan.faults.cut_every == Duration::zero() && plan.faults.half_open_every == Duration::zero()) {
      run.expect_nothing_lost();
    }
    run.close_all();
  });
}

TEST(SimulatedSockets, close_by_their_deadline_and_tell_what_is_missing) {
  for (const Delivery delivery : {Delivery::at_most_once, Delivery::at_least_once}) {
    for_each_seed(200, SendMode::round_robin, delivery, [](Trial& run, const Plan& plan) {
      if (plan.kills || plan.faults.cut_every != Duration::zero() || plan.faults.half_open_every != Duration::zero()) {
        return;  // what is lost by that is another matter
      }
      run.play();
      run.close_amid_everything();
      run.end();
      run.expect_all_operations_ended();
      run.expect_close_to_tell_what_is_missing();
    });
  }
}

TEST(SimulatedSockets, tell_every_drop_of_what_is_published) {
  for_each_seed(500, SendMode::publish, Delivery::at_most_once, [](Trial& run, const Plan&) {
    run.wait_until_all_are_joined();
    run.play();
    run.end();
    run.expect_all_operations_ended();
    run.expect_order();
    run.expect_nothing_twice_in_a_life();
    run.expect_drops_told();
    run.close_all();
  });
}

}  // namespace
}  // namespace parley::test
