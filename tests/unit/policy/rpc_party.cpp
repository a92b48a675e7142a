#include "policy/rpc_party.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::policy::party_test {
namespace {

using namespace std::chrono_literals;
using Begun = RpcParty::Begun;
using Lines = std::vector<std::string>;
using Refusal = RpcParty::Refusal;
using Type = wire::RequestType;

constexpr TimePoint start{};

/// What has left, by its data; answers begin with their type.
class Sent final : public RpcCarrier {
 public:
  void send(What what, std::string_view metadata, const Message& data) override {
    std::string decoded;
    const wire::RequestMetadataScan scan = wire::scan_metadata(metadata, decoded);
    EXPECT_TRUE(scan) << scan.what;
    EXPECT_EQ(what == What::answer, wire::is_answer(scan.metadata.type));
    last_metadata = metadata;
    last_id = scan.metadata.id;
    const auto type = static_cast<int>(scan.metadata.type);
    lines.push_back((what == What::answer ? std::to_string(type) + ' ' : "") + std::string{data.text()});
  }
  [[nodiscard]] bool has_room() const override { return !is_full; }
  Lines take() { return std::exchange(lines, {}); }

  bool is_full = false;
  Lines lines;
  std::string last_id;
  std::string last_metadata;
};

RpcParty::Settings small_marks() {
  RpcParty::Settings settings;
  settings.origin = 7;
  settings.calls_max = 8;
  settings.kept_count_max = 4;
  settings.kept_size_max = 1000;
  settings.jobs_max = 2;
  settings.deferred_count_max = 3;
  settings.deferred_size_max = 1000;
  return settings;
}

class RpcPartyTest : public ::testing::Test {
 protected:
  RpcParty party{small_marks()};
  Sent wire;
  std::vector<std::string> names = std::vector<std::string>(100);

  /// Requests are known by pointers to their names.
  RpcParty::Asked ask(std::string name, OnLoss on_loss = OnLoss::fail, TimePoint deadline = TimePoint::max()) {
    std::string& place = names.at(name_count++);
    place = std::move(name);
    return party.request("\"route\"", Message{place}, {.deadline = deadline, .on_loss = on_loss}, &place);
  }
  static std::string name_of(void* token) { return token == nullptr ? "none" : *static_cast<std::string*>(token); }
  static std::string text_of(const wire::RequestId& id) {
    std::string text(wire::RequestId::text_size, '0');
    id.put(text.data());
    return text;
  }
  std::string answered(const RpcParty::Asked& asked) { return name_of(party.take_answered(text_of(asked.id))); }
  Lines lose() {
    Lines failed;
    party.disconnected([&](void* token) { failed.push_back(name_of(token)); });
    return failed;
  }
  Lines end() {
    Lines ended;
    party.end_calls([&](void* token) { ended.push_back(name_of(token)); });
    return ended;
  }
  Lines connect() {
    party.connected(wire);
    return wire.take();
  }

  // What the other side asks.

  static std::string metadata_of(std::string_view id, Type type = Type::request) {
    return R"({"id": ")" + std::string{id} + R"(", "type": )" + std::to_string(static_cast<int>(type)) + '}';
  }
  RpcParty::Job begin(const std::string& id, const std::string& data = "x", Type type = Type::request) {
    const std::string text = metadata_of(id, type);
    return party.begin(text, wire::scan_metadata(text, decoded).metadata, Message{data});
  }
  RpcParty::Job begin_notice(const std::string& data = "x") { return begin("", data, Type::notice); }
  void answer(const std::string& id, const std::string& data, Type type = Type::answer) {
    const std::string text = metadata_of(id);
    party.answer(text, wire::scan_metadata(text, decoded).metadata, type, Message{data});
  }

  void expect_nothing_left() {
    EXPECT_EQ(party.call_count(), 0U);
    EXPECT_EQ(party.job_count(), 0U);
    EXPECT_EQ(party.running_count(), 0U);
    EXPECT_EQ(party.kept_count(), 0U);
    EXPECT_EQ(party.kept_answer_count(), 0U);
    EXPECT_FALSE(party.has_turn());
  }

