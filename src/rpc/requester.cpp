#include <parley/rpc/requester.hpp>

#include "rpc/node.hpp"

#include <parley/wire/request_metadata.hpp>

#include <boost/asio/error.hpp>

namespace parley::rpc {

RouteName::RouteName(std::string_view name) : quoted_{wire::quoted_route(name)} {}

namespace detail {

namespace asio = boost::asio;

void start_request(const Target& target, const RouteName& route, Message payload, const RequestOptions& options,
                   parley::detail::Handler<Reply> handler) {
  target.node->request(target, route, std::move(payload), options, std::move(handler));
}

void start_request_of_all(const Target& target, const RouteName& route, Message payload, const RequestOptions& options,
                          parley::detail::Handler<std::vector<ReplyOf>> handler) {
  target.node->request_of_all(route, payload, options, std::move(handler));
}

error_code notify_now(const Target& target, const RouteName& route, const Message& payload,
                      const RequestOptions& options) {
  return target.node->notify(target, route, payload, options);
}

asio::awaitable<void> notify(Target target, RouteName route, Message payload, RequestOptions options) {
  const error_code ec = target.node->notify(target, route, payload, options);
  if (ec) target.node->throw_error("notify", ec);
  co_return;
}

std::string sentence_of(error_code ec, const Reply& reply) {
  return reply.failure ? reply.failure->what() : "the request has failed: " + ec.message();
}

void throw_failure(error_code ec, const Reply& reply) {
  if (reply.failure) throw RequestError{*reply.failure};
  throw RequestError{ec, sentence_of(ec, reply), {}};
}

error_code note_rejected(const Target& target, const Error& rejected) {
  target.node->note_error(rejected.code(), rejected.what());
  return rejected.code();
}

}  // namespace detail
}  // namespace parley::rpc
