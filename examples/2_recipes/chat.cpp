// Chat: a room to which everybody is connected, and which says to all what one has said.
//
//   chat serve tcp://127.0.0.1:7000          the room
//   chat join tcp://127.0.0.1:7000 Ann       a member: type lines, see those of all
//   chat                                     tests itself: two members, and a room that is killed and started again
//
// Members need not care whether the room is there: they are connected again as soon as it is, and what they have said
// meanwhile is said then.

#include "../check.hpp"
#include "../process.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/describe/class.hpp>

#include <chrono>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// What is said, with the name of who says it: so the room needs to remember nothing of those who come back.
struct Line {
  std::string name;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Line, (), (name, text))

class Room {
 public:
  explicit Room(const asio::any_io_executor& executor)
      : socket_{executor, {.send_mode = parley::SendMode::publish, .message_size_max = 4096}} {}

  asio::awaitable<void> run(parley::Endpoint at) {
    co_await socket_.bind(at);
    asio::co_spawn(socket_.get_executor(), see_who_goes(), rethrow);
    for (;;) {
      const parley::Received received = co_await socket_.receive();
      co_await pass_on(received);
    }
  }

 private:
  asio::awaitable<void> pass_on(const parley::Received& received) {
    try {
      names_[received.sender] = parley::Json{}.decode<Line>(received.message).name;
    } catch (const parley::Error&) {
      co_return;  // not a line: nothing that the others should see
    }
    co_await socket_.send(received.message);
  }

  asio::awaitable<void> see_who_goes() {
    for (;;) {
      const parley::SocketEvent event = co_await socket_.next_event();
      if (event.kind != parley::SocketEvent::Kind::peer_lost) continue;
      const auto who = names_.extract(event.identity);
      if (who.empty()) continue;
      const Line farewell{who.mapped(), "(has gone)"};
      co_await socket_.send(farewell, parley::Json{});
    }
  }

  parley::Socket socket_;
  std::map<parley::Identity, std::string> names_;
};

/// What a member has said is sent until the room has it, whatever becomes of connections.
parley::SocketOptions of_member() {
  parley::SocketOptions options;
  options.delivery = parley::Delivery::at_least_once;
  return options;
}

// --- a member at a terminal ------------------------------------------------------------------------------------------

asio::awaitable<void> show(parley::Socket& socket) {
  for (;;) {
    const Line line = (co_await socket.receive_as<Line>(parley::Json{})).value;
    std::cout << line.name << ": " << line.text << std::endl;
  }
}

/// A socket may be called from any thread, so the one that waits for the keyboard sends by itself.
void type(parley::Socket& socket, const std::string& name) {
  for (std::string text; std::getline(std::cin, text);) {
    socket.send(parley::Json{}.encode(Line{name, text}), asio::detached);
  }
}

int join(const std::string& room, const std::string& name) {
  asio::io_context context;
  parley::Socket socket{context.get_executor(), of_member()};
  socket.connect(room);
  asio::co_spawn(context, show(socket), asio::detached);
  std::thread keyboard{[&] {
    type(socket, name);
    socket.close(2s, [&](auto...) { context.stop(); });
  }};
  context.run();
  keyboard.join();
  return 0;
}

// --- the test --------------------------------------------------------------------------------------------------------

asio::awaitable<void> say(parley::Socket& member, std::string name, std::string text) {
  std::cout << name << ": " << text << std::endl;
  const Line line{name, text};
  co_await member.send(line, parley::Json{});
}

/// Waits for that line; others may come before it.
asio::awaitable<void> hear(parley::Socket& member, std::string name, std::string text) {
  for (;;) {
    const Line line = (co_await member.receive_as<Line>(parley::Json{}, 20s)).value;
    if (line.name == name && line.text == text) co_return;
  }
}

asio::awaitable<void> self_test() {
  const auto executor = co_await asio::this_coro::executor;
  const std::string at = "unix://@parley-chat-" + std::to_string(getpid());
  const std::string secret = std::to_string(std::mt19937_64{std::random_device{}()}());
  Process room{"serve", at};
  parley::Socket ann{executor, of_member()};
  parley::Socket bob{executor, of_member()};
  ann.connect(at);
  bob.connect(at);
  co_await bob.wait_for_peers(1, 20s);
  co_await say(ann, "Ann", "is anybody here?");
  co_await hear(ann, "Ann", "is anybody here?");
  co_await hear(bob, "Ann", "is anybody here?");

  room.kill();
  std::cout << "(the room has died)" << std::endl;
  co_await say(bob, "Bob", "I am");
  room = Process{"serve", at};
  co_await hear(bob, "Bob", "I am");  // said to those who were back by then
  std::cout << "(the room is back)" << std::endl;

  co_await say(ann, "Ann", "then tell me the number");
  co_await hear(bob, "Ann", "then tell me the number");
  co_await say(bob, "Bob", secret);
  co_await hear(ann, "Bob", secret);
  co_await bob.close(20s);
  co_await hear(ann, "Bob", "(has gone)");
  std::cout << "(Bob has gone)" << std::endl;
}

int main(int argc, char** argv) {
  const std::string_view role = argc > 2 ? argv[1] : "test";
  if (role == "join" && argc > 3) return join(argv[2], argv[3]);
  asio::io_context context;
  Room room{context.get_executor()};
  const auto stop = [&](const std::exception_ptr& thrown) {
    context.stop();
    rethrow(thrown);
  };
  asio::co_spawn(context, role == "serve" ? room.run(argv[2]) : self_test(), stop);
  context.run();
}
