#include "connection/framed.hpp"

#include "detail/log.hpp"
#include "transport/scheme_layers.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <variant>

namespace parley::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// Of the default framing: a big-endian u32.
constexpr std::size_t plain_header_size = 4;

/// Reading that was stopped goes on when no more than this is left: little enough to be moved to the front of the block
/// that the next read fills.
constexpr std::size_t resume_size = 4 * 1024;

bool is_plain(const Framing& framing) {
  const auto* prefixed = std::get_if<LengthPrefixed>(&framing.options());
  return prefixed != nullptr && *prefixed == LengthPrefixed{};
}

[[noreturn]] void refuse_framing(const Framing& framing, const Endpoint& endpoint) {
  throw std::invalid_argument("the framing " + framing.name() +
                              " ends its messages with the sending direction, which " + endpoint.to_string() +
                              " cannot close alone");
}

}  // namespace

void check_framing(const Endpoint& endpoint, const Framing& framing, const TransportOptions& options) {
  const Scheme scheme = endpoint.scheme();
  if (framing.needs_half_close() && !transport::can_half_close(endpoint)) refuse_framing(framing, endpoint);
  const bool is_ws = scheme == Scheme::ws || scheme == Scheme::wss;
  if (is_ws && options.ws.messages() == WsMessages::one_each && !is_plain(framing)) {
    throw std::invalid_argument(
        "with one message in each WebSocket message the framing has to be the default one, not " + framing.name() +
        " (" + endpoint.to_string() + ")");
  }
}

std::shared_ptr<FramedConnection> FramedConnection::make(transport::Stream stream, ConnectionOptions options) {
  auto connection = std::make_shared<FramedConnection>(std::move(stream), std::move(options));
  if (log_enabled()) {
    log(LogLevel::debug, "connected, from " + connection->local_.to_string(), connection->remote_.to_string());
  }
  const Lock lock{connection->mutex()};
  connection->link_.start();
  return connection;
}

FramedConnection::FramedConnection(transport::Stream stream, ConnectionOptions options)
    : ConnectionState{stream.get_executor(), std::move(options), Slot::take()},
      local_{stream.local_endpoint()},
      remote_{stream.remote_endpoint()},
      tls_info_{stream.tls_info()},
      peer_credentials_{stream.peer_credentials()},
      can_half_close_{stream.backend().can_half_close()},
      uses_time_{options_.framing.uses_time()},
      is_plain_{is_plain(options_.framing)},
      link_{std::move(stream), executor(), mutex(), *this, *context(), options_.read_size},
      decoder_{wire::make_decoder(options_.framing, options_.message_size_max)},
      encoder_{wire::make_encoder(options_.framing, options_.message_size_max)},
      small_size_max_{std::min(options_.message_size_max, Message::inline_size_max)} {
  check_framing(options_.framing);
}

void FramedConnection::check_framing(const Framing& framing) const {
  if (framing.needs_half_close() && !can_half_close_) refuse_framing(framing, remote_);
}

// --- receiving -------------------------------------------------------------------------------------------------------

inline bool FramedConnection::wants_bytes() const {
  if (cut_size() >= options_.receive_high_water_size) [[unlikely]]  // always, after stop_taking_in()
    return is_closing();
  if (link_.is_paused() && link_.in().size() > resume_size && link_.in().size() >= wanted_size_) return has_receivers();
  if (is_closing()) return true;  // to notice the peer's end; on_bytes drops them
  // A message larger than the mark must come in whole, or nobody could ever take it.
  return link_.in().size() < options_.receive_high_water_size || link_.in().size() < wanted_size_ || has_receivers();
}

ConnectionState::Pull FramedConnection::pull(Message& message) {
  if (uses_time_ || has_cut()) [[unlikely]]
    return pull_cut(message);
  const Pull pulled = cut(message, TimePoint{});
  if (link_.is_paused() && wants_bytes()) demand();
  return pulled;
}

Taken FramedConnection::take_locked(Message& message) { return take_from(*this, message); }

/// Of the messages cut before: by a framing that depends on time, also once reframe() has put another in its place.
ConnectionState::Pull FramedConnection::pull_cut(Message& message) {
  if (!has_cut()) return ended_ ? Pull::ended : Pull::empty;
  message = cut_->messages.take_front();
  cut_->size -= message.size();
  if (link_.is_paused()) demand();
  return Pull::message;
}

inline void FramedConnection::consumed(std::size_t size) {
  link_.in().consume(size);
  consumed_size_ += size;
  need_ = 0;
  wanted_size_ = 0;
}

