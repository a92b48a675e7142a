// Checks requests, notices and answers by what goes into and comes out of both sides; it knows nothing of the cores.
//
// A request ends once, in a way that it may end in; an answer is that of its request, byte by byte. What may not be
// sent again arrives once at most, and in the order in which it was asked; so does what each connection brings. Nothing
// is in work twice at the same time. What has ended is not sent. The first problem is told.
#pragma once

#include "policy/calls.hpp"

#include <parley/time.hpp>
#include <parley/wire/request_metadata.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace parley::test {

class RequestChecker {
 public:
  using OnLoss = policy::OnLoss;
  using Number = std::uint64_t;
  /// Whoever asks or answers, from one restart to the next.
  using Life = std::uint64_t;
  using Connection = std::uint64_t;

  enum class Ending : std::uint8_t { answered, failed, timed_out, cancelled, disconnected, given_up };
  static constexpr std::size_t ending_count = 6;

  struct Question {
    Number number = 0;
    Life asker = 0;
    bool is_notice = false;
    OnLoss on_loss = OnLoss::fail;
    TimePoint deadline = TimePoint::max();
    std::size_t size = 0;
    wire::RequestId id{};

    bool has_ended = false;
    bool is_cancelled = false;
    int sent_count = 0;
    Connection sent_over = 0;  // the last
    int arrived_count = 0;
    int run_count = 0;
    Life works_in = 0;    // who has it in work
    Life was_run_in = 0;  // who had it last
    bool was_answered = false;
    bool was_answered_by_error = false;
    Connection answered_over = 0;  // the last
    bool was_answer_dropped = false;
  };

  // --- what is in the messages --------------------------------------------------------------------------------------

  [[nodiscard]] static std::string question_of(const Question& question) {
    return text_of('q', question.number, question.size);
  }
  [[nodiscard]] static std::string answer_of(const Question& question) {
    return text_of('a', question.number, question.size / 2 + question.number % 200);
  }
  [[nodiscard]] static std::string error_of(const Question& question) { return text_of('e', question.number, 0); }
  /// Null: nobody asked that.
  [[nodiscard]] Question* find(std::string_view text) {
    Number number = 0;
    if (!text.empty()) std::from_chars(text.data() + 1, text.data() + text.size(), number);
    return number == 0 || number > questions_.size() ? nullptr : &questions_[number - 1];
  }

  // --- asking -------------------------------------------------------------------------------------------------------

  Question& asks(Life asker, bool is_notice, OnLoss on_loss, TimePoint deadline, std::size_t size) {
    Question& question = questions_.emplace_back();
    question.number = questions_.size();
    question.asker = asker;
    question.is_notice = is_notice;
    question.on_loss = on_loss;
    question.deadline = deadline;
    question.size = size;
    if (!is_notice) open_[asker].insert(question.number);
    return question;
  }
  void refused(Question& question) {
    claim(question.sent_count == 0, question, "was refused, and sent");
    question.has_ended = true;
    open_[question.asker].erase(question.number);
  }
  void sends(Question& question, Connection connection) {
    question.sent_over = connection;
    claim(!question.has_ended, question, "is sent when it has ended");
    claim(++question.sent_count == 1 || may_come_again(question), question, "is sent again");
  }
  void ends(Question& question, Ending ending, TimePoint now) {
    claim(!question.has_ended, question, "ends twice");
    switch (ending) {
      case Ending::answered: claim(question.was_answered, question, "has an answer that nobody gave"); break;
      case Ending::failed: claim(question.was_answered_by_error, question, "has an error that nobody gave"); break;
      case Ending::timed_out: claim(question.deadline <= now, question, "ends before its time"); break;
      case Ending::cancelled: claim(question.is_cancelled, question, "was not cancelled"); break;
      case Ending::disconnected:
        claim(question.on_loss == OnLoss::fail, question, "ends with a connection that it does not depend on");
        claim(question.sent_count > 0, question, "ends with a connection on which it was not sent");
        break;
      case Ending::given_up: break;
    }
    question.has_ended = true;
    open_[question.asker].erase(question.number);
  }
  /// An answer has come, and has ended `question` according to the core.
  void ends_by_answer(Question& question, bool is_error, std::string_view text, TimePoint now) {
    claim(text == (is_error ? error_of(question) : answer_of(question)), question, "has another one's answer");
    ends(question, is_error ? Ending::failed : Ending::answered, now);
  }
  void expect_none_late(Life asker, TimePoint now) {
    for (const Number number : open_[asker]) {
      const Question& question = questions_[number - 1];
      claim(question.deadline > now, question, "is late and has not ended");
    }
  }
  [[nodiscard]] const std::set<Number>& open(Life asker) { return open_[asker]; }
  [[nodiscard]] Question& at(Number number) { return questions_[number - 1]; }

