// Channels without Asio: yamux driven by plain blocking sockets.
//
// wire::Yamux decides everything and does no I/O. A program of this kind has one loop: write what the core has to say,
// read what has come or tell it that its time is up, ask what has happened. It needs nothing but parley::wire.

#include "../check.hpp"

#include <parley/wire/yamux.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using parley::wire::MuxChannel;
using parley::wire::MuxEvent;
using parley::wire::Yamux;
using namespace std::chrono_literals;

/// One end: a core and a descriptor.
class Session {
 public:
  Session(int descriptor, parley::MuxRole role) : core{role, {}, seed(role)}, descriptor_{descriptor} {
    core.start(now());
  }

  /// Writes all that the core has to say, then waits for input, but no longer than it wants to; calls `on_event` for
  /// each thing that has happened. false: the session is over.
  template <class OnEvent>
  bool turn(OnEvent on_event) {
    write_all();
    std::array<std::byte, 4096> buffer;
    pollfd input{descriptor_, POLLIN, 0};
    if (poll(&input, 1, patience()) == 0) {
      core.expire(now());  // a peer that is silent: it is sent a ping, or given up
    } else {
      const ssize_t size = read(descriptor_, buffer.data(), buffer.size());
      check(size >= 0, "read");
      if (size == 0) core.stream_ended({}, now());
      core.feed(std::span{buffer}.first(static_cast<std::size_t>(size)), now());
    }
    bool goes_on = true;
    while (const MuxEvent event = core.next_event()) {
      if (event.kind == MuxEvent::Kind::ended) goes_on = false;
      on_event(event);
    }
    return goes_on;
  }

  void write_all() {
    for (auto bytes = core.next_output(); !bytes.empty(); bytes = core.next_output()) {
      const ssize_t size = write(descriptor_, bytes.data(), bytes.size());
      check(size > 0, "write");
      core.wrote(static_cast<std::size_t>(size));
    }
  }

  static parley::TimePoint now() { return parley::Clock::now(); }
  static std::uint64_t seed(parley::MuxRole role) { return 4711 + static_cast<std::uint64_t>(role); }

  Yamux core;

 private:
  /// In milliseconds, as poll() takes it.
  int patience() const {
    const auto deadline = core.next_deadline();
    if (!deadline) return -1;
    return static_cast<int>(std::max(std::chrono::ceil<std::chrono::milliseconds>(*deadline - now()), 0ms).count());
  }

  int descriptor_;
};

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

/// Sends back what comes on each channel, and ends a channel when the peer has.
void serve_echo(int descriptor) {
  Session session{descriptor, parley::MuxRole::server};
  const auto on_event = [&](const MuxEvent& event) {
    Yamux& core = session.core;
    if (event.kind == MuxEvent::Kind::data) {
      // The messages here are small. A program for large ones keeps what write() did not take, for next_turn().
      check(core.write(event.channel, event.bytes, Session::now()).size == event.bytes.size(), "there is window");
      core.consume(event.channel, event.bytes.size(), Session::now());
    }
    if (event.kind == MuxEvent::Kind::finished) core.finish(event.channel, Session::now());
  };
  while (session.turn(on_event)) {
  }
  close(descriptor);
}

int main() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
  std::thread server{serve_echo, ends[1]};

  Session session{ends[0], parley::MuxRole::client};
  std::map<parley::wire::ChannelId, std::string> answers;
  for (const char* text : {"one", "two", "three"}) {
    const auto opened = session.core.open(Session::now());
    check(!opened.code, "a channel");
    session.core.write(opened.channel, bytes_of(text), Session::now());
    session.core.finish(opened.channel, Session::now());
    answers[opened.id] = "";
  }
  const auto on_event = [&](const MuxEvent& event) {
    if (event.kind == MuxEvent::Kind::ready) std::cout << "the peer speaks yamux\n";
    if (event.kind != MuxEvent::Kind::data) return;
    answers[event.id] += std::string{reinterpret_cast<const char*>(event.bytes.data()), event.bytes.size()};
    session.core.consume(event.channel, event.bytes.size(), Session::now());
  };
  while (session.core.channel_count() != 0) check(session.turn(on_event), "the session goes on");

  shutdown(ends[0], SHUT_WR);
  server.join();
  close(ends[0]);
  check(answers[1] == "one" && answers[3] == "two" && answers[5] == "three", "each channel has its own answer");
  for (const auto& [id, answer] : answers) std::cout << "channel " << id << ": " << answer << '\n';
}
