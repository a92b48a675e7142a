#include "rpc/operations.hpp"

#include "detail/as_result.hpp"
#include "rpc/node.hpp"

#include <parley/error.hpp>
#include <parley/rpc/client.hpp>

namespace parley::rpc::detail {

namespace asio = boost::asio;

void start_event(std::shared_ptr<Node> node, Deadline deadline, Handler<Event> handler) {
  node->next_event(deadline, std::move(handler));
}

void start_close(std::shared_ptr<Node> node, Deadline deadline, Handler<CloseReport> handler) {
  node->close(deadline, std::move(handler));
}

asio::awaitable<Event> next_event(std::shared_ptr<Node> node, Deadline deadline) {
  auto [ec, event] = co_await parley::detail::await_result<void(error_code, Event)>(
      [&](auto handler) { node->next_event(deadline, Handler<Event>{std::move(handler)}); });
  if (ec == error::closed) throw Error{ec, "next_event: this side was closed, and all has been told"};
  if (ec) node->throw_error("next_event", ec);
  co_return std::move(event);
}

asio::awaitable<CloseReport> close(std::shared_ptr<Node> node, Deadline deadline) {
  auto [ec, report] = co_await parley::detail::await_result<void(error_code, CloseReport)>(
      [&](auto handler) { node->close(deadline, Handler<CloseReport>{std::move(handler)}); });
  co_return report;
}

}  // namespace parley::rpc::detail
