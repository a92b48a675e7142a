// A server and its clients that ask each other, on a network that delays, splits, refuses, cuts and forgets, and with
// restarts of either side, by thousands of seeds: what requests promise holds whatever happens. A checker that knows
// nothing of the cores says so. A failure names its seed, which is all it takes to see it again.
//
// PARLEY_PROPERTY_SCALE multiplies the number of seeds.
#include "policy/rpc_conversation.hpp"
#include "policy/rpc_party.hpp"
#include "support/request_checker.hpp"
#include "support/simulated_streams.hpp"
#include "request_plan.hpp"
#include "try_count.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace parley::test::simulated_requests {
namespace {

using namespace std::chrono_literals;
using policy::OnLoss;
using policy::RpcConversation;
using policy::RpcParty;
using Begun = RpcParty::Begun;
using Ending = RequestChecker::Ending;
using EventKind = RpcConversation::Event::Kind;
using Question = RequestChecker::Question;
using Refusal = RpcParty::Refusal;
using Side = SimulatedStream::Side;
using Type = wire::RequestType;
using What = policy::RpcCarrier::What;

class Run;

/// One end of a connection.
struct Line final : policy::RpcCarrier {
  Line(Run& run_, std::uint64_t number_, std::shared_ptr<SimulatedStream> stream_, Side side_, std::string client_id,
       TimePoint now)
      : run{run_},
        number{number_},
        stream{std::move(stream_)},
        side{side_},
        conversation{{.role = side == Side::dialling ? wire::CommunicaRole::client : wire::CommunicaRole::server,
                      .client_id = client_id,
                      .greeting_time_max = 2s},
                     in,
                     out},
        client{std::move(client_id)} {
    conversation.start(now);
  }
  void send(What what, std::string_view metadata, const Message& data) override;
  [[nodiscard]] bool has_room() const override { return true; }

  Run& run;
  const std::uint64_t number;  // both ends have the same
  std::shared_ptr<SimulatedStream> stream;
  const Side side;
  detail::InBuffer in{16 * 1024};
  detail::OutQueue out;
  RpcConversation conversation;
  std::string client;       // its id, once the server knows it
  bool is_leaving = false;  // ends when everything is written
  bool is_over = false;
};

/// What one side has going on with the other, from one restart to the next.
struct Partner {
  struct Waiting {
    RpcParty::JobId job;
    Question* question;
    std::size_t size;
  };

  Partner(const RpcParty::Settings& settings, RequestChecker::Life life_) : party{settings}, life{life_} {}

  RpcParty party;
  RequestChecker::Life life;
  std::shared_ptr<Line> line{};  // when messages can pass
  std::multimap<TimePoint, std::pair<RpcParty::JobId, Question*>> running{};
  std::deque<Waiting> deferred{};
};

struct Client {
  std::string id;
  std::unique_ptr<Partner> partner;
  std::shared_ptr<Line> dialled{};  // also before it has greeted
  TimePoint dials_at{};
};

class Run {
 public:
  Run(std::uint64_t seed, const Plan& plan) : plan_{plan}, dice_{seed + 1'000'000}, network_{seed, plan.faults} {
    for (int i = 0; i < plan_.client_count; ++i) {
      clients_.push_back({"client-" + std::to_string(i), new_partner()});
      known_[clients_.back().id] = new_partner();
    }
  }

  void play() {
    for (int step = 0; step < 60 && is_well(); ++step) {
      pass(dice_.span(0, 300));
      for (int n = dice_.pick(0, 8); n > 0; --n) act();
    }
  }

  /// Peace returns, and everything that can still end does.
  void end() {
    network_.make_peace(now_);
    plan_.reject = 0;
    ends_ = true;
    for (int step = 0; step < 3000 && is_well() && !is_done(); ++step) pass(50ms);
    EXPECT_TRUE(is_done()) << "something never ended";
    expect_all_answered();
    for (Partner* partner : partners()) give_up(*partner);
    for (Partner* partner : partners()) expect_nothing_left(*partner);
    EXPECT_EQ(checker_.problem(), "");
  }

