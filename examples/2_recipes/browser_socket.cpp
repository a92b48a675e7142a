// A browser as a peer: a socket takes WebSocket peers on the port where all others come, and they are peers like any
// other. In the page, browser_page/aiomsg_peer.js speaks the protocol.
//
//   browser_socket tcp://127.0.0.1:25000     serves pages and programs; open browser_page/index.html as a file
//   browser_socket                           tests itself; the page is played by another socket
//
// A page is let in by its origin: a browser lets every page connect to every server, those of this machine included.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

namespace asio = boost::asio;
using namespace std::chrono_literals;

bool is_welcome(std::string_view origin) {
  return origin == "https://example.org" || origin == "file://" || origin == "null";  // as pages in files say
}

asio::awaitable<parley::Endpoint> open_to_pages(parley::Socket& socket, parley::Endpoint at) {
  co_return co_await socket.bind(at, parley::EndpointOptions{}.ws(parley::WsOptions{}.accept_origin(is_welcome)));
}

asio::awaitable<void> answer(parley::Socket& socket, const parley::Received& question) {
  try {
    co_await socket.send_to(question.sender, "you said: " + question.text());
  } catch (const parley::Error& e) {
    if (e.code() != parley::error::unknown_peer) throw;  // a page that was closed meanwhile
  }
}

/// Answers whoever asks, and tells everybody, in pages and elsewhere, how many there have been.
asio::awaitable<void> serve(parley::Socket& socket) {
  for (int count = 1;; ++count) {
    const parley::Received question = co_await socket.receive();
    co_await answer(socket, question);
    co_await socket.send("questions: " + std::to_string(count));
  }
}

asio::awaitable<void> open_and_say_where(parley::Socket& socket, parley::Endpoint asked) {
  const parley::Endpoint at = co_await open_to_pages(socket, asked);
  std::cout << "open browser_page/index.html#ws://" << at.host() << ':' << at.port() << std::endl;
}

// --- the test --------------------------------------------------------------------------------------------------------

parley::EndpointOptions of_origin(std::string origin) {
  return parley::EndpointOptions{}.ws(parley::WsOptions{}.origin(origin));
}

asio::awaitable<void> hear(parley::Socket& peer, std::string text) {
  const parley::Received received = co_await peer.receive(20s);
  std::cout << received.text() << '\n';
  check(received.text() == text, "what was to be heard");
}

asio::awaitable<void> self_test(parley::Socket& server) {
  const auto executor = co_await asio::this_coro::executor;
  const parley::Endpoint at = co_await open_to_pages(server, "tcp://127.0.0.1:0");
  const parley::Endpoint for_pages = parley::Endpoint{"ws://127.0.0.1:1"}.with_port(at.port());
  const std::string secret = std::to_string(std::mt19937_64{std::random_device{}()}());

  parley::Socket program{executor};
  program.connect(at);
  parley::SocketOptions options;
  options.delivery = parley::Delivery::at_least_once;
  parley::Socket page{executor, options};
  page.connect(for_pages, of_origin("https://example.org"));
  co_await server.wait_for_peers(2, 20s);
  co_await page.send_confirmed(secret);
  co_await hear(page, "you said: " + secret);
  co_await hear(page, "questions: 1");
  co_await hear(program, "questions: 1");

  parley::Socket stranger{executor};
  stranger.connect(for_pages, of_origin("https://elsewhere.example"));
  parley::SocketEvent event;
  while (event.kind != parley::SocketEvent::Kind::retrying) event = co_await stranger.next_event(20s);
  check(event.cause == parley::error::refused_by_peer, "pages of other origins are not let in");
  std::cout << event.sentence << '\n';
}

int main(int argc, char** argv) {
  asio::io_context context;
  parley::Socket socket{context.get_executor(), {.send_mode = parley::SendMode::publish}};
  const auto when_done = [&](const std::exception_ptr& thrown) {
    if (argc <= 1) context.stop();
    rethrow(thrown);
  };
  asio::co_spawn(context, argc > 1 ? open_and_say_where(socket, argv[1]) : self_test(socket), when_done);
  asio::co_spawn(context, serve(socket), rethrow);
  context.run();
}
