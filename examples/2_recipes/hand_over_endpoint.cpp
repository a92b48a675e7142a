// Handing a connector to another process: the parent listens, and tells its child where, as a string.
//
// serialize() is the text for programs: parsing it gives an equal endpoint, and it has the password where there is one.
// (to_string() is the text for people, and hides it.) The child here is this program, started again with the endpoint
// as its argument; an environment variable, a file or a message to a third process do as well.

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

asio::awaitable<void> child(parley::Endpoint parent) {
  parley::Connection connection = co_await parley::connect(parent);
  co_await connection.send("process " + std::to_string(getpid()) + " reporting");
  check((co_await connection.receive(10s)) == "welcome", "the parent answers");
  co_await connection.close();
}

/// Between fork and exec only what is safe there: no allocation, no library, no exception.
pid_t start_again(const std::string& endpoint) {
  std::string argument = endpoint;
  char name[] = "child";
  char* const arguments[] = {name, argument.data(), nullptr};
  const pid_t pid = fork();
  if (pid == 0) {
    execv("/proc/self/exe", arguments);
    _exit(127);
  }
  check(pid > 0, "fork");
  return pid;
}

asio::awaitable<void> parent(parley::Listener& listener) {
  // The listener's descriptor is close-on-exec, as all of the library's are: the child inherits nothing but the text.
  const pid_t pid = start_again(listener.local_endpoint().serialize());

  parley::Connection connection = co_await listener.accept(10s);
  const parley::Message report = co_await connection.receive(10s);
  check(report == "process " + std::to_string(pid) + " reporting", "it is our child that speaks");
  std::cout << report << '\n';
  co_await connection.send("welcome");
  check(!(co_await connection.next(10s)), "the child has closed");

  int status = 0;
  check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended well");
}

int main(int argc, char** argv) {
  asio::io_context context;
  if (argc > 1) {
    asio::co_spawn(context, child(argv[1]), rethrow);
    context.run();
    return 0;
  }
  parley::Listener listener{context, "tcp://127.0.0.1:0"};
  asio::co_spawn(context, parent(listener), rethrow);
  context.run();
}