  [[nodiscard]] Counts counts() const {
    Counts counts = counts_;
    counts.faults = network_.counts();
    return counts;
  }
  /// The same for runs in which the same has happened at the same times.
  [[nodiscard]] std::uint64_t digest() const noexcept { return digest_; }

  void on_sent(const Line& line, What what, std::string_view metadata, const Message& data) {
    if (data.size() > wire::CommunicaFrames::chunk_size) ++counts_.in_chunks;
    Question* const question = checker_.find(data.view());
    ASSERT_NE(question, nullptr);
    const bool is_again = what == What::question && question->sent_count > 0;
    if (what == What::question) {
      checker_.sends(*question, line.number);
    } else {
      checker_.sends_answer(*question, line.number);
      if (is_flushing_) ++counts_.answers_kept;
    }
    if (is_again) ++counts_.sent_again;
    if (!is_flushing_) return;
    flushed_.count += 1;
    flushed_.size += metadata.size() + data.size();
    if (is_again) return;
    flushed_.new_count += 1;
    flushed_.new_size += metadata.size() + data.size();
  }

 private:
  [[nodiscard]] std::unique_ptr<Partner> new_partner() {
    RpcParty::Settings settings = plan_.marks;
    settings.origin = ++last_life_ * 1'000'003;
    return std::make_unique<Partner>(settings, last_life_);
  }
  [[nodiscard]] std::vector<Partner*> partners() {
    std::vector<Partner*> all;
    for (Client& client : clients_) all.push_back(client.partner.get());
    for (auto& [id, partner] : known_) all.push_back(partner.get());
    return all;
  }
  [[nodiscard]] bool is_well() const { return checker_.problem().empty() && !::testing::Test::HasFailure(); }
  void note(std::uint64_t what) { digest_ = (digest_ ^ what) * 0x100000001b3U + static_cast<std::uint64_t>(since()); }
  [[nodiscard]] Duration::rep since() const { return (now_ - TimePoint{}).count(); }

  // --- what programs do ---------------------------------------------------------------------------------------------

  void act() {
    const std::vector<Partner*> all = partners();
    Partner& partner = *all[static_cast<std::size_t>(dice_.pick(0, static_cast<int>(all.size()) - 1))];
    const int what = dice_.pick(0, 999);
    if (what < 600) return ask(partner, false);
    if (what < 850) return ask(partner, true);
    if (what < 960) return cancel(partner);
    Client& client = clients_[static_cast<std::size_t>(dice_.pick(0, plan_.client_count - 1))];
    if (what < 975) return leave(client);
    if (!plan_.has_restarts) return;
    if (what < 988) return restart(client);
    if (what < 995) return forget(client.id);
    restart_server();
  }

  void ask(Partner& partner, bool is_notice) {
    const TimePoint deadline = is_notice || dice_.chance(0.5) ? TimePoint::max() : now_ + dice_.span(1, 5000);
    const OnLoss on_loss = is_notice ? OnLoss::fail : dice_.one_of({OnLoss::fail, OnLoss::resume, OnLoss::resend});
    std::size_t size = static_cast<std::size_t>(dice_.one_of({0, 1, 40, 300, 5000}));
    if (plan_.has_large && dice_.chance(0.02)) size = static_cast<std::size_t>(dice_.pick(1'000'000, 2'300'000));
    Question& question = checker_.asks(partner.life, is_notice, on_loss, deadline, size);
    const Message data{RequestChecker::question_of(question)};
    const std::string route = dice_.chance(0.5) ? "\"route\"" : "";
    Refusal refusal{};
    if (is_notice) {
      refusal = partner.party.notify(route, data);
    } else {
      const RpcParty::Asked asked = partner.party.request(route, data, {deadline, on_loss}, &question);
      refusal = asked.refusal;
      question.id = asked.id;
    }
    ++(is_notice ? counts_.notices : counts_.asked);
    if (refusal == Refusal::none) return;
    ++counts_.refused;
    checker_.refused(question);
    EXPECT_TRUE(refusal == Refusal::too_many_calls || !partner.line) << "nothing is kept while there is a connection";
    EXPECT_TRUE(refusal == Refusal::too_much_kept || checker_.open(partner.life).size() == plan_.marks.calls_max);
  }

