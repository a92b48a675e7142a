#include "rpc/dialled_once.hpp"

#include "transport.hpp"

#include <parley/rpc/event.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

/// A year is as good as for ever, and what adds to it does not overflow.
constexpr Seconds patience_max{365.0 * 24 * 3600};

std::chrono::milliseconds patience_of(const AskingOptions& options) {
  return std::chrono::ceil<std::chrono::milliseconds>(std::min(options.patience(), patience_max));
}

/// Where it was, unless the sentence says so.
std::string sentence_of(const rpc::Event& failure, const Endpoint& endpoint) {
  const std::string where = endpoint.to_string();
  const bool is_named = failure.sentence.find(where) != std::string::npos;
  return is_named ? failure.sentence : failure.sentence + " (" + where + ")";
}

}  // namespace

rpc::Client make_client(const asio::any_io_executor& executor, const AskingOptions& options) {
  rpc::ClientOptions how;
  how.client_id = options.client_id;
  how.payload_size_max = options.size_max;
  how.greeting_time_max = patience_of(options);
  if (options.time_out) how.request_time_max = patience_of(options);
  return rpc::Client{executor, std::move(how)};
}

asio::awaitable<Dialled> dial_once(rpc::Client& client, const AskingOptions& options) {
  rpc::EndpointOptions how;
  how.transport(connecting_transport(options.endpoint, options.tls, WsOptions{}));
  how.attempt_time_max(patience_of(options));
  try {
    client.dial(options.endpoint, how);
  } catch (const std::invalid_argument& e) {
    co_return Dialled{ExitCode::usage, e.what()};  // a broker's endpoint without an address, or a name of the client's
  }
  const auto [ec, event] = co_await client.next_event(Deadline::never(), asio::as_tuple(asio::use_awaitable));
  Dialled dialled;
  if (ec) {
    dialled = {ExitCode::failure, ec.message()};
  } else if (event.kind != rpc::Event::Kind::connected) {
    dialled = {exit_code_of_dialling(event.cause), sentence_of(event, options.endpoint)};
    client.disconnect();
  }
  co_return dialled;
}

}  // namespace parley::tool
