#include "policy/event_queue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley::policy {
namespace {

SocketEvent carrying(std::size_t size) {
  SocketEvent event;
  event.kind = SocketEvent::Kind::gave_up;
  event.message = Message{std::string(size, 'x')};
  return event;
}

TEST(EventQueue, the_oldest_go_when_there_are_too_many) {
  EventQueue events{2, 1000};
  for (std::uint64_t count = 1; count <= 3; ++count) {
    SocketEvent event;
    event.count = count;
    events.add(event);
  }
  EXPECT_EQ(events.missed(), 1U);
  EXPECT_EQ(events.take()->count, 2U);
}

TEST(EventQueue, the_oldest_go_when_they_carry_too_much) {
  EventQueue events{100, 1000};
  for (int i = 0; i < 5; ++i) events.add(carrying(400));
  EXPECT_EQ(events.missed(), 3U);
  events.add(carrying(5000));
  EXPECT_EQ(events.take()->message.size(), 5000U);  // the last is kept, whatever it carries
  EXPECT_TRUE(events.empty());
}

TEST(EventQueue, drops_of_one_peer_for_one_reason_are_one_event) {
  EventQueue events{100, 1000};
  events.add_dropped({}, error::full, 2);
  events.add_dropped({}, error::full, 3);
  events.add_dropped({}, error::closed, 1);
  EXPECT_EQ(events.take()->count, 5U);
  EXPECT_EQ(events.take()->count, 1U);
}

}  // namespace
}  // namespace parley::policy