  void cancel(Partner& partner) {
    const auto& open = checker_.open(partner.life);
    if (open.empty()) return;
    auto at = open.begin();
    std::advance(at, dice_.pick(0, static_cast<int>(open.size()) - 1));
    Question& question = checker_.at(*at);
    question.is_cancelled = true;
    void* const token = partner.party.cancel(question.id);
    EXPECT_EQ(token, &question);
    if (token != nullptr) ended(question, Ending::cancelled);
    EXPECT_EQ(partner.party.cancel(question.id), nullptr);
  }

  void leave(Client& client) {
    const std::shared_ptr<Line> line = client.partner->line;
    if (!line) return;
    disconnect(*client.partner);
    line->conversation.finish();
    line->is_leaving = true;
    client.dialled.reset();
    client.dials_at = now_ + dice_.span(0, 1000);
  }

  void restart(Client& client) {
    network_.count_killed();
    give_up(*client.partner);
    if (client.dialled) vanish(*client.dialled);
    client.dialled.reset();
    client.partner = new_partner();
    client.dials_at = now_ + dice_.span(0, 500);
  }

  void restart_server() {
    network_.count_killed();
    for (auto& [id, partner] : known_) {
      give_up(*partner);
      partner = new_partner();
    }
    for (const auto& line : lines_) {
      if (line->side == Side::accepting) vanish(*line);
    }
    server_is_down_until_ = now_ + dice_.span(0, 2000);
  }

  /// A client that has been away for long.
  void forget(const std::string& client_id) {
    std::unique_ptr<Partner>& partner = known_[client_id];
    if (partner->line) return;
    ++counts_.forgotten;
    give_up(*partner);
    partner = new_partner();
  }

  void give_up(Partner& partner) {
    partner.party.end_calls([this](void* token) { ended(*static_cast<Question*>(token), Ending::given_up); });
    EXPECT_EQ(partner.party.call_count(), 0U);
    EXPECT_TRUE(checker_.open(partner.life).empty());
  }

