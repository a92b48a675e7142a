// A chat room over lines; `nc` is its client.
//
//   chat_room tcp://127.0.0.1:7000       serves until SIGINT or SIGTERM
//   nc 127.0.0.1 7000                    the first line is your name, every other one goes to everybody else
//   chat_room                            tests itself, with two clients, and ends
//
// All members live on one thread, so the room needs no lock. A member who does not read is put out when its queue is
// full: one slow reader must not cost the others memory or time.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// A line without the \r that some clients send.
std::string line_of(const parley::Message& message) {
  std::string line = message.text();
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

struct Member {
  std::string name;
  parley::Connection& connection;
};

class Room {
 public:
  using Place = std::list<Member>::iterator;

  Place enter(Member newcomer) {
    tell_others(members_.end(), "* " + newcomer.name + " has come");
    return members_.insert(members_.end(), std::move(newcomer));
  }

  void leave(Place place) {
    const std::string name = place->name;
    members_.erase(place);
    tell_others(members_.end(), "* " + name + " has gone");
  }

  void say(Place speaker, const std::string& line) { tell_others(speaker, speaker->name + ": " + line); }

 private:
  void tell_others(Place except, const std::string& line) {
    const parley::Message message{line};  // shared by all
    for (Place each = members_.begin(); each != members_.end(); ++each) {
      if (each != except && each->connection.try_send(message) == parley::error::full) each->connection.abort();
    }
  }

  std::list<Member> members_;
};

/// A member's place in the room, left however the conversation ends.
class Seat {
 public:
  Seat(Room& room, Member member) : room_{room}, place_{room.enter(std::move(member))} {}
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() { room_.leave(place_); }
  void say(const std::string& line) { room_.say(place_, line); }

 private:
  Room& room_;
  Room::Place place_;
};

asio::awaitable<void> chat(Room& room, parley::Connection peer) {
  co_await peer.send("* your name?");
  const parley::Message name = co_await peer.receive(60s);
  Seat seat{room, Member{line_of(name), peer}};
  co_await peer.send("* welcome; say something");
  while (std::optional<parley::Message> message = co_await peer.next()) seat.say(line_of(*message));
}

parley::ConnectionOptions lines() {
  parley::ConnectionOptions options;
  options.framing = parley::Separator{"\n"};
  options.message_size_max = 4096;
  return options;
}

asio::awaitable<void> expect(parley::Connection& connection, std::string_view line) {
  const parley::Message message = co_await connection.receive(10s);
  std::cout << message << '\n';
  check(message == line, "the line that was to come");
}

asio::awaitable<void> self_test(parley::Listener& listener) {
  parley::ConnectOptions options;
  options.connection(lines());
  parley::Connection ann = co_await parley::connect(listener.local_endpoint(), options);
  parley::Connection bob = co_await parley::connect(listener.local_endpoint(), options);
  co_await expect(ann, "* your name?");
  co_await expect(bob, "* your name?");
  co_await ann.send("Ann\r");  // as some clients end their lines
  co_await expect(ann, "* welcome; say something");
  co_await bob.send("Bob");
  co_await expect(bob, "* welcome; say something");
  co_await expect(ann, "* Bob has come");
  co_await bob.send("I am");
  co_await expect(ann, "Bob: I am");
  co_await ann.send("good");
  co_await expect(bob, "Ann: good");
  co_await bob.close();
  co_await expect(ann, "* Bob has gone");
  co_await ann.close();
  listener.close();
}

int main(int argc, char** argv) {
  asio::io_context context;
  parley::ListenerOptions options;
  options.connection = lines();
  parley::Listener listener{context, argc > 1 ? argv[1] : "tcp://127.0.0.1:0", options};
  std::cout << "the room is at " << listener.local_endpoint() << std::endl;

  Room room;
  const auto handler = [&room](parley::Connection peer) { return chat(room, std::move(peer)); };
  asio::co_spawn(context, parley::serve_until_signal(listener, handler, 1s), rethrow);
  if (argc <= 1) asio::co_spawn(context, self_test(listener), rethrow);
  context.run();
}
