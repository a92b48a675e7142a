// The token-free forms of operations that clients and servers share.
#pragma once

#include <parley/rpc/event.hpp>
#include <parley/time.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace parley::rpc::detail {

class Node;

boost::asio::awaitable<Event> next_event(std::shared_ptr<Node> node, Deadline deadline);
boost::asio::awaitable<CloseReport> close(std::shared_ptr<Node> node, Deadline deadline);

}  // namespace parley::rpc::detail
