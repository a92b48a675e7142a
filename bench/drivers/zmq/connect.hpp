#pragma once

#include "bench/common/connect.hpp"
#include "bench/common/conversation.hpp"
#include "bench/drivers/zmq/socket.hpp"

#include <cstdint>
#include <vector>

namespace bench::zmq {

/// A ROUTER that sends every message back to where it came from.
inline void connect_server(const Options& o) {
  const Context context;
  Socket socket(context, ZMQ_ROUTER, o);
  bind(socket, o);
  say("READY");
  Window window;
  Message identity, body;
  for (Mark mark = Mark::data; mark != Mark::end;) {
    socket.receive(identity);
    socket.receive(body);
    mark = mark_of(body.data());
    if (mark == Mark::start) window.open();
    socket.send(identity, ZMQ_SNDMORE);
    socket.send(body);
  }
  wait_for_line();
  window.close();
  JsonLine().add_cpu(window).print();
}

/// Each connection is a DEALER of its own in one context (with room for many more than are open: libzmq frees a closed
/// socket's place some time later).
class ConnectClient {
 public:
  explicit ConnectClient(const Options& o) : options_(o), context_(16384), body_(make_body(o.size)) {}

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
    std::uint64_t index;
    Clock::time_point began;
  };

  Slot begin(Mark mark, std::uint64_t index) {
    const auto began = Clock::now();
    Slot slot{Socket(context_, ZMQ_DEALER, options_), index, began};
    connect(slot.socket, options_);
    store_mark(body_.data(), mark, index);
    slot.socket.send(body_.data(), body_.size());
    return slot;
  }

  void finish(Slot& slot) {
    slot.socket.receive(reply_);
    check_echo(reply_.data(), reply_.size(), slot.index, options_.size);
    slot.socket.close();
    run_.record(slot.began);
  }

  void one_at_a_time(Mark mark, std::uint64_t index) {
    Slot slot = begin(mark, index);
    finish(slot);
  }

  void all_in_turn() {
    for (std::uint64_t i = 0; i < options_.count; ++i) one_at_a_time(Mark::data, i);
  }

  void many_at_once() {
    std::vector<Slot> slots;
    std::vector<zmq_pollitem_t> items;
    std::uint64_t begun = 0;
    const auto item_of = [](const Slot& slot) { return zmq_pollitem_t{slot.socket.get(), 0, ZMQ_POLLIN, 0}; };
    while (slots.size() < options_.concurrency && begun < options_.count) {
      slots.push_back(begin(Mark::data, begun++));
      items.push_back(item_of(slots.back()));
    }
    for (std::uint64_t finished = 0; finished < options_.count;) {
      check(zmq_poll(items.data(), static_cast<int>(items.size()), -1), "zmq_poll");
      for (std::size_t i = 0; i < items.size(); ++i) {
        if ((items[i].revents & ZMQ_POLLIN) == 0) continue;
        finish(slots[i]);
        ++finished;
        if (begun < options_.count) slots[i] = begin(Mark::data, begun++);
        items[i] = slots[i].socket.get() ? item_of(slots[i]) : zmq_pollitem_t{nullptr, -1, 0, 0};
      }
    }
  }

  const Options& options_;
  Context context_;
  std::vector<unsigned char> body_;
  Message reply_;
  ConnectRun run_;
};

inline void connect_client(const Options& o) { ConnectClient(o).run(); }

}  // namespace bench::zmq