  /// A process ends: the other side sees that, or hears nothing any more.
  void vanish(Line& line) {
    if (dice_.chance(0.5)) return close(line);
    const bool is_dialling = line.side == Side::dialling;
    const Duration later = dice_.span(100, 20'000);
    line.stream->lose(now_, is_dialling ? Duration{} : later, is_dialling ? later : Duration{});
    (void)line.stream->die(now_);
    line.is_over = true;
  }

  void ended(Question& question, Ending ending) {
    checker_.ends(question, ending, now_);
    count(question, ending);
  }
  void count(const Question& question, Ending ending) {
    ++counts_.endings[static_cast<std::size_t>(ending)];
    note(question.number * 8 + static_cast<std::uint64_t>(ending));
  }

  // --- time ---------------------------------------------------------------------------------------------------------

  void pass(Duration span) {
    const TimePoint until = now_ + span;
    do {
      now_ = std::min(until, now_ + dice_.span(1, 60));
      network_.pass(now_);
      for (Client& client : clients_) dial(client);
      for (std::size_t i = 0; i < lines_.size(); ++i) {
        const std::shared_ptr<Line> line = lines_[i];
        pump(*line);
      }
      std::erase_if(lines_, [](const auto& line) { return line->is_over; });
      for (Partner* partner : partners()) {
        finish_work(*partner);
        end_late(*partner);
        check_bounds(*partner);
      }
      EXPECT_EQ(checker_.problem(), "");
    } while (now_ < until && is_well());
  }

  void dial(Client& client) {
    if (client.dialled || client.dials_at > now_) return;
    client.dials_at = now_ + dice_.span(1, 1000);
    if (server_is_down_until_ > now_) return;
    const std::shared_ptr<SimulatedStream> stream = network_.dial(now_);
    if (!stream) return;
    ++last_connection_;
    client.dialled = std::make_shared<Line>(*this, last_connection_, stream, Side::dialling, client.id, now_);
    lines_.push_back(client.dialled);
    lines_.push_back(std::make_shared<Line>(*this, last_connection_, stream, Side::accepting, "", now_));
  }

  void finish_work(Partner& partner) {
    while (!partner.running.empty() && partner.running.begin()->first <= now_) {
      const RpcParty::JobId job = partner.running.begin()->second.first;
      Question& question = *partner.running.begin()->second.second;
      partner.running.erase(partner.running.begin());
      checker_.ends_work(question);
      answer(partner, question, [&](Type type, const Message& data) {
        EXPECT_EQ(partner.party.finish(job, type, data), !question.is_notice);
      });
      while (partner.party.has_turn()) begin_deferred(partner);
    }
  }

  void begin_deferred(Partner& partner) {
    const RpcParty::Deferred next = partner.party.next_deferred();
    ASSERT_FALSE(partner.deferred.empty());
    const Partner::Waiting waiting = partner.deferred.front();
    partner.deferred.pop_front();
    EXPECT_EQ(next.id, waiting.job) << "out of its turn";
    EXPECT_EQ(next.data.view(), RequestChecker::question_of(*waiting.question));
    start_work(partner, waiting.job, *waiting.question);
  }

  void start_work(Partner& partner, RpcParty::JobId job, Question& question) {
    partner.running.emplace(now_ + dice_.span(0, plan_.work_time_max), std::pair{job, &question});
  }

  void end_late(Partner& partner) {
    if (partner.party.next_deadline().value_or(TimePoint::max()) <= now_) {
      while (void* const late = partner.party.take_late(now_)) {
        ended(*static_cast<Question*>(late), Ending::timed_out);
      }
    }
    checker_.expect_none_late(partner.life, now_);
  }

  void check_bounds(Partner& partner) {
    const RpcParty& party = partner.party;
    EXPECT_EQ(party.call_count(), checker_.open(partner.life).size());
    EXPECT_LE(party.call_count(), plan_.marks.calls_max);
    EXPECT_EQ(party.running_count(), partner.running.size());
    EXPECT_LE(partner.running.size(), plan_.marks.jobs_max);
    EXPECT_EQ(party.job_count() - party.running_count(), partner.deferred.size());
    EXPECT_LE(partner.deferred.size(), plan_.marks.deferred_count_max);
    std::size_t deferred_size = 0;
    for (const Partner::Waiting& each : partner.deferred) deferred_size += each.size;
    EXPECT_LE(deferred_size, plan_.marks.deferred_size_max);
    EXPECT_TRUE(!partner.line || party.kept_count() == 0);
  }

  // --- connections --------------------------------------------------------------------------------------------------

  [[nodiscard]] Client& client_of(const Line& line) {
    return *std::find_if(clients_.begin(), clients_.end(), [&](const Client& each) { return each.id == line.client; });
  }
  [[nodiscard]] Partner& partner_of(const Line& line) {
    return line.side == Side::dialling ? *client_of(line).partner : *known_.at(line.client);
  }

  void pump(Line& line) {
    if (line.is_over) return;
    if (line.stream->is_lost(line.side, now_)) return on_end(line);
    write(line);
    if (line.is_leaving) {
      if (line.out.empty()) close(line);
      return;
    }
    const auto deadline = line.conversation.next_deadline();
    if (deadline && *deadline <= now_) {
      EXPECT_EQ(line.conversation.expire(now_).kind, EventKind::failed);
      return on_end(line);
    }
    read(line);
    if (!line.is_over) write(line);
  }

  void write(Line& line) {
    while (!line.out.empty()) {
      std::array<std::span<const std::byte>, 4> parts;
      const std::size_t count = line.out.gather(parts);
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t taken = line.stream->write(line.side, parts[i], now_);
        size += taken;
        if (taken < parts[i].size()) break;
      }
      (void)line.out.consume(size);
      if (size == 0) return;
    }
  }

