// fork() without exec, in a process that has connections already.
//
// Better: fork before there is anything to share, or exec (hand_over_endpoint.cpp). Where neither will do, Asio is told
// about the fork, and each connection goes on in one process only; the other gives it up by abort(), which closes a
// descriptor and does not touch the wire. Guide chapter 7 has the rules.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Pair {
  parley::Connection client;
  parley::Connection server;
};

asio::awaitable<void> connect_to_self(asio::io_context& context, parley::Listener& listener, Pair& pair) {
  pair.client = co_await parley::connect(listener.local_endpoint());
  pair.server = co_await listener.accept(10s);
  context.stop();  // an open connection is work: run() would not return
}

asio::awaitable<void> speak(Pair& pair, std::string text) {
  co_await pair.client.send(text);
  check((co_await pair.server.receive(10s)) == text, "the connection works");
}

asio::awaitable<void> call_parent(parley::Endpoint parent) {
  parley::Connection own = co_await parley::connect(parent);
  co_await own.send("from the child");
  check((co_await own.close()).all_arrived(), "a connection of the child's own");
}

/// Goes on with contexts and connections of its own.
int child(asio::io_context& inherited, parley::Listener& listener, Pair& pair) {
  inherited.notify_fork(asio::execution_context::fork_child);
  pair.client.abort();
  pair.server.abort();
  const parley::Endpoint parent = listener.local_endpoint();
  listener.close();  // for this process; the parent goes on listening

  asio::io_context context;
  asio::co_spawn(context, call_parent(parent), rethrow);
  context.run();
  return 0;
}

asio::awaitable<void> go_on(parley::Listener& listener, Pair& pair) {
  co_await speak(pair, "after the fork");
  parley::Connection from_child = co_await listener.accept(10s);
  check((co_await from_child.receive(10s)) == "from the child", "the child has called");
  co_await speak(pair, "after the child has closed");
  co_await pair.client.close();
  co_await pair.server.close();
}

int main() {
  asio::io_context context;
  parley::Listener listener{context, "tcp://127.0.0.1:0"};
  Pair pair;
  asio::co_spawn(context, connect_to_self(context, listener, pair), rethrow);
  context.run();
  context.restart();

  context.notify_fork(asio::execution_context::fork_prepare);  // no other thread runs the context now
  const pid_t pid = fork();
  if (pid == 0) return child(context, listener, pair);
  check(pid > 0, "fork");
  context.notify_fork(asio::execution_context::fork_parent);

  asio::co_spawn(context, go_on(listener, pair), rethrow);
  context.run();
  int status = 0;
  check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended well");
  std::cout << "both processes went on\n";
}
