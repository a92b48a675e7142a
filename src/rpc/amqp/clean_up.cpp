#include <parley/rpc/clean_up.hpp>

#include "detail/as_result.hpp"
#include "rpc/amqp/line.hpp"
#include "rpc/amqp/names.hpp"

#include <parley/detail/post_completion.hpp>
#include <parley/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace parley::rpc {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {
namespace {

constexpr std::uint16_t reply_not_found = 404;

/// One queue after the other. One that is not there costs the channel, and the next needs another.
class CleanUp final : public Broker::User, public std::enable_shared_from_this<CleanUp> {
 public:
  /// The sentence of a failure, for the form that throws.
  using Why = std::shared_ptr<std::string>;

  CleanUp(const asio::any_io_executor& io, const Endpoint& endpoint, const EndpointOptions& options,
          const AmqpNames& names, Why why, parley::detail::Handler<> handler)
      : executor_{io},
        endpoint_{endpoint},
        why_{std::move(why)},
        handler_{std::move(handler)},
        work_{asio::prefer(handler_->executor_or(io), asio::execution::outstanding_work.tracked)},
        timer_{io},
        broker_{Broker::shared(io, endpoint, options)},
        line_{broker_, names.exchange} {
    if (names.client.empty()) {
      queues_ = {names.connect_queue()};
    } else {
      queues_ = {names.to_client(), names.to_server()};
    }
  }

  void start(Deadline deadline) {
    const std::lock_guard lock{mutex_};
    if (auto slot = handler_->get_cancellation_slot(); slot.is_connected()) {
      slot.assign([weak = weak_from_this()](asio::cancellation_type type) {
        const auto self = weak.lock();
        if (!self || type == asio::cancellation_type::none) return;
        const std::lock_guard guard{self->mutex_};
        self->end(asio::error::operation_aborted, "it was cancelled");
      });
    }
    // Also without a deadline: this is what keeps it.
    timer_.expires_at(deadline.when());
    timer_.async_wait([self = shared_from_this(), begin = Clock::now()](error_code ec) {
      if (ec) return;
      const auto span = std::chrono::round<std::chrono::milliseconds>(Clock::now() - begin);
      const std::lock_guard guard{self->mutex_};
      self->end(error::timed_out, "it timed out after " + std::to_string(span.count()) + " ms");
    });
    broker_->join(shared_from_this());
  }

  void on_broker_ready() override {
    const std::lock_guard lock{mutex_};
    if (handler_) open_channel();
  }

  void on_amqp(wire::AmqpEvent event) override {
    const std::lock_guard lock{mutex_};
    if (!handler_) return;
    if (event.kind == wire::AmqpEvent::Kind::done && !event.code && event.token == last_) {
      if (!is_last()) remove_queue();
    } else if (event.kind == wire::AmqpEvent::Kind::channel_closed) {
      if (event.reply_code != reply_not_found) {
        return end(error::refused_by_peer, "the broker has closed the channel: " + event.sentence);
      }
      if (!is_last()) open_channel();
    }
  }

  void on_broker_lost(error_code ec, const std::string& sentence) override {
    const std::lock_guard lock{mutex_};
    end(ec, sentence);
  }

 private:
  void open_channel() {
    if (!line_.open(shared_from_this())) return end(error::too_many_connections, "the broker has no further channel");
    remove_queue();
  }

  void remove_queue() {
    line_.purge_queue(queues_.back());
    last_ = line_.remove_queue(queues_.back());
  }

  /// That queue has gone.
  bool is_last() {
    queues_.pop_back();
    if (queues_.empty()) end({}, {});
    return queues_.empty();
  }

  void end(error_code ec, const std::string& sentence) {
    if (!handler_) return;
    if (ec) *why_ = "cannot clean up " + endpoint_.to_string() + ": " + sentence;
    parley::detail::post_completion(std::move(*handler_), executor_, ec);
    handler_.reset();
    work_ = {};
    timer_.cancel();
    broker_->leave(*this);
  }

  std::mutex mutex_;  // taken before the broker's
  const asio::any_io_executor executor_;
  const Endpoint endpoint_;
  const Why why_;
  std::optional<parley::detail::Handler<>> handler_;  // until it is over
  asio::any_io_executor work_;
  asio::steady_timer timer_;
  const std::shared_ptr<Broker> broker_;
  AmqpLine line_;
  std::vector<std::string> queues_;  // that are left
  wire::AmqpToken last_ = 0;         // of the command that removes the queue
};

AmqpNames names_to_clean(const Endpoint& endpoint) {
  if (!is_broker(endpoint)) {
    throw std::invalid_argument{"only a broker has queues to be cleaned up (" + endpoint.to_string() + ")"};
  }
  Broker::require(endpoint);
  return AmqpNames::of(endpoint, endpoint.parameter("client").has_value());
}

void begin_clean_up(const asio::any_io_executor& io, const Endpoint& endpoint, const EndpointOptions& options,
                    Deadline deadline, const CleanUp::Why& why, parley::detail::Handler<> handler) {
  const AmqpNames names = names_to_clean(endpoint);
  std::make_shared<CleanUp>(io, endpoint, options, names, why, std::move(handler))->start(deadline);
}

asio::awaitable<void> clean_up_throwing(Endpoint endpoint, EndpointOptions options, Deadline deadline) {
  const asio::any_io_executor io = co_await asio::this_coro::executor;
  const auto why = std::make_shared<std::string>();
  (void)names_to_clean(endpoint);
  auto [ec] = co_await parley::detail::await_result<void(error_code)>([&](auto handler) {
    begin_clean_up(io, endpoint, options, deadline, why, parley::detail::Handler<>{std::move(handler)});
  });
  if (ec) throw Error{ec, *why};
}

}  // namespace

void start_clean_up(asio::any_io_executor executor, Endpoint endpoint, EndpointOptions options, Deadline deadline,
                    parley::detail::Handler<> handler) {
  begin_clean_up(executor, endpoint, options, deadline, std::make_shared<std::string>(), std::move(handler));
}

}  // namespace detail

asio::awaitable<void> clean_up(Endpoint endpoint, EndpointOptions options, Deadline deadline) {
  return detail::clean_up_throwing(std::move(endpoint), std::move(options), deadline);
}

}  // namespace parley::rpc