inline ConnectionState::Pull FramedConnection::cut(Message& message, TimePoint now) {
  if (ended_) [[unlikely]]
    return Pull::ended;
  InBuffer& in = link_.in();
  const bool is_all = read_end_.failed();
  if (in.size() < need_ && !is_all) return Pull::empty;
  if (is_plain_ && in.size() >= plain_header_size + Message::inline_size_max) [[likely]] {
    const std::byte* front = in.unread().data();
    const std::size_t size = wire::load_big<std::uint32_t>(front);
    if (size <= small_size_max_) [[likely]] {
      message.assign_inline(front + plain_header_size, size);
      consumed(plain_header_size + size);
      return Pull::message;
    }
  }
  // Where the end of the stream says that a message is whole, it has to be one in order: what a broken stream has left
  // may be a part of one.
  const bool eof = is_all && (read_end_ == asio::error::eof || !options_.framing.needs_half_close());
  const wire::DecodeStep step = decoder_.decode(in.unread(), eof, now);
  if (step.kind != wire::DecodeStep::Kind::frame) return cannot_cut(step);
  in.slice(step.begin, step.size, message);
  consumed(step.consumed);
  return Pull::message;
}

ConnectionState::Pull FramedConnection::cannot_cut(const wire::DecodeStep& step) {
  switch (step.kind) {
    case wire::DecodeStep::Kind::need:
      if (read_end_.failed()) return end_at_break();
      // A framing that depends on time may find a message in the same bytes, later.
      need_ = uses_time_ ? 0 : step.need;
      wanted_size_ = step.need;
      return Pull::empty;
    case wire::DecodeStep::Kind::end:
      if (read_end_ == asio::error::eof) {
        ended_ = true;
        end_receiving_locked(error::closed, "the peer closed the connection");
        return Pull::ended;
      }
      return end_at_break();
    default: fail_framing(step); return Pull::ended;
  }
}

/// Nothing more can be cut, and reading has failed.
ConnectionState::Pull FramedConnection::end_at_break() {
  ended_ = true;
  end_receiving_locked(read_end_, why_reading_failed());
  return Pull::ended;
}

void FramedConnection::cut_eagerly() {
  Message message;
  while (cut(message, Clock::now()) == Pull::message) {
    if (!cut_) cut_ = std::make_unique<Cut>();
    cut_->size += message.size();
    cut_->messages.emplace_back(std::move(message));
  }
  schedule_backend_deadline(ended_ ? std::nullopt : decoder_.next_deadline());
}

void FramedConnection::on_backend_deadline() {
  if (!uses_time_) return;  // it was on its way when reframe() cancelled it
  cut_eagerly();
  satisfy_receivers_locked();
}

void FramedConnection::fail_framing(const wire::DecodeStep& step) {
  ended_ = true;
  if (step.code == error::truncated) {
    if (read_end_ == asio::error::eof) {
      end_receiving_locked(step.code, describe(step));
    } else {
      end_receiving_locked(read_end_, why_reading_failed());
    }
    return;
  }
  end_receiving_locked(step.code, describe(step));
  // What the peer sends can no longer be understood: it is cut off, and what it was to be sent is dropped.
  const CloseReport lost{queue_count(), queue_size(), unconfirmed_size()};
  link_.close();
  end_sending_locked(step.code, describe(step), lost);
}

std::string FramedConnection::why_reading_failed() const {
  const std::string why = link_.explain();
  return why.empty() ? "receiving failed: " + read_end_.message() : why;
}

std::string FramedConnection::describe(const wire::DecodeStep& step) const {
  switch (step.code) {
    case error::message_too_large:
      return "message of " + std::to_string(step.size) + " bytes exceeds the limit of " +
             std::to_string(options_.message_size_max);
    case error::truncated:
      return "the stream ended inside a message, " + std::to_string(link_.in().size()) + " bytes into it";
    default:
      return "the byte at position " + std::to_string(consumed_size_ + step.offset) +
             " of the stream breaks the rules of the framing " + options_.framing.name();
  }
}

void FramedConnection::stop_taking_in() {
  options_.receive_high_water_size = 0;  // no user's value: see wants_bytes()
}

void FramedConnection::end_pulling() {
  ended_ = true;
  schedule_backend_deadline(std::nullopt);
}

void FramedConnection::demand() { link_.resume(); }

void FramedConnection::on_bytes(Lock& lock) {
  if (is_closing()) {
    link_.in().consume(link_.in().size());
    return;
  }
  if (uses_time_) cut_eagerly();
  deliver_to_receivers(lock);
}

