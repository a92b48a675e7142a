// A server for pages in a browser: each message is one WebSocket message, and only pages of one origin are let in.
//
// In the page:
//   const socket = new WebSocket("ws://localhost:8080/chat");
//   socket.binaryType = "arraybuffer";
//   socket.onopen = () => socket.send(new TextEncoder().encode("hello"));
//   socket.onmessage = (m) => console.log(new TextDecoder().decode(m.data));
//
// Here the page is played by a client of our own.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <string>
#include <string_view>

namespace asio = boost::asio;

const auto in_one_message_each = parley::WsOptions{}.messages(parley::WsMessages::one_each);

asio::awaitable<void> answer(parley::Connection page) {
  while (auto message = co_await page.next()) co_await page.send("you said " + std::string{message->text()});
}

asio::awaitable<void> visit(parley::Endpoint server) {
  parley::WsOptions page = in_one_message_each;
  page.origin("https://example.org");
  parley::ConnectOptions options;
  options.ws(page);
  parley::Connection socket = co_await parley::connect(server, options);
  co_await socket.send("hello");
  check((co_await socket.receive()) == "you said hello", "answered");
  co_await socket.close();

  page.origin("https://elsewhere.example");
  options.ws(page);
  try {
    co_await parley::connect(server, options);
    check(false, "pages of other origins are refused");
  } catch (const parley::Error& e) {
    check(e.code() == parley::error::refused_by_peer, "the server said no");
  }
}

int main() {
  asio::io_context context;
  parley::ListenerOptions options;
  options.transport.ws = in_one_message_each;
  options.transport.ws.accept_origin([](std::string_view origin) { return origin == "https://example.org"; });
  parley::Listener listener{context, "ws://127.0.0.1:0/chat", options};
  asio::co_spawn(context, parley::serve(listener, answer), rethrow);
  asio::co_spawn(context, visit(listener.local_endpoint()), [&](const std::exception_ptr& thrown) {
    listener.close();
    rethrow(thrown);
  });
  context.run();
}
