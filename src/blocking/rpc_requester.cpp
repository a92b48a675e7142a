#include <parley/blocking/rpc_requester.hpp>

#include "blocking/rpc_engine.hpp"

#include <boost/asio/error.hpp>

namespace parley::rpc::blocking::detail {

using boost::system::error_code;
using parley::detail::Handler;
using rpc::detail::Reply;
using rpc::detail::ReplyOf;

namespace {

rpc::detail::Target inner(const Target& target, const Engine& engine) {
  return {engine.shared_node(), target.of, target.client_id};
}

}  // namespace

Reply request(const Target& target, const RouteName& route, Message payload, const RequestOptions& options,
              error_code& ec) {
  const auto engine = target.engine.lock();
  if (!engine) {
    ec = boost::asio::error::operation_aborted;
    return {};
  }
  auto [failure, reply] = engine->await<Reply>("a request", [&](auto handler) {
    engine->node().request(inner(target, *engine), route, std::move(payload), options,
                           Handler<Reply>{std::move(handler)});
  });
  ec = failure;
  return std::move(reply);
}

std::vector<ReplyOf> request_of_all(const Target& target, const RouteName& route, Message payload,
                                    const RequestOptions& options, error_code& ec) {
  const auto engine = target.engine.lock();
  if (!engine) {
    ec = boost::asio::error::operation_aborted;
    return {};
  }
  using Replies = std::vector<ReplyOf>;
  auto [failure, replies] = engine->await<Replies>("a request", [&](auto handler) {
    engine->node().request_of_all(route, payload, options, Handler<Replies>{std::move(handler)});
  });
  ec = failure;
  return std::move(replies);
}

void notify(const Target& target, const RouteName& route, const Message& payload, const RequestOptions& options,
            error_code& ec) {
  const auto engine = target.engine.lock();
  ec = engine ? engine->node().notify(inner(target, *engine), route, payload, options)
              : error_code{boost::asio::error::operation_aborted};
}

void throw_not_told(const Target& target, error_code ec) {
  if (const auto engine = target.engine.lock()) engine->node().throw_error("notify", ec);
  throw Error{ec, "notify: " + ec.message()};
}

error_code note_rejected(const Target& target, const Error& rejected) {
  if (const auto engine = target.engine.lock()) engine->node().note_error(rejected.code(), rejected.what());
  return rejected.code();
}

}  // namespace parley::rpc::blocking::detail
