#include <parley/transport/start_tls.hpp>

#include "transport/scheme_layers.hpp"
#include "transport/tls/session.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>

#include <stdexcept>
#include <vector>

namespace parley::transport::detail {

namespace asio = boost::asio;

void start_tls_handshake(Stream stream, TlsContext context, StartTlsOptions options, StartTlsHandler handler) {
  if (!context) throw std::invalid_argument{"TLS needs a context"};
  if (!knows_whom_to_expect(context, options.host())) {
    throw std::invalid_argument{"TLS needs to know whom to expect: StartTlsOptions::host or TlsOptions::server_name"};
  }
  if (!stream.backend().can_wait()) {
    throw std::invalid_argument{"TLS needs a stream that can say when it is readable, as sockets can"};
  }
  auto executor = asio::get_associated_executor(handler, stream.get_executor());
  const auto slot = asio::get_associated_cancellation_slot(handler);
  const std::string where = stream.remote_endpoint().to_string();
  std::vector<Handshake> handshakes;
  handshakes.push_back(tls_handshake(std::move(context), options.host()));
  auto on_done = [why = options.failure_to(), where, handler = std::move(handler)](
                     boost::system::error_code ec, Stream secured, const std::string& sentence) mutable {
    if (ec && why) *why = sentence + " (" + where + ")";
    std::move(handler)(ec, std::move(secured));
  };
  const auto op =
      std::make_shared<HandshakeOp>(std::move(stream), std::move(handshakes), options.time_max(),
                                    HandshakeHandler{asio::bind_executor(std::move(executor), std::move(on_done))});
  if (slot.is_connected()) {
    auto cancel = slot;
    cancel.assign([weak = std::weak_ptr{op}](asio::cancellation_type) {
      if (const auto living = weak.lock()) living->cancel();
    });
  }
  op->start();
}

}  // namespace parley::transport::detail
