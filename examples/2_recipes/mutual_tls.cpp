// TLS with certificates on both sides: the server proves who it is, and knows who its client is.
//
// The certificate here is one of localhost's own, trusted as it is and used by both sides, so that the example needs no
// files. Yours come from files, made as the guide's chapter 11 shows: TlsOptions::certificate_file, key_file, ca_file.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>
#include <string>

namespace asio = boost::asio;

const std::string certificate = R"(-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUHw0zTJa8rBxJbUCS7SEidybRrHQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA2MjU1N1oYDzIxMjYxMDI4
MDYyNTU3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT//oyLynk5A1NQIYOtXypiJ9G6B1SEPjqHTinBB0sdbh0eVJ5ab/o0
qIKkuip3m0xyK0TYHasJcwb0IEDMLDpMo28wbTAdBgNVHQ4EFgQUwJFXR+I73Iys
qUewPhv4BV+CKqYwHwYDVR0jBBgwFoAUwJFXR+I73IysqUewPhv4BV+CKqYwGgYD
VR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZI
zj0EAwIDSQAwRgIhAOlfsO1az0fWUYUk9B/QNeSI89o2Fb1AnIcBf4MGazjEAiEA
tgoyWuJQzedxDNOgQOYHbVZZw0GViywm6RgyfNmDMlA=
-----END CERTIFICATE-----)";

const std::string key = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgP5LnriGdBc5lHwY6
CAiC8EOAQxifj+mK+50miIAoZM2hRANCAAT//oyLynk5A1NQIYOtXypiJ9G6B1SE
PjqHTinBB0sdbh0eVJ5ab/o0qIKkuip3m0xyK0TYHasJcwb0IEDMLDpM
-----END PRIVATE KEY-----)";

parley::TlsOptions identity() { return parley::TlsOptions{}.certificate(certificate).key(key).ca(certificate); }

asio::awaitable<void> answer(parley::Connection peer) {
  const auto who = peer.tls_info();
  check(who->peer_verified, "a client without a trusted certificate does not get here");
  std::cout << who->peer_subject << " has connected by " << who->version << '\n';
  while (auto message = co_await peer.next()) co_await peer.send(*message);
}

asio::awaitable<void> client(parley::Endpoint server) {
  const auto tls = parley::TlsContext::client(identity());
  parley::Connection connection = co_await parley::connect(server, parley::ConnectOptions{}.tls(tls));
  co_await connection.send("nobody else can read this");
  check((co_await connection.receive()) == "nobody else can read this", "echoed");
  co_await connection.close();
}

asio::awaitable<void> stranger(parley::Endpoint server) {
  const auto tls = parley::TlsContext::client();  // trusts the system's authorities, which do not know localhost
  try {
    co_await parley::connect(server, parley::ConnectOptions{}.tls(tls));
    check(false, "a certificate that nobody vouches for is refused");
  } catch (const parley::Error& e) {
    check(e.code() == parley::error::untrusted_peer, "the error says so");
    std::cout << e.what() << '\n';
  }
}

asio::awaitable<void> visit(parley::Endpoint server) {
  co_await client(server);
  co_await stranger(server);
}

int main() {
  if (!parley::is_available(parley::Scheme::tls)) return 0;  // a build with PARLEY_TLS=OFF
  asio::io_context context;
  parley::ListenerOptions options;
  options.transport.tls =
      parley::TlsContext::server(identity().client_certificate(parley::ClientCertificate::required));
  parley::Listener listener{context, "tls://localhost:0", options};
  const auto at = parley::Endpoint{"tls://localhost:1"}.with_port(listener.local_endpoint().port());
  asio::co_spawn(context, parley::serve(listener, answer), rethrow);
  asio::co_spawn(context, visit(at), [&](const std::exception_ptr& thrown) {
    listener.close();
    rethrow(thrown);
  });
  context.run();
}
