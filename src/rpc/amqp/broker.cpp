#include "rpc/amqp/broker.hpp"

#include <parley/error.hpp>
#include <parley/limits.hpp>
#include <parley/transport/connect.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <cstdint>
#include <map>

namespace parley::rpc::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using wire::AmqpEvent;

namespace {

wire::AmqpClient::Settings settings_for(const Endpoint& endpoint) {
  wire::AmqpClient::Settings settings;
  if (!endpoint.user().empty()) {
    settings.user = endpoint.user();
    settings.password = endpoint.password();
  }
  if (endpoint.path().size() > 1) settings.virtual_host = endpoint.path().substr(1);
  settings.unanswered_count_max = 65'536;
  settings.unanswered_size_max = limits::message_size_max;
  settings.body_size_max = Broker::body_size_max;
  return settings;
}

/// The connections of a context, by where and as whom they are, and on which executor.
class BrokerPool final : public asio::execution_context::service {
 public:
  using key_type = BrokerPool;
  static asio::execution_context::id id;

  explicit BrokerPool(asio::execution_context& context) : service{context} {}

  std::shared_ptr<Broker> take(const asio::any_io_executor& executor, const Endpoint& endpoint,
                               const EndpointOptions& options) {
    const std::lock_guard lock{mutex_};
    std::erase_if(brokers_, [](const auto& each) { return each.second.expired(); });
    const std::string at = place_of(endpoint, options);
    const auto [begin, end] = brokers_.equal_range(at);
    for (auto each = begin; each != end; ++each) {
      auto broker = each->second.lock();
      if (broker && broker->executor() == executor && !broker->is_over()) return broker;
    }
    auto broker = std::make_shared<Broker>(executor, endpoint, options);
    brokers_.emplace(at, broker);
    broker->connect();
    return broker;
  }

 private:
  void shutdown() override {}

  /// A certificate is as good as a password.
  static std::string place_of(const Endpoint& endpoint, const EndpointOptions& options) {
    const std::string text = endpoint.serialize();
    return text.substr(0, text.find('?')) + ' ' +
           std::to_string(reinterpret_cast<std::uintptr_t>(options.transport().tls.state().get()));
  }

  std::mutex mutex_;
  std::multimap<std::string, std::weak_ptr<Broker>> brokers_;
};

asio::execution_context::id BrokerPool::id;

Endpoint stream_endpoint(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.host().find(':') != std::string_view::npos;
  const std::string host = is_v6 ? '[' + std::string{endpoint.host()} + ']' : std::string{endpoint.host()};
  return Endpoint{(endpoint.scheme() == Scheme::amqps ? "tls://" : "tcp://") + host + ':' +
                  std::to_string(endpoint.port())};
}

}  // namespace

void Broker::require(const Endpoint& endpoint) { wire::AmqpClient::require(settings_for(endpoint)); }

std::shared_ptr<Broker> Broker::shared(const asio::any_io_executor& executor, const Endpoint& endpoint,
                                       const EndpointOptions& options) {
  auto& context = asio::query(executor, asio::execution::context);
  return asio::use_service<BrokerPool>(context).take(executor, endpoint, options);
}

Broker::Broker(asio::any_io_executor executor, Endpoint endpoint, const EndpointOptions& options)
    : executor_{std::move(executor)},
      endpoint_{std::move(endpoint)},
      options_{options},
      context_{&parley::detail::ContextService::of(executor_)} {
  context_->enroll(*this);
}

Broker::~Broker() {
  if (context_ != nullptr) context_->withdraw(*this);
}

// --- connecting ------------------------------------------------------------------------------------------------------

