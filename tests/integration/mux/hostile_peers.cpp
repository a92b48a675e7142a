// Strangers that misuse channels, over real sockets: each is cut off by the name of what it did, and who talks to the
// same server in another session notices nothing.
#include <parley/mux/session.hpp>
#include <parley/transport/acceptor.hpp>
#include <parley/transport/connect.hpp>
#include <parley/wire/yamux_frame.hpp>

#include "support/channel_io.hpp"
#include "support/raw_peer.hpp"
#include "support/run_context.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace parley::mux {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::RawPeer;
using support::run_until;
using wire::YamuxFlags;
using wire::YamuxFrame;
using wire::YamuxType;
using namespace std::chrono_literals;

const auto as_pair = asio::as_tuple(asio::use_awaitable);

std::string frame(YamuxType type, std::uint16_t flags, std::uint32_t id, std::uint32_t length) {
  std::byte bytes[YamuxFrame::header_size];
  YamuxFrame{0, type, flags, id, length}.encode(bytes);
  return {reinterpret_cast<const char*>(bytes), sizeof bytes};
}
std::string opening(std::uint32_t id) { return frame(YamuxType::window_update, YamuxFlags::syn, id, 0); }

/// Until the other side has granted so much on its channels.
void read_until_granted(RawPeer& peer, std::uint32_t size) {
  for (std::uint32_t granted = 0; granted < size;) {
    const std::string header = peer.read(YamuxFrame::header_size);
    const YamuxFrame frame = YamuxFrame::decode(reinterpret_cast<const std::byte*>(header.data()));
    if (frame.type == YamuxType::data) (void)peer.read(frame.length);
    if (frame.type == YamuxType::window_update) granted += frame.length;
  }
}

class MuxStranger : public ::testing::Test {
 protected:
  ~MuxStranger() override {
    if (stranger_.joinable()) stranger_.join();
  }

  /// One session honest, the other whatever `stranger` does, in a thread of its own. Returns how the latter's ended.
  error_code meet(std::function<void(RawPeer&)> stranger) {
    asio::co_spawn(context_, take_sessions(), asio::detached);
    std::optional<Session> honest;
    transport::async_connect(
        context_.get_executor(), acceptor_.local_endpoint(), {},
        [&](error_code, transport::Stream stream) { honest.emplace(std::move(stream), Role::client); });
    EXPECT_TRUE(run_until(context_, [&] { return honest.has_value() && sessions_.size() == 1; }));
    EXPECT_TRUE(is_echoed(*honest));

    stranger_ = std::thread{[at = acceptor_.local_endpoint(), stranger = std::move(stranger)] {
      RawPeer peer{at};
      stranger(peer);
    }};
    EXPECT_TRUE(run_until(context_, [&] { return !ends_.empty() || !channel_ends_.empty(); })) << "it goes on";
    EXPECT_TRUE(is_echoed(*honest)) << "another's session does not suffer";
    const error_code how = ends_.empty() ? channel_ends_.front() : ends_.front();
    stop();
    return how;
  }

  [[nodiscard]] bool session_was_cut() const { return !ends_.empty(); }

  Options options_;
  bool reads_ = true;

 private:
  asio::awaitable<void> take_sessions() {
    for (;;) {
      auto [ec, stream] = co_await acceptor_.async_accept(as_pair);
      if (ec) co_return;
      Session& session = sessions_.emplace_back(std::move(stream), Role::server, options_);
      asio::co_spawn(context_, take_channels(session), asio::detached);
      asio::co_spawn(context_, note_end(session), asio::detached);
    }
  }

  asio::awaitable<void> take_channels(Session& session) {
    for (;;) {
      auto [ec, channel] = co_await session.accept({}, as_pair);
      if (ec) co_return;
      const bool is_strange = &session != &sessions_.front();  // the honest one has come first
      asio::co_spawn(context_, echo(std::move(channel), is_strange), asio::detached);
    }
  }

