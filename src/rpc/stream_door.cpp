#include "rpc/stream_door.hpp"

#include "rpc/server_state.hpp"

#include <string>
#include <utility>

namespace parley::rpc::detail {

using boost::system::error_code;

StreamDoor::StreamDoor(const std::shared_ptr<ServerState>& server, const Endpoint& endpoint,
                       const EndpointOptions& options)
    : server_{server},
      acceptor_{server->executor(), endpoint, options.transport()},
      local_{acceptor_.local_endpoint()} {}

void StreamDoor::start() {
  const auto tell = [self = weak_from_this()](Event event) {
    if (const auto door = self.lock()) {
      const Node::Lock lock{door->server_->node_mutex()};
      if (!door->is_closed_) door->server_->tell_of_door_locked(std::move(event));
    }
  };
  acceptor_.on_refused([tell](error_code ec, const std::string& sentence, const Endpoint& peer) {
    Event event;
    event.kind = Event::Kind::refused;
    event.endpoint = peer;
    event.cause = ec;
    event.sentence = sentence + " (" + peer.to_string() + ")";
    tell(std::move(event));
  });
  acceptor_.on_trouble([tell, local = local_](error_code ec, Duration pause) {
    Event event;
    event.kind = Event::Kind::accept_paused;
    event.endpoint = local;
    event.cause = ec;
    event.sentence = ec.message();
    event.delay = pause;
    tell(std::move(event));
  });
  accept();
}

void StreamDoor::accept() {
  acceptor_.async_accept(
      [self = shared_from_this()](error_code ec, transport::Stream stream) { self->on_accept(ec, std::move(stream)); });
}

void StreamDoor::on_accept(error_code ec, transport::Stream stream) {
  Node::Lock lock{server_->node_mutex()};
  if (is_closed_ || ec) return;
  server_->add_stranger_locked(lock, std::move(stream));
  if (!lock.owns_lock()) lock.lock();
  if (!is_closed_) accept();
}

void StreamDoor::close() {
  is_closed_ = true;
  acceptor_.close();
}

}  // namespace parley::rpc::detail
