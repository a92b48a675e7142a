#include "rpc/amqp/amqp_door.hpp"

#include "detail/random_bits.hpp"
#include "rpc/server_state.hpp"

#include <parley/codec/json.hpp>
#include <parley/detail/post_completion.hpp>
#include <parley/error.hpp>
#include <parley/policy/backoff.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>

#include <utility>

namespace parley::rpc::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using wire::AmqpEvent;

namespace {

constexpr std::string_view tag_connect = "connect";
constexpr std::uint16_t connects_ahead = 16;

}  // namespace

AmqpDoor::AmqpDoor(std::shared_ptr<ServerState> server, const Endpoint& endpoint, const EndpointOptions& options,
                   parley::detail::Handler<Endpoint> bound)
    : server_{std::move(server)},
      endpoint_{endpoint},
      options_{options},
      names_{AmqpNames::of(endpoint, false)},
      bound_{std::move(bound)},
      work_{asio::prefer(bound_->executor_or(server_->executor()), asio::execution::outstanding_work.tracked)},
      retry_{server_->executor()} {}

void AmqpDoor::start() {
  line_.emplace(Broker::shared(server_->executor(), endpoint_, options_), names_.exchange);
  line_->broker().join(shared_from_this());
}

void AmqpDoor::on_broker_ready() {
  const Node::Lock lock{server_->node_mutex()};
  if (is_closed_ || server_->node_context() == nullptr) return;
  if (!line_->open(shared_from_this())) return lose(error::too_many_connections, "the broker has no further channel");
  line_->declare_exchange();
  line_->qos(connects_ahead);
  line_->declare_queue(names_.connect_queue(), AmqpLine::Queue::durable);
  line_->consume(names_.connect_queue(), tag_connect, false);
}

void AmqpDoor::on_amqp(AmqpEvent event) {
  const Node::Lock lock{server_->node_mutex()};
  if (is_closed_ || server_->node_context() == nullptr) return;
  switch (event.kind) {
    case AmqpEvent::Kind::delivered: return take_client(event);
    case AmqpEvent::Kind::done:
      if (event.code) return lose(event.code, event.sentence);
      if (event.name == tag_connect) {
        failures_ = 0;
        complete({});
      }
      return;
    case AmqpEvent::Kind::channel_closed:
      return lose(error::ended_by_peer, "the broker has closed the channel: " + event.sentence);
    case AmqpEvent::Kind::consumer_cancelled:
      return lose(error::ended_by_peer, "the queue " + names_.connect_queue() + " was removed");
    default: return;
  }
}

void AmqpDoor::take_client(const AmqpEvent& event) {
  line_->acknowledge(event.number);
  if (event.properties.type != type_client_connect || event.properties.reply_to.empty()) return;
  std::string name;
  try {
    name = Json{}.decode<std::string>(event.body);
  } catch (const Error&) {
    return;  // nobody's request to be connected
  }
  if (name.empty() || names_.address.size() + name.size() > AmqpNames::size_max) return;
  std::erase_if(carriers_, [](const auto& each) { return each.second.expired(); });
  std::weak_ptr<AmqpCarrier>& known = carriers_[name];
  // The older one must take nothing more from the queue that the newer one is going to read.
  if (const auto older = known.lock()) older->give_way();
  AmqpNames names = names_;
  names.client = name;
  AmqpCarrier::Settings settings{.endpoint = endpoint_,
                                 .names = std::move(names),
                                 .reply_to = event.properties.reply_to,
                                 .is_persistent = options_.persistent(),
                                 .memory = memories_.of(name)};
  const auto carrier = std::make_shared<AmqpCarrier>(server_, Broker::shared(server_->executor(), endpoint_, options_),
                                                     std::move(settings));
  known = carrier;
  server_->add_stranger_locked(carrier);
}

void AmqpDoor::on_broker_lost(error_code ec, const std::string& sentence) {
  const Node::Lock lock{server_->node_mutex()};
  if (!is_closed_ && server_->node_context() != nullptr) lose(ec, sentence);
}

void AmqpDoor::lose(error_code ec, const std::string& sentence) {
  line_->broker().leave(*this);
  if (bound_) {
    is_closed_ = true;  // it never was open
    complete(ec);
    return server_->door_failed_locked(*this, ec, "cannot listen on " + endpoint_.to_string() + ": " + sentence);
  }
  const Duration delay = ExponentialBackoff{}(++failures_, parley::detail::random_bits());
  Event event;
  event.kind = Event::Kind::accept_paused;
  event.endpoint = endpoint_;
  event.cause = ec;
  event.sentence = sentence;
  event.delay = delay;
  server_->tell_of_door_locked(std::move(event));
  retry_.expires_after(delay);
  retry_.async_wait([self = shared_from_this()](error_code cancelled) {
    if (cancelled) return;
    const Node::Lock lock{self->server_->node_mutex()};
    if (!self->is_closed_ && self->server_->node_context() != nullptr) self->start();
  });
}

void AmqpDoor::complete(error_code ec) {
  if (!bound_) return;
  parley::detail::post_completion(std::move(*bound_), server_->executor(), ec, endpoint_);
  bound_.reset();
  work_ = {};
}

void AmqpDoor::close() {
  if (std::exchange(is_closed_, true)) return;
  retry_.cancel();
  complete(asio::error::operation_aborted);
  if (line_) line_->broker().leave(*this);
}

}  // namespace parley::rpc::detail
