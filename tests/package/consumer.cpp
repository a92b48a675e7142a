// A user's program, built by what the package says alone: a little of every part that compiled code stands behind. It
// prints the version, the schemes it can use, and what a TLS connection to nobody ends with.
#include <parley/parley.hpp>
#include <parley/testing/faulty_stream.hpp>
#include <parley/transport/memory.hpp>
#include <parley/transport/start_tls.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/describe/class.hpp>
#include <boost/json/value.hpp>

#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace asio = boost::asio;

namespace {

struct Order {
  int id = 0;
  std::vector<std::string> items;
  bool operator==(const Order&) const = default;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, items))

const Order order{7, {"bolt", "nut"}};

void require(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error{what};
}

void rethrow(const std::exception_ptr& thrown) {
  if (thrown) std::rethrow_exception(thrown);
}

asio::awaitable<void> answer(parley::Connection peer) {
  while (auto message = co_await peer.next()) co_await peer.send(std::move(*message));
}

template <class Codec>
asio::awaitable<void> ask(parley::Listener& listener) {
  parley::TypedConnection<Codec> server{co_await parley::connect(listener.local_endpoint())};
  co_await server.send(order);
  const Order echo = co_await server.template receive<Order>();
  require(echo == order, "an order comes back as it was");
  co_await server.connection().close();
  listener.close();
}

template <class Codec>
void exchange(const char* url) {
  asio::io_context context;
  parley::Listener listener{context, url};
  asio::co_spawn(context, parley::serve(listener, answer), rethrow);
  asio::co_spawn(context, ask<Codec>(listener), rethrow);
  context.run();
}

/// A dynamic value is Boost.JSON's, which the library has compiled.
void read_a_dynamic_value() {
  const auto value = parley::MessagePack{}.decode<boost::json::value>(parley::MessagePack{}.encode(order));
  require(value.at("id") == 7, "a struct is read as a dynamic value");
}

/// Codes and exceptions are the same ones on both sides of a shared library's border.
void recognise_errors() {
  try {
    parley::blocking::Listener listener{"tcp://127.0.0.1:0"};
    listener.close();
    (void)listener.accept();
  } catch (const parley::Error& failure) {
    require(failure.code() == parley::error::closed, failure.what());
  }
  try {
    (void)parley::Endpoint{"nowhere"};
  } catch (const parley::EndpointError& failure) {
    require(!failure.diagram().empty(), failure.what());
  }
}

/// Streams in memory and the tools for tests are installed too.
void wrap_a_stream() {
  asio::io_context context;
  auto [near, far] = parley::transport::memory_pair(context.get_executor(), context.get_executor());
  (void)parley::testing::faulty_stream(std::move(near), {});
}

std::string tls_to_nobody() {
  if (parley::is_available(parley::Scheme::tls)) (void)parley::TlsContext::client();
  try {
    parley::blocking::Connection{"tls://127.0.0.1:1"};
  } catch (const parley::Error& failure) {
    return failure.what();
  }
  return "somebody is there";
}

}  // namespace

int main() {
  exchange<parley::Json>("tcp://127.0.0.1:0");
  exchange<parley::PythonPickle>("ws://127.0.0.1:0/");
  read_a_dynamic_value();
  recognise_errors();
  wrap_a_stream();

  std::cout << PARLEY_VERSION_STRING << '\n';
  for (const auto scheme : {parley::Scheme::tcp, parley::Scheme::ws, parley::Scheme::tls, parley::Scheme::wss}) {
    if (parley::is_available(scheme)) std::cout << parley::to_string(scheme) << ' ';
  }
  std::cout << '\n' << tls_to_nobody() << '\n';
}