  asio::awaitable<void> note_end(Session& session) {
    for (;;) {
      const auto [ec, event] = co_await session.next_event({}, as_pair);
      if (ec) co_return;
      if (event.kind == SessionEvent::Kind::ended) ends_.push_back(event.cause);
    }
  }

  asio::awaitable<void> echo(Channel channel, bool is_strange) {
    if (is_strange && !reads_) {
      kept_.push_back(std::move(channel));
      co_return;
    }
    for (std::string part(10'000, '\0');;) {
      auto [ec, size] = co_await channel.async_read_some(asio::buffer(part), as_pair);
      if (!ec) {
        auto [write_ec, written] = co_await asio::async_write(channel, asio::buffer(part.data(), size), as_pair);
        ec = write_ec;
      }
      if (!ec) continue;
      if (is_strange && ec == error::peer_too_slow) channel_ends_.push_back(ec);
      co_return;
    }
  }

  bool is_echoed(Session& session) {
    std::optional<std::string> answer;
    asio::co_spawn(
        context_,
        [&]() -> asio::awaitable<std::string> {
          Channel channel = co_await session.open();
          co_await support::write_all(channel, "still there?");
          co_return co_await support::read_exactly(channel, 12);
        },
        [&](std::exception_ptr failure, std::string text) { answer = failure ? "none" : std::move(text); });
    return run_until(context_, [&] { return answer.has_value(); }) && *answer == "still there?";
  }

  void stop() {
    acceptor_.close();
    kept_.clear();
    sessions_.clear();
    context_.restart();
    context_.run_for(50ms);
  }

  asio::io_context context_;
  transport::Acceptor acceptor_{context_.get_executor(), Endpoint{"tcp://127.0.0.1:0"}};
  std::list<Session> sessions_;
  std::vector<Channel> kept_;
  std::vector<error_code> ends_;
  std::vector<error_code> channel_ends_;
  std::thread stranger_;
};

TEST_F(MuxStranger, that_opens_without_end_is_cut_off) {
  options_.channels_max = 100;
  const error_code how = meet([](RawPeer& peer) {
    std::string all;
    for (std::uint32_t i = 0; i < 3'000; ++i) all += opening(1 + 2 * i);
    peer.write(all);
    (void)peer.read_to_end();
  });
  EXPECT_EQ(how, error::too_many_channels);
  EXPECT_TRUE(session_was_cut());
}

TEST_F(MuxStranger, that_resets_without_end_is_cut_off) {
  const error_code how = meet([](RawPeer& peer) {
    std::string all;
    for (std::uint32_t i = 0; i < 3'000; ++i)
      all += opening(1 + 2 * i) + frame(YamuxType::window_update, YamuxFlags::rst, 1 + 2 * i, 0);
    peer.write(all);
    (void)peer.read_to_end();
  });
  EXPECT_EQ(how, error::too_many_resets);
  EXPECT_TRUE(session_was_cut());
}

TEST_F(MuxStranger, that_sends_past_its_window_is_cut_off) {
  reads_ = false;
  const error_code how = meet([](RawPeer& peer) {
    std::string all = opening(1);
    for (int i = 0; i < 5; ++i) all += frame(YamuxType::data, 0, 1, 65'536) + std::string(65'536, 'x');
    peer.write(all);
    (void)peer.read_to_end();
  });
  EXPECT_EQ(how, error::window_exceeded);
  EXPECT_TRUE(session_was_cut());
}

TEST_F(MuxStranger, that_never_grants_window_loses_the_channel) {
  options_.stall_time_max = 100ms;
  const error_code how = meet([](RawPeer& peer) {
    const std::string data = frame(YamuxType::data, 0, 1, 60'000) + std::string(60'000, 'x');
    peer.write(opening(1) + data + data + data + data);
    read_until_granted(peer, 60'000);
    peer.write(data);
    (void)peer.read_to_end();
  });
  EXPECT_EQ(how, error::peer_too_slow);
  EXPECT_FALSE(session_was_cut()) << "its other channels may be well";
}

}  // namespace
}  // namespace parley::mux