void Broker::connect() {
  auto why = std::make_shared<std::string>();
  transport::StreamConnectOptions options;
  options.transport(options_.transport()).deadline(options_.attempt_time_max()).failure_to(why);
  stop_ = std::make_shared<asio::cancellation_signal>();
  auto on_done = [self = std::static_pointer_cast<Broker>(shared_from_this()), why, stop = stop_](
                     error_code ec, transport::Stream stream) { self->on_connected(ec, std::move(stream), *why); };
  transport::async_connect(executor_, stream_endpoint(endpoint_), options,
                           asio::bind_cancellation_slot(stop_->slot(), std::move(on_done)));
}

void Broker::on_connected(error_code ec, transport::Stream stream, const std::string& why) {
  Lock lock{mutex_};
  stop_.reset();
  if (is_over_ || context_ == nullptr) return;
  if (ec) return lose(lock, ec, why.empty() ? ec.message() : why);
  stream_executor_ = stream.get_executor();
  link_.emplace(std::move(stream), stream_executor_, mutex_, static_cast<LinkSink&>(*this), *context_,
                limits::read_size);
  client_.emplace(settings_for(endpoint_), link_->in(), link_->out());
  client_->start(Clock::now());
  schedule();
  link_->start();
  if (!link_->out().empty()) link_->appended(lock);
}

// --- users -----------------------------------------------------------------------------------------------------------

void Broker::join(const std::shared_ptr<User>& user) {
  const Lock lock{mutex_};
  if (is_over_ || is_closing_) {
    return asio::post(executor_, [user, self = shared_from_this()] {
      user->on_broker_lost(error::disconnected, "the connection to the broker has ended");
    });
  }
  users_.push_back({user, user.get(), {}});
  if (is_ready_) {
    asio::post(executor_, [user, self = shared_from_this()] { user->on_broker_ready(); });
  }
}

void Broker::leave(const User& user) {
  Lock lock{mutex_};
  for (Place& place : users_) {
    if (place.key != &user) continue;
    if (place.channel && client_ && !is_over_) (void)client_->close_channel(place.channel, ++last_token_);
    place.user.reset();
    place.key = nullptr;
  }
  std::erase_if(users_, [](const Place& place) { return place.key == nullptr; });
  end_if_unused();
  if (link_ && !link_->out().empty() && !is_over_) link_->appended(lock);
}

void Broker::end_if_unused() {
  if (!users_.empty() || is_over_ || is_closing_) return;
  is_closing_ = true;
  if (!client_) {
    is_over_ = true;
    if (const auto stop = std::exchange(stop_, nullptr)) {
      asio::post(executor_, [stop] { stop->emit(asio::cancellation_type::terminal); });
    }
    return;
  }
  client_->close(Clock::now());
  schedule();
  take_events_later();
}

wire::AmqpChannel Broker::open_channel(const std::shared_ptr<User>& user) {
  Lock lock{mutex_};
  if (is_over_ || !is_ready_) return {};
  const auto place =
      std::find_if(users_.begin(), users_.end(), [&](const Place& each) { return each.key == user.get(); });
  if (place == users_.end()) return {};
  const wire::AmqpClient::OpenedChannel opened = client_->open_channel(++last_token_);
  if (opened.code) return {};
  place->channel = opened.channel;
  if (!link_->out().empty()) link_->appended(lock);
  return opened.channel;
}

std::string Broker::blocked_reason() {
  const Lock lock{mutex_};
  return blocked_reason_;
}

bool Broker::is_over() {
  const Lock lock{mutex_};
  return is_over_ || is_closing_;
}

std::vector<std::shared_ptr<Broker::User>> Broker::living_users() {
  std::vector<std::shared_ptr<User>> users;
  for (const Place& place : users_) {
    if (auto user = place.user.lock()) users.push_back(std::move(user));
  }
  return users;
}

// --- what comes ------------------------------------------------------------------------------------------------------

void Broker::take_events(Lock& lock) {
  if (is_taking_ || is_over_) return;
  struct Taking {
    explicit Taking(bool& is_taking) : flag{is_taking} { flag = true; }
    ~Taking() { flag = false; }
    bool& flag;
  };
  const Taking taking{is_taking_};
  while (!is_over_) {
    AmqpEvent event = client_->next_event(Clock::now());
    if (!event) break;
    take_event(lock, std::move(event));
  }
  if (!is_over_) schedule();
}

