#include "mux/session_state.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <random>
#include <stdexcept>
#include <utility>

namespace parley::mux::detail {

using parley::detail::ContextService;
using wire::MuxChannel;
using wire::MuxEvent;

namespace {

std::uint64_t random_bits() {
  static thread_local std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

std::shared_ptr<SessionState> SessionState::make(transport::Stream stream, Role role, const Options& options) {
  auto state = std::make_shared<SessionState>(std::move(stream), role, options);
  state->begin();
  return state;
}

SessionState::SessionState(transport::Stream stream, Role role, const Options& options)
    : WaitingObject{stream.get_executor(), own_mutex_},
      role_{role},
      options_{options},
      stream_executor_{stream.get_executor()},
      local_{stream.local_endpoint()},
      remote_{stream.remote_endpoint()},
      tls_info_{stream.tls_info()},
      peer_credentials_{stream.peer_credentials()},
      core_{role, options, random_bits()},
      link_{std::move(stream), stream_executor_, own_mutex_, *this, *context(), limits::read_size} {}

void SessionState::begin() {
  Lock lock{mutex()};
  core_.start(Clock::now());
  link_.start();
  settle(lock);
}

// --- operations ------------------------------------------------------------------------------------------------------

template <class Result>
bool SessionState::refuses(Handler<Result>& handler) {
  if (is_open()) return false;
  const error_code ec = is_over_ ? end_ : error_code{error::closed};
  note(ec, is_over_ ? end_sentence_ : "the session was closed");
  post_completion(std::move(handler), executor(), ec, Result{});
  return true;
}

void SessionState::open(std::optional<ChannelId> id, asio::any_io_executor channel_executor, Deadline deadline,
                        Handler<Channel> handler) {
  Lock lock{mutex()};
  if (refuses(handler)) return;
  Opener opener{next_id(), std::move(handler), executor(), id, std::move(channel_executor)};
  if (openers_.empty() && try_open(opener)) return settle(lock);
  start_waiting(openers_.emplace_back(std::move(opener)), deadline);
}

Channel SessionState::open_now(std::optional<ChannelId> wanted, const asio::any_io_executor& channel_executor,
                               error_code& ec) {
  const wire::MuxOpened opened = core_.open(Clock::now(), wanted);
  ec = opened.code;
  return ec ? Channel{} : Channel{attach(opened.channel, opened.id, channel_executor)};
}

/// False: it has to wait.
bool SessionState::try_open(Opener& opener) {
  Channel channel;
  error_code ec;
  try {
    channel = open_now(opener.wanted, opener.channel_executor, ec);
    if (ec == error::full) return false;
    if (ec) note(ec, ec.message());
  } catch (const std::invalid_argument& e) {
    // What an initiation throws goes past the coroutine that awaits it, and whoever has waited has no call to throw in.
    ec = make_error_code(invalid_number);
    note(ec, e.what());
  }
  complete(std::move(opener), ec, std::move(channel));
  return true;
}

Channel SessionState::try_open(const asio::any_io_executor& channel_executor) {
  Lock lock{mutex()};
  if (!is_open() || context() == nullptr || !openers_.empty()) return {};
  error_code ec;
  Channel channel = open_now(std::nullopt, channel_executor, ec);
  if (!ec) settle(lock);
  return channel;
}

void SessionState::serve_openers() {
  while (!openers_.empty()) {
    if (!try_open(openers_.front())) return;
    openers_.pop_front();
  }
}

void SessionState::accept(asio::any_io_executor channel_executor, Deadline deadline, Handler<Channel> handler) {
  Lock lock{mutex()};
  ready_in_a_row_.reset();
  if (!backlog_.empty()) {
    post_completion(std::move(handler), executor(), error_code{}, take_backlog(channel_executor));
    return settle(lock);
  }
  if (refuses(handler)) return;
  start_waiting(acceptors_.emplace_back(next_id(), std::move(handler), executor(), std::move(channel_executor)),
                deadline);
}

Channel SessionState::try_accept(const asio::any_io_executor& channel_executor) {
  Lock lock{mutex()};
  if (backlog_.empty() || !acceptors_.empty() || context() == nullptr) return {};
  Channel channel = take_backlog(channel_executor);
  settle(lock);
  return channel;
}

Channel SessionState::take_backlog(const asio::any_io_executor& channel_executor) {
  std::unique_ptr<ChannelBackend> next = std::move(backlog_.front());
  backlog_.pop_front();
  return hand_over(std::move(next), channel_executor);
}

bool SessionState::yield_due() {
  const Lock lock{mutex()};
  return ready_in_a_row_.is_due(parley::detail::size_as_long_as_opening);
}

void SessionState::ping(Deadline deadline, Handler<Duration> handler) {
  Lock lock{mutex()};
  if (refuses(handler)) return;
  const std::uint32_t value = ++last_ping_;
  if (const error_code ec = core_.ping(value, Clock::now())) {
    note(ec, ec.message());
    post_completion(std::move(handler), executor(), ec, Duration{});
    return;
  }
  start_waiting(pingers_.emplace_back(next_id(), std::move(handler), executor(), value), deadline);
  settle(lock);
}

void SessionState::next_event(Deadline deadline, Handler<SessionEvent> handler) {
  const Lock lock{mutex()};
  if (!events_.empty()) {
    post_completion(std::move(handler), executor(), error_code{}, std::move(events_.front()));
    events_.pop_front();
  } else if (!refuses(handler)) {
    start_waiting(event_waiters_.emplace_back(next_id(), std::move(handler), executor()), deadline);
  }
}

void SessionState::tell(SessionEvent event) {
  if (!event_waiters_.empty()) {
    complete(event_waiters_.take_front(), error_code{}, std::move(event));
    return;
  }
  events_.push_back(std::move(event));  // few: each kind comes once
}

void SessionState::go_away() {
  Lock lock{mutex()};
  if (life_ != Life::open || is_over_) return;
  core_.go_away(Clock::now());
  settle(lock);
}

SessionStats SessionState::stats() {
  const Lock lock{mutex()};
  const wire::MuxCounters& counted = core_.counters();
  SessionStats stats;
  stats.channels_opened = counted.channels_opened;
  stats.channels_accepted = counted.channels_accepted;
  stats.channels_refused = counted.channels_refused;
  stats.channel_bytes_in = counted.bytes_in;
  stats.channel_bytes_out = counted.bytes_out;
  stats.stream_bytes_in = link_.counters().bytes_read;
  stats.stream_bytes_out = link_.counters().bytes_written;
  stats.channel_count = core_.channel_count();
  stats.unread_size = core_.unread_size();
  stats.unwritten_size = link_.out().size();
  stats.round_trip = core_.round_trip();
  return stats;
}

bool SessionState::has_heard() {
  const Lock lock{mutex()};
  return link_.counters().bytes_read > 0;
}

std::optional<ChannelInfo> SessionState::find_channel(ChannelId id) {
  const Lock lock{mutex()};
  for (const ChannelBackend* each : channels_) {
    if (each != nullptr && each->id() == id) return describe(*each);
  }
  return std::nullopt;
}

std::vector<ChannelInfo> SessionState::channels() {
  const Lock lock{mutex()};
  std::vector<ChannelInfo> all;
  for (const ChannelBackend* each : channels_) {
    if (each != nullptr) all.push_back(describe(*each));
  }
  return all;
}

ChannelInfo SessionState::describe(const ChannelBackend& channel) const {
  const bool is_waiting =
      std::any_of(backlog_.begin(), backlog_.end(), [&](const auto& each) { return each.get() == &channel; });
  return {.id = channel.id(),
          .is_accepted = !is_waiting,
          .sending_ended = channel.sending_ended(),
          .receiving_ended = channel.receiving_ended(),
          .unread_size = channel.unread_size()};
}

// --- the stream ------------------------------------------------------------------------------------------------------

bool SessionState::wants_bytes() const { return !reading_held_; }

void SessionState::on_bytes(Lock& lock) {
  parley::detail::InBuffer& in = link_.in();
  gathers_deliveries_ = context()->seems_run_by_this_thread_alone();
  try {
    if (!is_over_) {
      core_.feed(in.unread(), Clock::now());
      take_events();
      give_turns();
    }
    gathers_deliveries_ = false;
    in.consume(in.size());
    settle(lock);
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    gathers_deliveries_ = false;
    deliveries_.post();
    throw;
  }
  if (!lock.owns_lock()) lock.lock();  // the link goes on, and much at once has been written already
  if (!deliveries_.empty()) deliver(lock);
}

/// The link holds this object.
void SessionState::deliver(Lock& lock) {
  Deliveries due;
  delivering_ = parley::detail::this_thread();
  try {
    for (int round = 0; round < delivery_rounds_max && !deliveries_.empty(); ++round) {
      due.swap(deliveries_);  // their memory serves in turns
      lock.unlock();
      due.run();
      lock.lock();
      settle_now(lock);
      if (!lock.owns_lock()) lock.lock();
    }
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    delivering_ = nullptr;
    deliveries_.post();
    settle_later();
    throw;
  }
  delivering_ = nullptr;
  deliveries_.post();
}

void SessionState::on_read_end(error_code ec) {
  stream_ended_ = true;
  if (!is_over_) core_.stream_ended(ec == asio::error::eof ? error_code{} : ec, Clock::now());
  settle_later();
}

void SessionState::on_write_end(error_code ec) {
  stream_ended_ = true;
  if (!is_over_) core_.stream_ended(ec, Clock::now());
  settle_later();
}

void SessionState::on_written(std::size_t /*message_count*/) {
  if (life_ == Life::open && !is_over_) {
    give_turns();
    take_output();
  } else {
    settle_later();
  }
}

void SessionState::settle_later() {
  if (settle_is_posted_ || context() == nullptr) return;
  settle_is_posted_ = true;
  asio::post(executor(), [self = std::static_pointer_cast<SessionState>(shared_from_this())] {
    Lock lock{self->mutex()};
    self->settle_is_posted_ = false;
    if (self->context() != nullptr) self->settle_now(lock);
  });
}

void SessionState::settle(Lock& lock) {
  if (delivering_ != parley::detail::this_thread()) settle_now(lock);
}

void SessionState::settle_now(Lock& lock) {
  if (context() == nullptr) return;
  take_events();
  give_turns();
  take_output();
  hold_reading_back();
  watch_idleness();
  go_on_closing();
  schedule_core_deadline();
  if (!link_.out().empty()) link_.appended(lock);
}

/// TCPChan's only flow control: bytes are left in the stream while too many wait to be read.
void SessionState::hold_reading_back() {
  if (options_.dialect != MuxDialect::tcpchan || is_over_) return;
  const bool holds = core_.unread_size() >= std::max<std::size_t>(options_.unread_size_max / 2, 1);
  if (holds != reading_held_) {
    reading_held_ = holds;
    core_.set_reading(!holds, Clock::now());
  }
  if (!holds && link_.is_paused()) link_.resume();
}

void SessionState::take_output() {
  if ((!has_room() && !is_over_) || link_.sending_ended()) return;
  append_output();
}

void SessionState::append_output() {
  const std::span<const std::byte> output = core_.next_output();
  if (output.empty()) return;
  link_.out().append_control(output);
  core_.wrote(output.size());
}

void SessionState::append(std::span<const std::byte> header, ChannelBackend::SharedBuffers payload, std::size_t size) {
  append_output();
  std::array<parley::detail::OutQueue::Part, shared_max> parts;
  std::size_t count = 0;
  for (std::size_t left = size; left > 0 && count < parts.size(); ++count) {
    const transport::SharedBuffer& each = payload[count];
    const std::size_t part = std::min(left, each.bytes.size());
    parts[count] = {{static_cast<const std::byte*>(each.bytes.data()), part}, each.memory};
    left -= part;
  }
  link_.out().append(header, {parts.data(), count});
}

void SessionState::append(std::span<const std::byte> header, ChannelBackend::ConstBuffers payload, std::size_t size) {
  append_output();
  const auto copy = [&](std::byte* to) {
    for (std::size_t left = size; const asio::const_buffer& each : payload) {
      const std::size_t part = std::min(left, each.size());
      std::memcpy(to, each.data(), part);
      to += part;
      left -= part;
      if (left == 0) break;
    }
  };
  if (size <= parley::detail::OutQueue::copied_size_max) {
    std::byte* const at = link_.out().append_in_place(header.size() + size, 0);
    std::memcpy(at, header.data(), header.size());
    copy(at + header.size());
    return;
  }
  const parley::detail::ChunkRef chunk{parley::detail::Chunk::take(size)};
  copy(chunk->data());
  link_.out().append(header, Message::slice_of(*chunk, {chunk->data(), size}));
}

void SessionState::schedule_core_deadline() {
  if (context() == nullptr) return;
  const std::optional<TimePoint> next = is_over_ ? std::nullopt : core_.next_deadline();
  // One that comes too early finds nothing to do, and costs less than to move it with each byte that is heard.
  if (core_deadline_.is_set() && next && core_deadline_.when <= *next) return;
  if (core_deadline_.is_set()) context()->cancel(std::exchange(core_deadline_, {}));
  if (next) core_deadline_ = context()->schedule(executor(), *next, *this, token_core);
}

void SessionState::on_deadline(std::uint64_t token) {
  Lock lock{mutex()};
  if (context() == nullptr) return;
  if (token == token_core) {
    core_deadline_ = {};
    if (!is_over_) {
      const TimePoint now = Clock::now();
      note_delivery(now);
      core_.expire(now);
    }
    settle_now(lock);
  } else if (token == token_close) {
    close_deadline_ = {};
    cut();
    settle_now(lock);
  } else if (token == token_idle) {
    idle_deadline_ = {};
    if (core_.channel_count() == 0) begin_closing(Deadline::never());
    settle_now(lock);
  } else if (token == token_linger) {
    linger_deadline_ = {};
    if (life_ == Life::finishing) on_linger_over();
  } else {
    interrupt_locked(token, error::timed_out);
  }
}

void SessionState::note_delivery(TimePoint now) noexcept {
  const std::size_t on_its_way = link_.unacknowledged_size();
  const std::size_t queued = link_.out().size() + core_.next_output().size();
  core_.note_delivery(link_.counters().bytes_written - on_its_way, on_its_way + queued, now);
}

// --- what has happened -----------------------------------------------------------------------------------------------

void SessionState::take_events() {
  while (const MuxEvent event = core_.next_event()) on_event(event);
}

void SessionState::on_event(const MuxEvent& event) {
  using Kind = MuxEvent::Kind;
  ChannelBackend* const channel = find(event.channel);
  switch (event.kind) {
    case Kind::none: break;
    case Kind::ready: tell({SessionEvent::Kind::ready, {}, {}}); break;
    case Kind::opened: on_opened(event); break;
    case Kind::accepted: serve_openers(); break;
    case Kind::data:
      if (channel != nullptr && !event.bytes.empty()) on_data(*channel, event.bytes);
      break;
    case Kind::window_grew: break;  // give_turns() asks
    case Kind::finished:
      if (channel != nullptr) channel->on_finished();
      break;
    case Kind::reset: break;  // closed follows
    case Kind::closed: on_closed(event); break;
    case Kind::pong: on_pong(event); break;
    case Kind::going_away:
      peer_goes_away_ = true;
      tell({SessionEvent::Kind::going_away, {}, {}});
      break;
    case Kind::ended: on_ended(event); break;
  }
}

void SessionState::on_opened(const MuxEvent& event) {
  // The core does not count those that are over already, and may still be accepted here.
  const bool is_too_many = acceptors_.empty() && backlog_.size() >= options_.accept_backlog;
  if (life_ != Life::open || is_too_many) return core_.reset(event.channel, Clock::now());
  std::unique_ptr<ChannelBackend> backend = attach(event.channel, event.id, executor());
  if (acceptors_.empty()) {
    backlog_.push_back(std::move(backend));
  } else {
    Acceptor acceptor = acceptors_.take_front();
    Channel channel = hand_over(std::move(backend), acceptor.channel_executor);
    drop_deadline(acceptor);
    // By the executor that is held at work: its context must not run out of that before.
    tell_channel(ChannelDelivery{std::move(acceptor.work), std::move(acceptor.handler), std::move(channel)});
  }
}

Channel SessionState::hand_over(std::unique_ptr<ChannelBackend> backend,
                                const asio::any_io_executor& channel_executor) {
  backend->move_to(channel_executor);
  core_.accept(backend->channel(), Clock::now());
  return Channel{std::move(backend)};
}

void SessionState::on_closed(const MuxEvent& event) {
  if (ChannelBackend* const channel = find(event.channel)) {
    detach(event.channel);
    // What came before the session was lost has come all the same; the rest of a reset channel means nothing.
    const bool drops = event.code.failed() && !is_over_;
    if (!drops || !forget_unaccepted(*channel)) channel->on_closed(event.code, std::string{event.sentence}, drops);
  }
  serve_openers();
}

/// A channel that nobody has accepted and nobody can use any more; false: it has been accepted.
bool SessionState::forget_unaccepted(ChannelBackend& channel) {
  const auto found = std::find_if(backlog_.begin(), backlog_.end(), [&](auto& each) { return each.get() == &channel; });
  if (found == backlog_.end()) return false;
  channel.forget();  // so that it can go with the mutex held
  backlog_.erase(found);
  return true;
}

void SessionState::on_pong(const MuxEvent& event) {
  for (std::size_t i = 0; i < pingers_.size(); ++i) {
    if (pingers_[i].value == event.value) return complete(pingers_.take(i), error_code{}, event.round_trip);
  }
}

void SessionState::note_channels_cut(std::size_t count) noexcept {
  report_.channels_cut = std::max(report_.channels_cut, count);
}

void SessionState::on_ended(const MuxEvent& event) {
  is_over_ = true;
  // Some programs end their session as soon as they hear that this side goes away, without another word on channels
  // that it has closed: nobody here misses those.
  note_channels_cut(channels_.size() - static_cast<std::size_t>(std::ranges::count(channels_, nullptr)));
  end_ = event.code ? event.code : error_code{error::closed};
  end_sentence_ = event.sentence.empty() ? end_.message() : std::string{event.sentence};
  end_sentence_ += " (" + remote_.to_string() + ")";
  tell({SessionEvent::Kind::ended, end_, end_sentence_});
  if (life_ == Life::open) note(end_, end_sentence_);
  fail_all_operations(end_);
}

void SessionState::fail_all_operations(error_code ec) {
  fail_all(openers_, ec);
  fail_all(acceptors_, ec);
  fail_all(pingers_, ec);
  fail_all(event_waiters_, ec);
}

/// Those who had to stop go on as far as the stream has room.
void SessionState::give_turns() {
  std::size_t given = link_.out().size();
  while (given < out_mark) {
    ChannelBackend* const channel = find(core_.next_turn());
    if (channel == nullptr) break;
    const std::size_t before = link_.out().size();
    channel->on_turn();
    given += std::max<std::size_t>(link_.out().size() - before, options_.write_quantum);
  }
  // Should none of these write after all, no write will end that would bring the others their turns.
  if (link_.out().empty() && core_.has_turn()) settle_later();
}

void SessionState::on_data(ChannelBackend& channel, std::span<const std::byte> bytes) {
  if (!channel.is_awaited()) {
    if (bytes.size() <= ChannelBackend::gathered_size_max) return channel.gather(bytes);
    // Readers are behind: what is kept may be as much as was sent, but not the blocks that hold a little of it each.
    const bool pins_much = bytes.size() < limits::read_size / 4 && core_.unread_size() > pinned_size_max;
    if (pins_much) return channel.on_data(Message{bytes});
  }
  Message message;
  const std::byte* const front = link_.in().unread().data();
  link_.in().slice(static_cast<std::size_t>(bytes.data() - front), bytes.size(), message);
  channel.on_data(std::move(message));
}

// --- channels --------------------------------------------------------------------------------------------------------

ChannelBackend* SessionState::find(MuxChannel channel) noexcept {
  if (channel.index >= channels_.size()) return nullptr;
  ChannelBackend* const found = channels_[channel.index];
  return found != nullptr && found->channel() == channel ? found : nullptr;
}

std::unique_ptr<ChannelBackend> SessionState::attach(MuxChannel channel, ChannelId id,
                                                     const asio::any_io_executor& channel_executor) {
  auto backend = std::make_unique<ChannelBackend>(std::static_pointer_cast<SessionState>(shared_from_this()),
                                                  channel_executor, channel, id);
  if (channel.index >= channels_.size()) channels_.resize(channel.index + 1);
  channels_[channel.index] = backend.get();
  return backend;
}

void SessionState::detach(MuxChannel channel) noexcept {
  if (find(channel) != nullptr) channels_[channel.index] = nullptr;
}

void SessionState::cancel_in(MuxChannel channel, std::uint64_t operation) {
  const Lock lock{mutex()};
  if (ChannelBackend* const found = find(channel)) found->cancel(operation);
}

// --- interrupting ----------------------------------------------------------------------------------------------------

void SessionState::interrupt_locked(std::uint64_t id, error_code ec) {
  const auto fail_in = [&](auto& waiters, std::string_view operation) {
    const std::optional<Duration> allowed = fail_waiter(waiters, id, ec);
    if (allowed && ec == error::timed_out) note_time_out(operation, *allowed);
    return allowed.has_value();
  };
  (void)(fail_in(openers_, "open") || fail_in(acceptors_, "accept") || fail_in(pingers_, "ping") ||
         fail_in(event_waiters_, "next_event") || fail_in(closers_, "close"));
}

void SessionState::note(error_code ec, std::string sentence) {
  last_code_ = ec;
  last_error_ = std::move(sentence);
}

void SessionState::note_time_out(std::string_view operation, Duration allowed) {
  const auto ms = std::chrono::round<std::chrono::milliseconds>(allowed).count();
  note(error::timed_out,
       std::string{operation} + " timed out after " + std::to_string(ms) + " ms (" + remote_.to_string() + ")");
}

std::string SessionState::last_error() {
  const Lock lock{mutex()};
  return last_error_;
}

Error SessionState::error_for(std::string_view operation, error_code ec) {
  const Lock lock{mutex()};
  if (ec == last_code_ && !last_error_.empty()) return Error{ec, last_error_};
  return Error{ec, std::string{operation} + ": " + ec.message() + " (" + remote_.to_string() + ")"};
}

}  // namespace parley::mux::detail
