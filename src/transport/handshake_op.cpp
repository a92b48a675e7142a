#include "transport/handshake_op.hpp"

#include "transport/sentence.hpp"

#include <parley/detail/post_completion.hpp>
#include <parley/error.hpp>
#include <parley/limits.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <exception>
#include <utility>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// How long a peer that was turned away is listened to.
constexpr std::chrono::seconds leave_time_max{1};

std::string text_of(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

HandshakeOp::HandshakeOp(Stream lower, std::vector<Handshake> handshakes, Duration time_max, HandshakeHandler handler)
    : executor_{lower.get_executor()},
      strand_{asio::make_strand(executor_)},
      stream_{std::move(lower)},
      handshakes_{std::move(handshakes)},
      time_max_{time_max},
      timer_{strand_},
      handler_{std::move(handler)},
      handler_work_{asio::make_work_guard(asio::get_associated_executor(*handler_, executor_))} {}

void HandshakeOp::start() {
  patience_ends_ = Clock::now() + limits::handshake_first_word_after;
  asio::dispatch(strand_, [self = shared_from_this()] {
    self->watch_time();
    self->begin_layer();
  });
}

void HandshakeOp::cancel() {
  asio::dispatch(strand_, [self = shared_from_this()] {
    if (self->is_over()) return;
    if (self->layered_) self->layered_->close();
    self->finish(asio::error::operation_aborted, {}, "cancelled");
  });
}

void HandshakeOp::make_way(std::string sentence, std::function<void()> stays) {
  asio::dispatch(strand_,
                 [self = shared_from_this(), sentence = std::move(sentence), stays = std::move(stays)]() mutable {
                   if (self->is_over()) return;
                   self->way_sentence_ = std::move(sentence);
                   self->stays_ = std::move(stays);
                   self->stop_waiting_.emit(asio::cancellation_type::terminal);  // and so advance() looks
                 });
}

void HandshakeOp::begin_layer() {
  if (is_over()) return;
  if (next_ == handshakes_.size()) return finish({}, std::move(stream_), {});
  const Handshake& handshake = handshakes_[next_];
  try {
    layered_ = std::make_shared<LayeredState>(std::move(stream_), handshake.scheme, handshake.make);
  } catch (const Error& e) {
    return finish(e.code(), {}, e.what());
  }
  advance();
}

void HandshakeOp::watch_time() {
  timer_.expires_after(time_max_);
  timer_.async_wait([self = shared_from_this()](error_code ec) {
    if (ec || self->is_over()) return;
    self->fail(error::timed_out, std::string{"the "} + self->handshakes_[self->next_].name + " was not done within " +
                                     text_of(self->time_max_));
  });
}

void HandshakeOp::advance() {
  if (is_over()) return;
  error_code ec;
  const std::uint64_t received_size = layered_->received_size();
  layered_->handshake(ec);
  if (layered_->received_size() != received_size) has_spoken();
  if (!ec) return layer_done();
  if (ec != asio::error::would_block) {
    std::string sentence = layered_->explain();
    if (sentence.empty()) sentence = std::string{"the "} + handshakes_[next_].name + " failed: " + reason(ec);
    return fail(ec, std::move(sentence));
  }
  if (stays_) {
    layered_->close();  // nobody is told anything: it has not begun to listen
    return finish(error::too_many_connections, {}, std::move(way_sentence_));
  }
  wait_for_more();
}

void HandshakeOp::wait_for_more() {
  auto look = [self = shared_from_this()](error_code) { asio::dispatch(self->strand_, [self] { self->advance(); }); };
  layered_->wait_readable(WaitHandler{asio::bind_cancellation_slot(stop_waiting_.slot(), std::move(look))});
}

void HandshakeOp::has_spoken() {
  patience_ends_ = Clock::now() + limits::handshake_next_word_after;
  if (stays_) asio::post(executor_, std::exchange(stays_, {}));
}

void HandshakeOp::layer_done() {
  stream_ = Stream{std::make_unique<LayeredStream>(std::move(layered_))};
  ++next_;
  begin_layer();
}

void HandshakeOp::fail(error_code ec, std::string sentence) {
  finish(ec, {}, std::move(sentence));
  take_leave();
}

void HandshakeOp::finish(error_code ec, Stream stream, std::string sentence) {
  HandshakeHandler handler = std::move(*handler_);
  handler_.reset();
  stays_ = {};
  timer_.cancel();
  parley::detail::post_completion(std::move(handler), executor_, ec, std::move(stream), std::move(sentence));
  handler_work_.reset();
}

void HandshakeOp::take_leave() {
  layered_->hang_up();
  timer_.expires_after(leave_time_max);
  timer_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->layered_->close();
  });
  listen_on();
}

void HandshakeOp::listen_on() {
  if (!layered_->drop_input()) {
    timer_.cancel();
    return layered_->close();
  }
  layered_->wait_readable(WaitHandler{[self = shared_from_this()](error_code ec) {
    if (ec) return;
    asio::dispatch(self->strand_, [self] { self->listen_on(); });
  }});
}

}  // namespace parley::transport
