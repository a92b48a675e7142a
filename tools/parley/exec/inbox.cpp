#include "inbox.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

asio::awaitable<std::optional<Message>> Inbox::next() {
  if (!ahead_) co_return co_await connection_.next();
  const std::shared_ptr<Ahead> ahead = ahead_;
  while (!ahead->is_there) co_await ahead->arrived.async_wait(asio::as_tuple(asio::use_awaitable));
  ahead_.reset();
  if (ahead->message) co_return std::move(ahead->message);
  // An end stays, and asking again gives it with its sentence.
  co_return co_await connection_.next();
}

void Inbox::look_ahead(EndHandler on_end) {
  if (!ahead_) ask();
  ahead_->on_end = std::move(on_end);
  // It may have come while the last command worked.
  if (ahead_->is_there && !ahead_->message) std::exchange(ahead_->on_end, {})(ahead_->failure);
}

void Inbox::forget_end() noexcept {
  if (ahead_) ahead_->on_end = nullptr;
}

void Inbox::ask() {
  ahead_ = std::make_shared<Ahead>(connection_.get_executor());
  connection_.next([ahead = ahead_](boost::system::error_code ec, std::optional<Message> message) {
    arrive(*ahead, ec, std::move(message));
  });
}

void Inbox::arrive(Ahead& ahead, boost::system::error_code ec, std::optional<Message> message) {
  ahead.is_there = true;
  ahead.failure = ec;
  ahead.message = std::move(message);
  ahead.arrived.cancel();
  if (!ahead.message && ahead.on_end) std::exchange(ahead.on_end, {})(ec);
}

}  // namespace parley::tool
