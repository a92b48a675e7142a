#include "app/history_log.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>

namespace parley::app::detail {
namespace {

HistoryEntry entry(HistoryEntry::From from, const std::string& on_wire, const std::string& in_program) {
  return {{}, from, on_wire, in_program};
}

TEST(HistoryLog, keeps_the_last_messages_of_both_directions) {
  HistoryLog log{2, 1000};
  log.add(entry(HistoryEntry::From::peer, "a", "a"));
  log.add(entry(HistoryEntry::From::here, "b", "b"));
  log.add(entry(HistoryEntry::From::peer, "c", "c"));
  const History history = log.snapshot();
  EXPECT_EQ(to_string(history), "(1 older messages)\nhere: b\npeer: c\n");
  EXPECT_EQ(history.forgotten_count, 1U);
}

TEST(HistoryLog, is_bounded_in_bytes_of_both_forms) {
  HistoryLog log{100, 10};
  log.add(entry(HistoryEntry::From::peer, "1234", "12"));
  log.add(entry(HistoryEntry::From::peer, "12", "12"));
  EXPECT_EQ(log.snapshot().entries.size(), 2U);
  log.add(entry(HistoryEntry::From::peer, "1", ""));
  EXPECT_EQ(log.snapshot().entries.size(), 2U);
  log.add(entry(HistoryEntry::From::peer, "12345678901", ""));
  EXPECT_TRUE(log.snapshot().entries.empty()) << "one that is larger than all";
  EXPECT_EQ(log.snapshot().forgotten_count, 4U);
}

TEST(HistoryLog, keeps_no_buffer_alive_for_a_few_bytes) {
  const Message large{std::string(100'000, 'x')};
  HistoryLog log{10, 10'000};
  log.add({{}, HistoryEntry::From::peer, large.slice(0, 100), large.slice(50, 10)});
  const HistoryEntry kept = log.snapshot().entries.at(0);
  EXPECT_LT(kept.on_wire.pinned_size() + kept.in_program.pinned_size(), 1000U);
}

TEST(History, shows_what_differs_and_what_cannot_be_printed) {
  std::ostringstream out;
  out << entry(HistoryEntry::From::peer, "HELLO\r", "hello\n\\\x01\xFF");
  EXPECT_EQ(out.str(), "peer: hello\\n\\\\\\x01\\xff (on the wire: HELLO\\r)");
}

TEST(History, cuts_long_messages) {
  const std::string body(1000, 'x');
  EXPECT_EQ(to_string(entry(HistoryEntry::From::here, body, body)),
            "here: " + std::string(200, 'x') + "… (1000 bytes)");
}

}  // namespace
}  // namespace parley::app::detail