  void read(Line& line) {
    while (!line.is_over && !line.is_leaving) {
      std::span<std::byte> room = line.in.prepare(line.conversation.wanted_size());
      if (dice_.chance(0.2)) room = room.first(std::min<std::size_t>(room.size(), 1 + room.size() / 50));
      const std::size_t size = line.stream->read(line.side, room, now_);
      line.in.commit(size);
      if (size == 0) break;
      take_events(line);
    }
    if (line.is_over || line.is_leaving || !line.stream->has_ended(line.side, now_)) return;
    line.conversation.stream_ended();
    take_events(line);
    if (!line.is_over && !line.is_leaving) on_end(line);
  }

  void take_events(Line& line) {
    while (!line.is_over && !line.is_leaving) {
      const RpcConversation::Event event = line.conversation.next_event();
      switch (event.kind) {
        case EventKind::none: return;
        case EventKind::greeted: on_greeted(line, event.client_id); break;
        case EventKind::message: on_message(line, event); break;
        case EventKind::rejected: on_rejected(line); break;
        case EventKind::ended: on_end(line); break;
        case EventKind::failed: EXPECT_EQ(event.code, error::truncated) << event.sentence; on_end(line);
      }
      if (!ends_ && dice_.chance(0.02)) act();  // a program may do anything between two events
    }
  }

  void on_greeted(Line& line, const std::string& client_id) {
    if (line.side == Side::accepting) {
      EXPECT_TRUE(known_.contains(client_id)) << client_id;
      if (dice_.chance(plan_.reject)) {
        ++counts_.rejected;
        line.conversation.reject("not today");
        line.is_leaving = true;
        return;
      }
      line.client = client_id;
      line.conversation.accept();
    }
    Partner& partner = partner_of(line);
    if (const std::shared_ptr<Line> older = partner.line) {
      ++counts_.replaced;
      disconnect(partner);
      close(*older);
    }
    connect(partner,
            *std::find_if(lines_.begin(), lines_.end(), [&](const auto& each) { return each.get() == &line; }));
  }

  void connect(Partner& partner, const std::shared_ptr<Line>& line) {
    const std::size_t kept_count = partner.party.kept_count();
    const std::size_t kept_size = partner.party.kept_size();
    partner.line = line;
    flushed_ = {};
    is_flushing_ = true;
    partner.party.connected(*line);
    is_flushing_ = false;
    EXPECT_EQ(flushed_.count, kept_count);
    EXPECT_LE(flushed_.size, kept_size);
    EXPECT_LE(flushed_.new_count, plan_.marks.kept_count_max);
    EXPECT_LE(flushed_.new_size, plan_.marks.kept_size_max);
    EXPECT_EQ(partner.party.kept_size(), 0U);
  }

  void disconnect(Partner& partner) {
    partner.line.reset();
    partner.party.disconnected([this](void* token) {
      Question& question = *static_cast<Question*>(token);
      ended(question, Ending::disconnected);
    });
  }

  void on_rejected(Line& line) {
    Client& client = client_of(line);
    give_up(*client.partner);
    on_end(line);
  }

  void on_end(Line& line) {
    close(line);
    if (line.client.empty()) return;  // it has not said who it is
    Partner& partner = partner_of(line);
    if (partner.line.get() == &line) disconnect(partner);
    Client& client = client_of(line);
    if (client.dialled.get() != &line) return;
    client.dialled.reset();
    client.dials_at = now_ + dice_.span(0, 1000);
  }