  // --- answering ----------------------------------------------------------------------------------------------------

  void arrives(Question& question, std::string_view text, Connection connection) {
    claim(text == question_of(question), question, "is garbled");
    claim(++question.arrived_count == 1 || may_come_again(question), question, "has come twice");
    Number& last = last_arrived_[{connection, question.asker}];
    claim(last < question.number, question, "has come behind " + std::to_string(last));
    last = question.number;
    if (may_come_again(question)) return;
    Number& last_of_all = last_arrived_[{0, question.asker}];
    claim(last_of_all < question.number, question, "has come behind " + std::to_string(last_of_all));
    last_of_all = question.number;
  }
  void runs(Question& question, Life life) {
    claim(++question.run_count == 1 || may_come_again(question), question, "is done twice");
    claim(question.works_in != life, question, "is done twice at the same time");
    claim(question.arrived_count > 0, question, "has not come and is done");
    question.was_run_in = life;
  }
  void begins_work(Question& question, Life life) {
    runs(question, life);
    question.works_in = life;
  }
  void ends_work(Question& question) { question.works_in = 0; }
  void gives_answer(Question& question, bool is_error) {
    claim(!question.is_notice, question, "wants no answer");
    (is_error ? question.was_answered_by_error : question.was_answered) = true;
    question.answered_over = 0;
    question.was_answer_dropped = false;
  }
  void drops_answer(Question& question) { question.was_answer_dropped = true; }
  void sends_answer(Question& question, Connection connection) {
    claim(question.was_answered || question.was_answered_by_error, question, "is answered by nobody");
    question.answered_over = connection;
  }

  // --- at the end: `connection` leads from asker to responder, and nothing is under way ------------------------------

  void expect_all_arrived(Life asker, Connection connection) {
    for (const Question& question : questions_) {
      if (question.asker != asker || (question.has_ended && question.sent_count == 0)) continue;
      claim(question.sent_count > 0, question, "was never sent");
      claim(question.sent_over != connection || question.arrived_count > 0, question, "was sent and has not come");
    }
  }
  void expect_to_stay_open(const Question& question, Life responder, Connection connection) {
    claim(question.on_loss == OnLoss::resume, question, "never ends");
    if (question.run_count == 0 || question.was_run_in != responder || question.was_answer_dropped) return;
    claim(question.answered_over != 0, question, "has an answer that was never sent");
    claim(question.answered_over != connection, question, "has an answer that never came");
  }

  /// What is wrong, or nothing.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  [[nodiscard]] static bool may_come_again(const Question& question) {
    return !question.is_notice && question.on_loss == OnLoss::resend;
  }
  [[nodiscard]] static std::string text_of(char kind, Number number, std::size_t size) {
    std::string text = kind + std::to_string(number) + ':';
    text.append(size, static_cast<char>('a' + number % 26));
    return text;
  }
  void claim(bool holds, const Question& question, const std::string& what) {
    if (holds || !problem_.empty()) return;
    problem_ = (question.is_notice ? "notice " : "request ") + std::to_string(question.number) + ' ' + what;
  }

  std::deque<Question> questions_;
  std::map<Life, std::set<Number>> open_;
  std::map<std::pair<Connection, Life>, Number> last_arrived_;
  std::string problem_;
};

}  // namespace parley::test
