// Talking to a Python program that has nothing but its standard library: a u32 length, big-endian, and the body.
//
// That is parley's default framing, and four lines of struct and sockets in any language. The same frames are spoken by
// Python's Smart Connection; see docs/guide/09-from-smart-connection.md.

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

constexpr const char* python_program = R"(
import json, socket, struct, sys

def send(peer, body):
    peer.sendall(struct.pack(">I", len(body)) + body)

def receive_exactly(peer, size):
    data = b""
    while len(data) < size:
        piece = peer.recv(size - len(data))
        if not piece:
            raise EOFError("the stream ended inside a message" if data else "the peer closed")
        data += piece
    return data

def receive(peer):
    size, = struct.unpack(">I", receive_exactly(peer, 4))
    return receive_exactly(peer, size)

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as peer:
    send(peer, json.dumps({"sum": [1, 2, 3]}).encode())
    assert receive(peer) == b"6"
    send(peer, b"")
)";

pid_t start_python(const std::string& port) {
  const pid_t pid = fork();
  if (pid == 0) {
    execlp("python3", "python3", "-c", python_program, port.c_str(), nullptr);
    _exit(127);
  }
  check(pid > 0, "fork");
  return pid;
}

asio::awaitable<void> recipe(parley::Listener& listener) {
  const pid_t pid = start_python(std::to_string(listener.local_endpoint().port()));
  parley::Connection python = co_await listener.accept(30s);

  const parley::Message question = co_await python.receive(30s);
  std::cout << "Python asks: " << question << '\n';
  check(question == R"({"sum": [1, 2, 3]})", "Python's JSON has blanks behind : and ,");
  co_await python.send("6");
  check((co_await python.receive(30s)).empty(), "an empty message is a message");
  check(!(co_await python.next(30s)), "and the end of the stream is the end");

  int status = 0;
  check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "Python agreed");
}

int main() {
  asio::io_context context;
  parley::Listener listener{context, "tcp://127.0.0.1:0"};
  asio::co_spawn(context, recipe(listener), rethrow);
  context.run();
}
