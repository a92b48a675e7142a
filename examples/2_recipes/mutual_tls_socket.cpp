// Mutual TLS between sockets: the server proves who it is, and lets in who is on its list, by name.
//
// Three come: alice is on the list; mallory has a certificate of the same authority, but is not; a stranger has none.
// (The same for connections: mutual_tls.cpp.)

#include "../check.hpp"
#include "certificates.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <iostream>
#include <random>
#include <set>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

const std::set<std::string> may_come_in{"CN=alice,O=Example", "CN=bob,O=Example"};

parley::SocketOptions for_those_on_the_list() {
  parley::SocketOptions options;
  options.accept_peer = [](const parley::PeerCandidate& who) { return may_come_in.contains(who.tls_subject); };
  return options;
}

parley::EndpointOptions with_server_certificate() {
  return parley::EndpointOptions{}.tls(
      parley::TlsContext::server(parley::TlsOptions{}
                                     .certificate(server_certificate)
                                     .key(server_key)
                                     .ca(authority)
                                     .client_certificate(parley::ClientCertificate::required)));
}

parley::EndpointOptions with_certificate(const std::string& certificate, const std::string& key) {
  return parley::EndpointOptions{}.tls(
      parley::TlsContext::client(parley::TlsOptions{}.certificate(certificate).key(key).ca(authority)));
}

parley::EndpointOptions without_certificate() {
  return parley::EndpointOptions{}.tls(parley::TlsContext::client(parley::TlsOptions{}.ca(authority)));
}

asio::awaitable<void> see_one_refused(parley::Socket& server, parley::error why) {
  parley::SocketEvent event;
  while (event.kind != parley::SocketEvent::Kind::refused || event.cause != why) {
    event = co_await server.next_event(20s);
  }
  std::cout << "refused: " << event.sentence << '\n';
}

asio::awaitable<void> recipe() {
  const auto executor = co_await asio::this_coro::executor;
  parley::Socket server{executor, for_those_on_the_list()};
  const parley::EndpointOptions ours = with_server_certificate();
  const parley::Endpoint at = co_await server.bind("tls://localhost:0", ours);

  parley::Socket alice{executor};
  alice.connect(at, with_certificate(alice_certificate, alice_key));
  const std::string secret = std::to_string(std::mt19937_64{std::random_device{}()}());
  co_await alice.send(secret);
  check((co_await server.receive(20s)).text() == secret, "nobody else can have read it");
  check(server.peers().at(0).tls_subject == "CN=alice,O=Example", "it is alice who has come");
  check(alice.peers().at(0).tls_subject == "CN=localhost", "to the one that she trusts");
  std::cout << server.peers().at(0).tls_subject << " has come\n";

  parley::Socket mallory{executor};
  mallory.connect(at, with_certificate(mallory_certificate, mallory_key));
  co_await see_one_refused(server, parley::error::peer_refused);
  co_await mallory.close(0s);

  parley::Socket stranger{executor};
  stranger.connect(at, without_certificate());
  co_await see_one_refused(server, parley::error::untrusted_peer);
  co_await stranger.close(0s);

  check(server.peers().size() == 1, "alice is still there, and alone");
  co_await alice.close(20s);
}

int main() {
  if (!parley::is_available(parley::Scheme::tls)) return 0;  // a build with PARLEY_TLS=OFF
  asio::io_context context;
  asio::co_spawn(context, recipe(), rethrow);
  context.run();
}
