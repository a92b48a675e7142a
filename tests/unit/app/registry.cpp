#include "app/registry.hpp"

#include <parley/app/handlers.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace parley::app::detail {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// What a Server's user registers, without a server.
struct Registering : Handlers {
  Registering() : Registering{std::make_shared<Registry>()} {}
  explicit Registering(const std::shared_ptr<Registry>& made) : Handlers{made}, registry{made} {}
  std::shared_ptr<Registry> registry;

  std::shared_ptr<const Table> build() { return registry->build(0ms); }
  /// The sentence of what building throws.
  std::string why_not() {
    try {
      (void)build();
    } catch (const std::invalid_argument& refused) {
      return refused.what();
    }
    return "";
  }
};

std::string_view anything(const Message& /*first*/) { return "panel"; }
void ignore(const Message& /*message*/) {}
Message same(Message message) { return message; }

TEST(Registry, has_for_each_kind_what_is_for_all_and_what_is_for_it) {
  Registering r;
  r.classify(anything);
  r.on_message("panel", ignore);
  r.on_message(ignore);
  r.on_message({"panel", "meter"}, ignore);
  r.after_receive("meter", same);
  r.before_send(same);
  const auto table = r.build();
  EXPECT_EQ(table->find("panel")->handlers.size(), 3U);
  EXPECT_EQ(table->find("meter")->handlers.size(), 2U);
  EXPECT_EQ(table->find("unheard of")->handlers.size(), 1U);
  EXPECT_EQ(table->unclassified_kind().handlers.size(), 1U);
  EXPECT_EQ(table->find("meter")->after_receive.size(), 1U);
  EXPECT_TRUE(table->find("panel")->after_receive.empty());
  EXPECT_EQ(table->find("panel")->before_send.size(), 1U);
}

TEST(Registry, refuses_what_is_for_a_kind_that_is_not_declared) {
  Registering r;
  r.classify(anything, {"panel", "meter"});
  r.on_message(ignore);
  r.after_receive("metre", same);
  EXPECT_THAT(r.why_not(), HasSubstr("an after_receive hook is for peers of the kind \"metre\""));
}

TEST(Registry, refuses_a_declared_kind_that_nobody_handles) {
  Registering r;
  r.classify(anything, {"panel", "meter"});
  r.on_message("panel", ignore);
  EXPECT_THAT(r.why_not(), HasSubstr("the kind \"meter\", and no message handler is for it"));
}

TEST(Registry, refuses_a_framing_for_a_kind_that_is_not_declared) {
  Registering r;
  r.classify(ByPrefix{{"!!", "panel"}});
  r.on_message("panel", ignore);
  r.framing("pannel", Separator{"\n"});
  EXPECT_THAT(r.why_not(), HasSubstr("a framing is for peers of the kind \"pannel\""));
}

TEST(Registry, refuses_kinds_without_a_classifier) {
  Registering r;
  r.on_message("panel", ignore);
  EXPECT_THAT(r.why_not(), HasSubstr("there is no classifier"));
}

TEST(Registry, unclassified_is_a_kind_that_needs_no_declaration_and_no_handler) {
  Registering r;
  r.classify(anything, "panel");
  r.on_message("panel", ignore);
  EXPECT_EQ(r.why_not(), "");
  Registering s;
  s.on_message(unclassified, ignore);
  EXPECT_EQ(s.why_not(), "");
}

TEST(Registry, is_closed_once_the_table_is_made) {
  Registering r;
  (void)r.build();
  EXPECT_THROW(r.on_message(ignore), std::logic_error);
  EXPECT_THROW(r.on_connect([] {}), std::logic_error);
  EXPECT_THROW((void)r.build(), std::logic_error);
}

TEST(Registry, refuses_a_second_classifier_and_a_time_of_nothing) {
  Registering r;
  r.classify(anything);
  EXPECT_THROW(r.classify(anything), std::invalid_argument);
  EXPECT_THROW(r.on_idle(0s, [] {}), std::invalid_argument);
  EXPECT_THROW(r.filter(MakeFilter{}), std::invalid_argument);
}

TEST(Registry, has_times_of_silence_in_their_order) {
  Registering r;
  r.on_idle(5s, [] {});
  r.on_idle(2s, [] {});
  EXPECT_EQ(r.build()->silence.tell_after, (std::vector<Duration>{2s, 5s}));
}

TEST(ByPrefix, takes_the_longest) {
  const ByPrefix table{{{"a", "short"}, {"abc", "long"}, {"", "any"}}, "other"};
  EXPECT_EQ(table.kind_of("abcd"), "long");
  EXPECT_EQ(table.kind_of("ab"), "short");
  EXPECT_EQ(table.kind_of("x"), "any");
}

TEST(ByPrefix, may_be_of_a_table_that_is_only_known_when_the_program_runs) {
  const std::vector<ByPrefix::Entry> rows{{"a", "short"}, {"abc", "long"}};
  const ByPrefix table{rows, "other"};
  EXPECT_EQ(table.kind_of("abcd"), "long");
  EXPECT_EQ(table.kind_of("x"), "other");
  EXPECT_EQ(ByPrefix{rows}.kind_of("x"), unclassified);
}

TEST(ByPrefix, knows_its_kinds) {
  const ByPrefix table{{"!!", "panel"}, {"M:", "meter"}, {"N:", "meter"}};
  EXPECT_EQ(table.kinds().names(), (std::vector<std::string>{"panel", "meter", "unclassified"}));
  EXPECT_EQ(table.kind_of("?"), unclassified);
}

TEST(ByPrefix, refuses_a_prefix_that_is_there_twice) {
  EXPECT_THROW((ByPrefix{{"a", "x"}, {"a", "y"}}), std::invalid_argument);
}

}  // namespace
}  // namespace parley::app::detail