void FramedConnection::on_read_end(error_code ec) {
  read_end_ = ec;
  need_ = 0;
  if (is_closing()) {
    // The peer may stop sending and still read on; but one that is gone takes nothing more.
    if (ec != asio::error::eof) on_write_end(ec);
    return;
  }
  if (uses_time_) cut_eagerly();
  satisfy_receivers_locked();
}

// --- sending ---------------------------------------------------------------------------------------------------------

inline bool FramedConnection::push(Message& message, error_code& ec) {
  if (is_plain_ && message.size() <= OutQueue::copied_size_max && !link_.is_ending()) [[likely]] {
    if (push_plain(message)) return true;
  }
  wire::Envelope envelope;
  ec = link_.is_ending() ? error_code{error::send_ended} : encoder_.encode(message.bytes(), envelope);
  if (ec) {
    refuse(ec, message.size());
    return false;
  }
  link_.out().append(envelope, message);
  if (envelope.ends_stream) link_.end_sending();
  return true;
}

/// A length and a small body, written where they belong.
inline bool FramedConnection::push_plain(const Message& message) {
  const std::size_t size = message.size();
  if (size > options_.message_size_max) return false;
  std::byte* out = link_.out().append_in_place(plain_header_size + size, Message::inline_size_max);
  wire::store_big(out, static_cast<std::uint32_t>(size));
  // An inline body is copied by a move of fixed size, a little past its end: several times cheaper than an exact copy.
  const bool is_inline = size <= Message::inline_size_max;
  if (is_inline) [[likely]] {
    Message::copy_all_inline(out + plain_header_size, message.data());
  } else {
    std::memcpy(out + plain_header_size, message.data(), size);
  }
  return true;
}

ConnectionState::Sent FramedConnection::try_send_locked(Lock& lock, Message& message, error_code& ec) {
  return try_send_to(*this, lock, message, ec);
}

void FramedConnection::refuse(error_code ec, std::size_t size) {
  const std::string of_size = "message of " + std::to_string(size) + " bytes";
  if (ec == error::message_too_large) {
    note_locked(ec, of_size + " exceeds the limit of " + std::to_string(options_.message_size_max));
  } else if (ec == error::unframeable) {
    note_locked(ec, "the framing " + options_.framing.name() + " cannot carry this " + of_size);
  } else if (ec == error::send_ended) {
    note_locked(ec, "this direction has ended; a " + of_size + " cannot be sent any more");
  } else {
    note_locked(ec, ec.message());
  }
}

std::uint64_t FramedConnection::position_queued() const { return link_.counters().bytes_written + link_.out().size(); }

void FramedConnection::on_written(std::size_t /*message_count*/) {
  satisfy_senders_locked();
  if (is_closing() && link_.out().empty() && link_.sending_ended()) drained_locked();
}

void FramedConnection::on_write_end(error_code ec) {
  const CloseReport lost{queue_count(), queue_size(), unconfirmed_size()};
  link_.out().clear();
  const std::string why = link_.explain();
  end_sending_locked(ec, "sending failed: " + ec.message() + (why.empty() ? "" : "; " + why), lost);
}

void FramedConnection::end_sending_behind_queue() {
  if (!can_half_close_) {
    throw std::invalid_argument("the sending direction of " + remote_.to_string() + " cannot be closed alone");
  }
  link_.end_sending();
}

void FramedConnection::start_draining() {
  // Nobody receives any more, but a peer that waits for room to send might not read before it has some.
  link_.in().consume(link_.in().size());
  link_.resume();
  if (link_.out().empty() && link_.sending_ended()) {
    drained_locked();
  } else {
    link_.end_sending();
  }
}

// --- the rest --------------------------------------------------------------------------------------------------------

void FramedConnection::fill_stats(ConnectionStats& stats) const {
  const LinkCounters& counters = link_.counters();
  stats.bytes_sent = counters.bytes_written;
  stats.bytes_received = counters.bytes_read;
  stats.writes = counters.writes;
  stats.reads = counters.reads;
  stats.receive_queue_size = link_.in().size() + cut_size();
}

void FramedConnection::reframe_locked(Framing framing) {
  check_framing(framing);
  auto decoder = wire::make_decoder(framing, options_.message_size_max);
  auto encoder = wire::make_encoder(framing, options_.message_size_max);
  decoder_ = std::move(decoder);
  encoder_ = std::move(encoder);
  uses_time_ = framing.uses_time();
  is_plain_ = is_plain(framing);
  options_.framing = std::move(framing);
  need_ = 0;
  wanted_size_ = 0;
  if (uses_time_) {
    cut_eagerly();
  } else {
    schedule_backend_deadline(std::nullopt);
  }
}

}  // namespace parley::detail
