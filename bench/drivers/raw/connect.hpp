#pragma once

#include "bench/common/connect.hpp"
#include "bench/common/conversation.hpp"
#include "bench/common/report.hpp"
#include "bench/common/window.hpp"
#include "bench/drivers/raw/frame.hpp"
#include "bench/drivers/raw/socket.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <vector>

namespace bench::raw {

/// One message each way per connection, then close; the connection that brings E is the last.
inline void connect_server(const Options& o) {
  const Socket listener = listen_on(o);
  say("READY");
  std::vector<unsigned char> frame(prefix_size + o.size);
  Window window;
  for (Mark mark = Mark::data; mark != Mark::end;) {
    const Socket socket = accept_from(listener, o);
    receive_exactly(socket.fd(), frame.data(), frame.size(), wait_flags(o));
    mark = mark_of(frame.data() + prefix_size);
    if (mark == Mark::start) window.open();
    send_all(socket.fd(), frame.data(), frame.size(), wait_flags(o));
  }
  wait_for_line();
  window.close();
  JsonLine().add_cpu(window).print();
}

/// `concurrency` connections at a time, each for itself: connect, send, and when epoll says that the reply is there,
/// close.
class ConnectClient {
 public:
  explicit ConnectClient(const Options& o) : options_(o), request_(0, o.size), reply_(prefix_size + o.size) {}

  void run() {
    one_at_a_time(Mark::start, 0);
    run_.begin();
    options_.concurrency == 1 ? all_in_turn() : many_at_once();
    run_.end();
    one_at_a_time(Mark::end, options_.count);
    run_.report();
  }

 private:
  struct Slot {
    Socket socket;
    std::uint64_t index = 0;
    Clock::time_point began{};
  };

  void begin(Slot& slot, Mark mark, std::uint64_t index) {
    slot.index = index;
    slot.began = Clock::now();
    slot.socket = connect_to(options_);
    const auto bytes = request_.single(mark, index);
    send_all(slot.socket.fd(), bytes.data(), bytes.size(), wait_flags(options_));
  }

  void finish(Slot& slot) {
    receive_exactly(slot.socket.fd(), reply_.data(), reply_.size(), wait_flags(options_));
    check_echo(reply_.data() + prefix_size, load_prefix(reply_.data()), slot.index, options_.size);
    slot.socket.close();
    run_.record(slot.began);
  }

  void one_at_a_time(Mark mark, std::uint64_t index) {
    Slot slot;
    begin(slot, mark, index);
    finish(slot);
  }

  void all_in_turn() {
    for (std::uint64_t i = 0; i < options_.count; ++i) one_at_a_time(Mark::data, i);
  }

  void many_at_once() {
    const Socket epoll(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    std::vector<Slot> slots(options_.concurrency);
    std::uint64_t begun = 0, finished = 0;
    const auto begin_next = [&](Slot& slot) {
      if (begun == options_.count) return;
      begin(slot, Mark::data, begun++);
      epoll_event event{EPOLLIN, {.ptr = &slot}};
      check(::epoll_ctl(epoll.fd(), EPOLL_CTL_ADD, slot.socket.fd(), &event), "epoll_ctl");
    };
    for (Slot& slot : slots) begin_next(slot);
    std::array<epoll_event, 64> events;
    while (finished < options_.count) {
      const int ready = ::epoll_wait(epoll.fd(), events.data(), 64, options_.polling() ? 0 : -1);
      for (int i = 0; i < ready; ++i, ++finished) {
        Slot& slot = *static_cast<Slot*>(events[static_cast<std::size_t>(i)].data.ptr);
        finish(slot);
        begin_next(slot);
      }
    }
  }

  const Options& options_;
  FrameBatch request_;
  std::vector<unsigned char> reply_;
  ConnectRun run_;
};

inline void connect_client(const Options& o) { ConnectClient(o).run(); }

}  // namespace bench::raw
