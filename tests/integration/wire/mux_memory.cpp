// What channels cost: memory of those that are idle, and allocations of those that are busy.
#include "support/count_allocations.hpp"

#include <parley/wire/any_mux.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <span>

#include <malloc.h>

namespace parley::test {
namespace {

/// Everything that one says the other hears.
void exchange(wire::AnyMux& from, wire::AnyMux& to, TimePoint now) {
  to.feed(from.next_output(), now);
  while (const auto event = to.next_event()) {
    if (event.kind == wire::MuxEvent::Kind::opened) to.accept(event.channel, now);
    if (event.kind == wire::MuxEvent::Kind::data) to.consume(event.channel, event.bytes.size(), now);
  }
  from.wrote(from.next_output().size());
}

class MuxMemory : public ::testing::TestWithParam<MuxDialect> {
 protected:
  static MuxOptions options() {
    MuxOptions options;
    options.dialect = GetParam();
    options.channels_max = options.unacknowledged_max = options.accept_backlog = 200'000;
    return options;
  }
};

TEST_P(MuxMemory, of_an_idle_channel_is_less_than_200_bytes) {
  constexpr std::size_t count = 100'000;
  const TimePoint now{std::chrono::hours{1}};
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  wire::AnyMux client{MuxRole::client, options(), 1};
  wire::AnyMux server{MuxRole::server, options(), 2};
  client.start(now);
  server.start(now);
  for (int i = 0; i < 3; ++i) exchange(client, server, now), exchange(server, client, now);
  const std::array<std::byte, 100> message{};
  for (std::size_t i = 0; i < count; ++i) {
    const auto channel = client.open(now).channel;
    ASSERT_EQ(client.write(channel, message, now).size, message.size());
    exchange(client, server, now);
    exchange(server, client, now);
  }
  EXPECT_EQ(client.channel_count(), count);
  EXPECT_EQ(server.channel_count(), count);
  if (!support::allocations_are_counted) return;
  const std::size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
  const double each = static_cast<double>(after - before) / (2 * count);
  RecordProperty("bytes", static_cast<int>(each));
  EXPECT_LT(each, 200);
}

TEST_P(MuxMemory, is_not_asked_for_while_bytes_flow) {
  const TimePoint now{std::chrono::hours{1}};
  wire::AnyMux client{MuxRole::client, options(), 1};
  wire::AnyMux server{MuxRole::server, options(), 2};
  client.start(now);
  server.start(now);
  for (int i = 0; i < 3; ++i) exchange(client, server, now), exchange(server, client, now);
  const auto channel = client.open(now).channel;
  static const std::array<std::byte, 64 * 1024> payload{};
  const auto send = [&] {
    exchange(client, server, now);
    const auto grant = client.reserve(channel, payload.size(), false, now);
    if (grant.size == 0) (void)client.next_turn();
    for (const auto piece : {grant.header(), std::span{payload}.first(grant.size)}) {
      server.feed(piece, now);
      while (const auto event = server.next_event()) {
        if (event.kind == wire::MuxEvent::Kind::opened) server.accept(event.channel, now);
        if (event.kind == wire::MuxEvent::Kind::data) server.consume(event.channel, event.bytes.size(), now);
      }
    }
    exchange(server, client, now);
    return grant.size;
  };
  for (int i = 0; i < 20; ++i) send();
  const auto before = support::allocation_count();
  std::uint64_t size = 0;
  for (int i = 0; i < 1000; ++i) size += send();
  EXPECT_EQ(support::allocation_count(), before);
  EXPECT_GT(size, 10'000'000U);
}

INSTANTIATE_TEST_SUITE_P(Dialects, MuxMemory, ::testing::Values(MuxDialect::yamux, MuxDialect::tcpchan),
                         [](const auto& tested) { return tested.param == MuxDialect::yamux ? "yamux" : "tcpchan"; });

}  // namespace
}  // namespace parley::test