  void close(Line& line) {
    line.is_over = true;
    line.stream->finish(line.side, now_);
  }

  // --- messages -----------------------------------------------------------------------------------------------------

  void on_message(Line& line, const RpcConversation::Event& event) {
    Partner& partner = partner_of(line);
    Question* const question = checker_.find(event.data.view());
    ASSERT_NE(question, nullptr);
    if (!wire::is_answer(event.metadata.type)) return on_question(line, partner, event, *question);
    void* const token = partner.party.take_answered(event.metadata.id);
    if (token == nullptr) {
      EXPECT_TRUE(question->has_ended) << "request " << question->number << " has an answer that it is not given";
      return;
    }
    Question& asked = *static_cast<Question*>(token);
    const bool is_error = event.metadata.type != Type::answer;
    checker_.ends_by_answer(asked, is_error, event.data.view(), now_);
    count(asked, is_error ? Ending::failed : Ending::answered);
  }

  void on_question(Line& line, Partner& partner, const RpcConversation::Event& event, Question& question) {
    checker_.arrives(question, event.data.view(), line.number);
    EXPECT_EQ(event.metadata.type == Type::notice, question.is_notice);
    if (question.number % 4 == 0) {
      checker_.runs(question, partner.life);
      return answer(partner, question, [&](Type type, const Message& data) {
        partner.party.answer(event.metadata_text, event.metadata, type, data);
      });
    }
    const RpcParty::Job job = partner.party.begin(event.metadata_text, event.metadata, event.data);
    const std::size_t size = event.metadata_text.size() + event.data.size();
    switch (job.begun) {
      case Begun::now: checker_.begins_work(question, partner.life); return start_work(partner, job.id, question);
      case Begun::later:
        ++counts_.deferred;
        checker_.begins_work(question, partner.life);
        return partner.deferred.push_back({job.id, &question, size});
      case Begun::again:
        ++counts_.came_again;
        EXPECT_EQ(question.works_in, partner.life) << "request " << question.number << " is not in work";
        return;
      case Begun::too_many:
        ++counts_.too_many;
        EXPECT_NE(question.works_in, partner.life) << "request " << question.number << " is in work";
        expect_no_room(partner, size);
        if (question.is_notice) return;
        checker_.gives_answer(question, true);
        partner.party.answer(event.metadata_text, event.metadata, Type::responder_error,
                             Message{RequestChecker::error_of(question)});
    }
  }

  void expect_no_room(const Partner& partner, std::size_t size) {
    std::size_t deferred_size = size;
    for (const Partner::Waiting& each : partner.deferred) deferred_size += each.size;
    EXPECT_TRUE(partner.deferred.size() == plan_.marks.deferred_count_max ||
                deferred_size > plan_.marks.deferred_size_max)
        << "refused, and there was room";
    EXPECT_TRUE(!partner.deferred.empty() || partner.running.size() == plan_.marks.jobs_max);
  }