  std::string decoded;
  std::size_t name_count = 0;
};

// --- asking ----------------------------------------------------------------------------------------------------------

TEST_F(RpcPartyTest, requests_leave_at_once_and_are_ended_by_their_answers_in_any_order) {
  connect();
  const auto a = ask("a");
  EXPECT_EQ(wire.last_metadata, R"({"id": ")" + text_of(a.id) + R"(", "type": 1, "route": "route"})");
  const auto b = ask("b");
  EXPECT_EQ(wire.take(), (Lines{"a", "b"}));
  EXPECT_EQ(party.call_count(), 2U);
  EXPECT_EQ(answered(b), "b");
  EXPECT_EQ(answered(a), "a");
  EXPECT_EQ(answered(a), "none") << "twice";
  expect_nothing_left();
}

TEST_F(RpcPartyTest, answers_that_nobody_asked_for_are_for_nobody) {
  connect();
  const auto a = ask("a");
  EXPECT_EQ(party.take_answered(""), nullptr);
  EXPECT_EQ(party.take_answered("no id of ours"), nullptr);
  EXPECT_EQ(party.take_answered(text_of({8, a.id.number})), nullptr) << "of another requester";
  EXPECT_EQ(party.take_answered(text_of({7, a.id.number + 1})), nullptr);
  EXPECT_EQ(party.call_count(), 1U);
}

TEST_F(RpcPartyTest, notices_have_no_id_and_are_not_counted) {
  connect();
  EXPECT_EQ(party.notify("", Message{"note"}), Refusal::none);
  EXPECT_EQ(wire.last_metadata, R"({"id": "", "type": 2})");
  EXPECT_EQ(party.take_answered(""), nullptr);
  expect_nothing_left();
}

TEST_F(RpcPartyTest, only_so_many_requests_wait_for_answers) {
  connect();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(ask("call").refusal, Refusal::none);
  EXPECT_EQ(ask("one more").refusal, Refusal::too_many_calls);
  EXPECT_EQ(party.notify("", Message{"note"}), Refusal::none) << "waits for none";
  EXPECT_EQ(wire.take().size(), 9U);
  EXPECT_EQ(end().size(), 8U);
  EXPECT_EQ(ask("again").refusal, Refusal::none);
}

TEST_F(RpcPartyTest, a_long_route_is_sent_whole) {
  connect();
  const std::string route = '"' + std::string(60'000, 'r') + '"';
  party.request(route, Message{"a"}, {}, &names[0]);
  EXPECT_TRUE(wire.last_metadata.ends_with(R"(, "route": )" + route + '}'));
  party.notify(route, Message{"b"});
  EXPECT_TRUE(wire.last_metadata.ends_with(R"(, "route": )" + route + '}'));
}

TEST_F(RpcPartyTest, a_cancelled_request_is_not_found_by_its_answer) {
  connect();
  const auto a = ask("a");
  EXPECT_EQ(name_of(party.cancel(a.id)), "a");
  EXPECT_EQ(party.cancel(a.id), nullptr);
  EXPECT_EQ(answered(a), "none");
  expect_nothing_left();
}

TEST_F(RpcPartyTest, late_requests_end_the_earliest_first) {
  connect();
  ask("b", OnLoss::fail, start + 2s);
  ask("a", OnLoss::resend, start + 1s);
  ask("c");
  EXPECT_EQ(party.next_deadline(), start + 1s);
  EXPECT_EQ(party.take_late(start + 999ms), nullptr);
  EXPECT_EQ(name_of(party.take_late(start + 2s)), "a");
  EXPECT_EQ(name_of(party.take_late(start + 2s)), "b");
  EXPECT_EQ(party.take_late(start + 2s), nullptr);
  EXPECT_EQ(party.call_count(), 1U);
}

// --- without a connection --------------------------------------------------------------------------------------------

TEST_F(RpcPartyTest, what_is_asked_without_a_connection_waits_and_goes_in_order) {
  EXPECT_FALSE(party.is_connected());
  const auto a = ask("a");
  party.notify("", Message{"note"});
  ask("b", OnLoss::resend);
  EXPECT_EQ(party.kept_count(), 3U);
  EXPECT_EQ(connect(), (Lines{"a", "note", "b"}));
  EXPECT_TRUE(party.is_connected());
  EXPECT_EQ(party.kept_count(), 0U);
  EXPECT_EQ(answered(a), "a");
}

TEST_F(RpcPartyTest, requests_that_have_ended_are_not_sent) {
  const auto a = ask("a");
  ask("late", OnLoss::resume, start + 1s);
  ask("b");
  party.notify("", Message{"note"});
  EXPECT_EQ(name_of(party.cancel(a.id)), "a");
  EXPECT_EQ(name_of(party.take_late(start + 1s)), "late");
  EXPECT_EQ(connect(), (Lines{"b", "note"}));
}

TEST_F(RpcPartyTest, requests_that_have_ended_are_not_counted_among_what_is_kept) {
  const auto a = ask("a");
  const auto b = ask("b", OnLoss::resend);
  ask("late", OnLoss::resume, start + 1s);
  EXPECT_EQ(party.kept_count(), 3U);
  party.cancel(a.id);
  EXPECT_EQ(party.kept_count(), 2U);
  party.take_late(start + 1s);
  EXPECT_EQ(party.kept_count(), 1U);
  party.cancel(b.id);
  expect_nothing_left();
}

TEST_F(RpcPartyTest, requests_that_have_ended_do_not_hold_their_data) {
  const std::string large(850, 'x');
  for (int i = 0; i < 10; ++i) {
    const auto asked = party.request("", Message{large}, {}, &names[0]);
    EXPECT_EQ(asked.refusal, Refusal::none) << "there is room for one";
    EXPECT_EQ(party.request("", Message{large}, {}, &names[0]).refusal, Refusal::too_much_kept);
    party.cancel(asked.id);
  }
  EXPECT_EQ(party.kept_size(), 0U);
}

TEST_F(RpcPartyTest, so_many_messages_are_kept) {
  const auto first = ask("first");
  for (int i = 0; i < 3; ++i) party.notify("", Message{"note"});
  EXPECT_EQ(ask("request").refusal, Refusal::too_much_kept);
  EXPECT_EQ(party.notify("", Message{"notice"}), Refusal::too_much_kept);
  EXPECT_EQ(party.call_count(), 1U) << "what was refused leaves nothing";
  party.cancel(first.id);
  EXPECT_EQ(party.notify("", Message{"notice"}), Refusal::none) << "the room of one that has ended";
  EXPECT_EQ(connect().size(), 4U);
}

TEST_F(RpcPartyTest, so_many_bytes_are_kept) {
  EXPECT_EQ(party.notify("", Message{std::string(700, 'x')}), Refusal::none);
  EXPECT_EQ(party.notify("", Message{std::string(250, 'x')}), Refusal::too_much_kept) << "with its metadata";
  EXPECT_EQ(party.notify("", Message{std::string(150, 'x')}), Refusal::none);
  EXPECT_LE(party.kept_size(), 1000U);
  connect();
  EXPECT_EQ(party.kept_size(), 0U);
  EXPECT_EQ(party.notify("", Message{std::string(5000, 'x')}), Refusal::none) << "nothing is kept while connected";
}

// --- a lost connection -----------------------------------------------------------------------------------------------

TEST_F(RpcPartyTest, a_connection_that_is_full_takes_answers_only) {
  connect();
  begin("a");
  wire.is_full = true;
  EXPECT_EQ(ask("request").refusal, Refusal::too_much_kept);
  EXPECT_EQ(party.notify("", Message{"notice"}), Refusal::too_much_kept);
  answer("b", "answer");
  EXPECT_EQ(wire.take(), Lines{"11 answer"});
  EXPECT_EQ(party.call_count(), 0U);
}

TEST_F(RpcPartyTest, a_lost_connection_ends_requests_makes_them_wait_or_sends_them_again) {
  connect();
  const auto fails = ask("fails");
  const auto resumes = ask("resumes", OnLoss::resume);
  const auto again = ask("again", OnLoss::resend);
  wire.take();
  EXPECT_EQ(lose(), (Lines{"fails"}));
  EXPECT_EQ(party.call_count(), 2U);
  EXPECT_EQ(connect(), (Lines{"again"}));
  EXPECT_EQ(wire.last_id, text_of(again.id)) << "so that the other side knows it";
  EXPECT_EQ(answered(fails), "none");
  EXPECT_EQ(answered(resumes), "resumes");
  EXPECT_EQ(answered(again), "again");
  expect_nothing_left();
}

TEST_F(RpcPartyTest, what_was_not_sent_does_not_end_with_a_connection) {
  connect();
  EXPECT_EQ(lose(), Lines{});
  ask("a");
  EXPECT_EQ(lose(), Lines{}) << "one that never was";
  EXPECT_EQ(connect(), (Lines{"a"}));
  EXPECT_EQ(lose(), (Lines{"a"}));
  expect_nothing_left();
}

TEST_F(RpcPartyTest, what_is_sent_again_goes_first_and_in_the_order_in_which_it_was_asked) {
  connect();
  const auto gone = ask("gone");
  ask("a", OnLoss::resend);
  answered(gone);
  ask("b", OnLoss::resend);  // in the place of the one that has gone
  party.notify("", Message{"note"});
  ask("c", OnLoss::resend);
  wire.take();
  EXPECT_EQ(lose(), Lines{});
  ask("d");
  EXPECT_EQ(party.kept_count(), 4U);
  EXPECT_EQ(lose(), Lines{});
  EXPECT_EQ(party.kept_count(), 4U) << "none of them twice";
  EXPECT_EQ(connect(), (Lines{"a", "b", "c", "d"})) << "and notices never again";
}

TEST_F(RpcPartyTest, requests_are_sent_again_on_each_connection_until_they_end) {
  connect();
  const auto a = ask("a", OnLoss::resend);
  const auto b = ask("b", OnLoss::resend);
  wire.take();
  lose();
  EXPECT_EQ(connect(), (Lines{"a", "b"}));
  EXPECT_EQ(answered(a), "a");
  lose();
  EXPECT_EQ(connect(), (Lines{"b"}));
  lose();
  party.cancel(b.id);
  EXPECT_EQ(connect(), Lines{});
  expect_nothing_left();
}

TEST_F(RpcPartyTest, what_is_sent_again_is_kept_beyond_the_marks_and_nothing_else_then) {
  connect();
  for (int i = 0; i < 6; ++i) ask(std::string(300, 'x'), OnLoss::resend);
  wire.take();
  EXPECT_EQ(lose(), Lines{}) << "it has been taken already";
  EXPECT_EQ(party.kept_count(), 6U);
  EXPECT_EQ(ask("a").refusal, Refusal::too_much_kept);
  EXPECT_EQ(party.notify("", Message{}), Refusal::too_much_kept);
  EXPECT_EQ(connect().size(), 6U);
}

TEST_F(RpcPartyTest, all_requests_end_with_their_owner_and_notices_still_go) {
  connect();
  ask("sent", OnLoss::resume);
  lose();
  ask("kept");
  party.notify("", Message{"note"});
  EXPECT_EQ(end(), (Lines{"sent", "kept"}));
  EXPECT_EQ(party.call_count(), 0U);
  EXPECT_EQ(party.kept_count(), 1U);
  wire.take();
  EXPECT_EQ(connect(), (Lines{"note"}));
  expect_nothing_left();
}

// --- answering -------------------------------------------------------------------------------------------------------

TEST_F(RpcPartyTest, answers_have_the_metadata_of_their_requests) {
  connect();
  const std::string text = R"({"trace": [1, 2], "type": 1, "id": "their-id", "route": "r"})";
  const wire::RequestMetadata metadata = wire::scan_metadata(text, decoded).metadata;
  party.answer(text, metadata, Type::answer, Message{"now"});
  EXPECT_EQ(wire.last_metadata, R"({"trace": [1, 2], "type": 11, "id": "their-id", "route": "r"})");
  const RpcParty::Job job = party.begin(text, metadata, Message{"x"});
  EXPECT_EQ(job.begun, Begun::now);
  EXPECT_TRUE(party.finish(job.id, Type::responder_error, Message{"later"}));
  EXPECT_EQ(wire.last_metadata, R"({"trace": [1, 2], "type": 51, "id": "their-id", "route": "r"})");
  EXPECT_EQ(wire.take(), (Lines{"11 now", "51 later"}));
  expect_nothing_left();
}

TEST_F(RpcPartyTest, notices_are_never_answered) {
  connect();
  const std::string text = metadata_of("", Type::notice);
  party.answer(text, wire::scan_metadata(text, decoded).metadata, Type::failed, Message{"why"});
  const RpcParty::Job job = begin_notice();
  EXPECT_EQ(job.begun, Begun::now);
  EXPECT_FALSE(party.finish(job.id, Type::answer, Message{"value"}));
  EXPECT_EQ(wire.take(), Lines{});
  expect_nothing_left();
}

TEST_F(RpcPartyTest, a_job_ends_once) {
  connect();
  const RpcParty::Job job = begin("a");
  EXPECT_TRUE(party.finish(job.id, Type::answer, Message{"1"}));
  party.finish(job.id, Type::answer, Message{"2"});
  EXPECT_EQ(wire.take(), (Lines{"11 1"}));
}

TEST_F(RpcPartyTest, further_requests_wait_for_their_turn) {
  connect();
  const RpcParty::Job a = begin("a");
  const RpcParty::Job b = begin("b");
  const RpcParty::Job c = begin("c", "data of c");
  EXPECT_EQ(begin_notice("note").begun, Begun::later);
  EXPECT_EQ(a.begun, Begun::now);
  EXPECT_EQ(b.begun, Begun::now);
  EXPECT_EQ(c.begun, Begun::later);
  EXPECT_EQ(party.job_count(), 4U);
  EXPECT_EQ(party.running_count(), 2U);
  EXPECT_FALSE(party.has_turn());

  party.finish(b.id, Type::answer, Message{});
  EXPECT_TRUE(party.has_turn());
  EXPECT_EQ(begin("d").begun, Begun::later) << "behind those who wait already";
  const RpcParty::Deferred next = party.next_deferred();
  EXPECT_EQ(next.id, c.id);
  EXPECT_EQ(next.metadata_text, metadata_of("c"));
  EXPECT_EQ(next.data.text(), "data of c");
  EXPECT_EQ(party.running_count(), 2U);
  EXPECT_FALSE(party.has_turn());
  EXPECT_TRUE(party.finish(next.id, Type::answer, Message{"c"}));
}

TEST_F(RpcPartyTest, so_many_requests_wait_for_their_turn) {
  connect();
  begin("a");
  begin("b");
  for (const char* id : {"c", "d", "e"}) EXPECT_EQ(begin(id).begun, Begun::later);
  EXPECT_EQ(begin("f").begun, Begun::too_many);
  EXPECT_EQ(begin_notice().begun, Begun::too_many);
  EXPECT_EQ(party.job_count(), 5U);
  (void)party.finish(1, Type::answer, Message{});
  (void)party.next_deferred();
  EXPECT_EQ(begin("f").begun, Begun::later) << "one that was refused may come again";
}

TEST_F(RpcPartyTest, so_many_bytes_wait_for_their_turn) {
  connect();
  const RpcParty::Job a = begin("a", std::string(5000, 'x'));
  begin("b", std::string(5000, 'x'));
  EXPECT_EQ(begin("c", std::string(960, 'x')).begun, Begun::later);
  EXPECT_EQ(begin("d", std::string(960, 'x')).begun, Begun::too_many);
  party.finish(a.id, Type::answer, Message{});
  (void)party.next_deferred();
  EXPECT_EQ(begin("d", std::string(960, 'x')).begun, Begun::later) << "what has its turn does not wait";
}

TEST_F(RpcPartyTest, a_request_that_comes_again_while_it_is_in_work_is_done_once) {
  connect();
  const RpcParty::Job a = begin("a");
  EXPECT_EQ(begin("a").begun, Begun::again);
  EXPECT_EQ(begin("b").begun, Begun::now);
  EXPECT_EQ(begin("c").begun, Begun::later);
  EXPECT_EQ(begin("c").begun, Begun::again) << "while it waits for its turn";
  EXPECT_EQ(party.job_count(), 3U);
  party.finish(a.id, Type::answer, Message{"1"});
  EXPECT_EQ(wire.take(), (Lines{"11 1"}));
  EXPECT_EQ(begin("a").begun, Begun::later) << "a new one, as far as anybody remembers";
}

TEST_F(RpcPartyTest, a_request_that_comes_again_is_not_refused_for_lack_of_room) {
  connect();
  begin("a");
  begin("b");
  for (const char* id : {"c", "d", "e"}) begin(id);
  EXPECT_EQ(begin("a").begun, Begun::again) << "its answer is on its way";
  EXPECT_EQ(begin("e", std::string(2000, 'x')).begun, Begun::again);
}

TEST_F(RpcPartyTest, notices_are_not_taken_for_each_other) {
  connect();
  EXPECT_EQ(begin_notice().begun, Begun::now);
  EXPECT_EQ(begin_notice().begun, Begun::now);
}

TEST_F(RpcPartyTest, answers_wait_for_a_connection_among_what_else_does) {
  connect();
  const RpcParty::Job job = begin("a");
  ask("again", OnLoss::resend);
  wire.take();
  lose();
  party.notify("", Message{"note"});
  EXPECT_TRUE(party.finish(job.id, Type::answer, Message{"value"}));
  EXPECT_EQ(party.kept_answer_count(), 1U);
  EXPECT_EQ(party.job_count(), 0U);
  EXPECT_EQ(connect(), (Lines{"again", "note", "11 value"}));
  EXPECT_EQ(party.kept_answer_count(), 0U);
}

TEST_F(RpcPartyTest, work_goes_on_without_a_connection_and_is_not_done_again_on_the_next) {
  connect();
  const RpcParty::Job job = begin("a");
  lose();
  connect();
  EXPECT_EQ(begin("a").begun, Begun::again);
  party.finish(job.id, Type::answer, Message{"value"});
  EXPECT_EQ(wire.take(), (Lines{"11 value"}));
}

TEST_F(RpcPartyTest, answers_that_there_is_no_room_for_are_dropped_and_counted) {
  for (int i = 0; i < 4; ++i) answer("a", "kept");
  answer("a", "one too many");
  EXPECT_EQ(party.answers_dropped(), 1U);
  const RpcParty::Job job = begin("b");
  EXPECT_TRUE(party.finish(job.id, Type::answer, Message{"and another"}));
  EXPECT_EQ(party.answers_dropped(), 2U);
  EXPECT_EQ(connect(), (Lines{"11 kept", "11 kept", "11 kept", "11 kept"}));
  answer("a", "now");
  EXPECT_EQ(wire.take(), (Lines{"11 now"}));
  EXPECT_EQ(party.answers_dropped(), 2U);
  expect_nothing_left();
}

}  // namespace
}  // namespace parley::policy::party_test