void Broker::take_event(Lock& lock, AmqpEvent event) {
  switch (event.kind) {
    case AmqpEvent::Kind::opened: {
      is_ready_ = true;
      const auto users = living_users();
      lock.unlock();
      for (const auto& user : users) user->on_broker_ready();
      lock.lock();
      return;
    }
    case AmqpEvent::Kind::blocked: blocked_reason_ = event.sentence.empty() ? "it says" : event.sentence; return;
    case AmqpEvent::Kind::unblocked: blocked_reason_.clear(); return;
    case AmqpEvent::Kind::closed: return lose(lock, error::closed, "the connection to the broker was closed");
    case AmqpEvent::Kind::closed_by_peer:
    case AmqpEvent::Kind::failed:
      return lose(lock, event.code ? event.code : error_code{error::refused_by_peer}, event.sentence);
    default: break;
  }
  for (const Place& place : users_) {
    if (place.channel != event.channel) continue;
    const std::shared_ptr<User> user = place.user.lock();
    if (!user) return;
    lock.unlock();
    user->on_amqp(std::move(event));
    lock.lock();
    return;
  }
}

void Broker::take_events_later() {
  asio::post(executor_, [self = std::static_pointer_cast<Broker>(shared_from_this())] {
    Lock lock{self->mutex_};
    if (self->is_over_ || self->context_ == nullptr) return;
    self->take_events(lock);
    if (!self->is_over_ && !self->link_->out().empty()) self->link_->appended(lock);
  });
}

void Broker::on_read_end(error_code ec) {
  if (is_over_) return;
  if (ec == asio::error::eof) {
    client_->stream_ended();
    return take_events_later();
  }
  asio::post(executor_, [self = std::static_pointer_cast<Broker>(shared_from_this()), ec] {
    Lock lock{self->mutex_};
    self->lose(lock, ec, "the connection to the broker was lost: " + ec.message());
  });
}

void Broker::on_written(std::size_t /*message_count*/) {}

void Broker::on_write_end(error_code ec) { on_read_end(ec == asio::error::eof ? asio::error::broken_pipe : ec); }

void Broker::lose(Lock& lock, error_code ec, const std::string& sentence) {
  if (std::exchange(is_over_, true)) return;
  if (deadline_.is_set() && context_ != nullptr) context_->cancel(deadline_);
  deadline_ = {};
  const std::shared_ptr<ContextMember> self = shared_from_this();
  if (link_) {
    // What is left says goodbye.
    link_->write_now(lock);
    if (!lock.owns_lock()) lock.lock();
    link_->close();
  }
  const auto users = living_users();
  users_.clear();
  lock.unlock();
  for (const auto& user : users) user->on_broker_lost(ec, sentence);
  lock.lock();
}

// --- time ------------------------------------------------------------------------------------------------------------

void Broker::schedule() {
  if (context_ == nullptr || !client_) return;
  const auto next = client_->next_deadline();
  if (!next || (deadline_.is_set() && deadline_.when <= *next)) return;
  if (deadline_.is_set()) context_->cancel(deadline_);
  deadline_ = context_->schedule(executor_, *next, *this, 1);
}

void Broker::on_deadline(std::uint64_t /*token*/) {
  Lock lock{mutex_};
  deadline_ = {};
  if (is_over_ || context_ == nullptr || !client_) return;
  client_->expire(Clock::now());
  take_events(lock);
  if (!is_over_ && !link_->out().empty()) link_->appended(lock);
}

void Broker::on_context_shutdown() noexcept {
  std::vector<Place> users;
  const Lock lock{mutex_};
  context_ = nullptr;
  is_over_ = true;
  if (link_) link_->forget();
  users.swap(users_);
}

}  // namespace parley::rpc::detail