  template <class Give>
  void answer(Partner& partner, Question& question, Give give) {
    const bool is_error = question.number % 7 == 3;
    const std::uint64_t dropped_before = partner.party.answers_dropped();
    if (!question.is_notice) checker_.gives_answer(question, is_error);
    give(is_error ? Type::requester_error : Type::answer,
         Message{is_error ? RequestChecker::error_of(question) : RequestChecker::answer_of(question)});
    if (partner.party.answers_dropped() == dropped_before) return;
    EXPECT_FALSE(partner.line) << "an answer was dropped, and there was a connection";
    ++counts_.answers_dropped;
    checker_.drops_answer(question);
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  [[nodiscard]] bool is_done() {
    const auto is_quiet = [&](const Partner* partner) {
      const auto& open = checker_.open(partner->life);
      return partner->line && partner->line->out.empty() && partner->party.job_count() == 0 &&
             std::all_of(open.begin(), open.end(),
                         [&](std::uint64_t number) { return checker_.at(number).on_loss == OnLoss::resume; });
    };
    const std::vector<Partner*> all = partners();
    // What is on its way to somebody who waits for ever has had its time.
    quiet_count_ = std::all_of(all.begin(), all.end(), is_quiet) ? quiet_count_ + 1 : 0;
    return quiet_count_ > 20 && std::none_of(all.begin(), all.end(), [](const Partner* partner) {
             return partner->party.next_deadline().has_value() && partner->party.call_count() > 0;
           });
  }

  void expect_all_answered() {
    for (Client& client : clients_) {
      Partner& other = *known_[client.id];
      for (const auto& [asker, responder] : {std::pair{client.partner.get(), &other}, {&other, client.partner.get()}}) {
        const std::uint64_t connection = asker->line ? asker->line->number : 0;
        checker_.expect_all_arrived(asker->life, connection);
        for (const std::uint64_t number : checker_.open(asker->life)) {
          checker_.expect_to_stay_open(checker_.at(number), responder->life, connection);
        }
      }
    }
  }

  void expect_nothing_left(const Partner& partner) {
    const RpcParty& party = partner.party;
    EXPECT_EQ(party.call_count(), 0U);
    EXPECT_EQ(party.job_count(), 0U);
    EXPECT_EQ(party.running_count(), 0U);
    EXPECT_EQ(party.kept_count(), 0U);
    EXPECT_EQ(party.kept_size(), 0U);
    EXPECT_EQ(party.kept_answer_count(), 0U);
    EXPECT_FALSE(party.has_turn());
  }

  /// What has left as soon as there was a connection; new: for the first time.
  struct Flushed {
    std::size_t count = 0;
    std::size_t size = 0;
    std::size_t new_count = 0;
    std::size_t new_size = 0;
  };

  Plan plan_;
  Dice dice_;
  SimulatedNetwork network_;
  RequestChecker checker_;
  Counts counts_;
  TimePoint now_{1h};
  std::vector<Client> clients_;
  std::map<std::string, std::unique_ptr<Partner>> known_;  // to the server, by client id
  std::vector<std::shared_ptr<Line>> lines_;
  TimePoint server_is_down_until_{};
  std::uint64_t last_life_ = 0;
  std::uint64_t last_connection_ = 0;
  std::uint64_t digest_ = 0xcbf29ce484222325U;
  Flushed flushed_;
  bool is_flushing_ = false;
  bool ends_ = false;
  int quiet_count_ = 0;
};

void Line::send(What what, std::string_view metadata, const Message& data) {
  run.on_sent(*this, what, metadata, data);
  conversation.send(metadata, data);
}

Counts run_one(unsigned seed, std::uint64_t* digest = nullptr) {
  Dice dice{seed};
  Run run{seed, plan_for(dice)};
  run.play();
  run.end();
  if (digest != nullptr) *digest = run.digest();
  return run.counts();
}

TEST(SimulatedRequests, end_once_and_run_once_whatever_happens) {
  Counts sum;
  for (unsigned seed = 0; seed < try_count(2000); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    add(sum, run_one(seed));
    if (HasFailure()) return;
  }
  tell(sum);
  for (const std::uint64_t count : sum.endings) EXPECT_GT(count, 0U);
  for (const std::uint64_t count : {sum.faults.cut, sum.faults.half_open, sum.faults.killed, sum.replaced, sum.rejected,
                                    sum.refused, sum.sent_again, sum.came_again, sum.deferred, sum.too_many,
                                    sum.in_chunks, sum.answers_kept, sum.answers_dropped}) {
    EXPECT_GT(count, 0U) << "something was never tried";
  }
}

TEST(SimulatedRequests, happen_again_in_the_same_way_by_the_same_seed) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::array<std::uint64_t, 2> digests{};
    for (std::uint64_t& digest : digests) run_one(seed, &digest);
    EXPECT_EQ(digests[0], digests[1]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace parley::test::simulated_requests
