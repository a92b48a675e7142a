#include <parley/mux/session.hpp>

#include "detail/as_result.hpp"
#include "detail/let_others_run.hpp"
#include "mux/session_state.hpp"

#include <stdexcept>
#include <string_view>
#include <utility>

namespace parley::mux {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {

using State = std::shared_ptr<SessionState>;
using parley::detail::await_result;
using parley::detail::let_others_run;

void start_open(State state, std::optional<ChannelId> id, Deadline deadline, Handler<Channel> handler) {
  state->open(id, state->executor(), deadline, std::move(handler));
}
void start_accept(State state, Deadline deadline, Handler<Channel> handler) {
  state->accept(state->executor(), deadline, std::move(handler));
}
void start_ping(State state, Deadline deadline, Handler<Duration> handler) {
  state->ping(deadline, std::move(handler));
}
void start_event(State state, Deadline deadline, Handler<SessionEvent> handler) {
  state->next_event(deadline, std::move(handler));
}
void start_close(State state, Deadline deadline, Handler<SessionCloseReport> handler) {
  state->close(deadline, std::move(handler));
}

namespace {

asio::awaitable<Channel> open(State state, std::optional<ChannelId> id, Deadline deadline) {
  if (!id) {
    if (state->yield_due()) co_await let_others_run();
    if (Channel channel = state->try_open(state->executor())) co_return std::move(channel);
  }
  auto [ec, channel] = co_await await_result<void(error_code, Channel)>(
      [&](auto handler) { state->open(id, state->executor(), deadline, Handler<Channel>{std::move(handler)}); });
  if (id && ec == make_error_code(SessionState::invalid_number))
    throw std::invalid_argument{state->error_for("open", ec).what()};
  if (ec) throw state->error_for("open", ec);
  co_return std::move(channel);
}

asio::awaitable<Channel> accept(State state, Deadline deadline) {
  if (state->yield_due()) co_await let_others_run();
  if (Channel channel = state->try_accept(state->executor())) co_return std::move(channel);
  auto [ec, channel] = co_await await_result<void(error_code, Channel)>(
      [&](auto handler) { state->accept(state->executor(), deadline, Handler<Channel>{std::move(handler)}); });
  if (ec) throw state->error_for("accept", ec);
  co_return std::move(channel);
}

asio::awaitable<Duration> ping(State state, Deadline deadline) {
  auto [ec, round_trip] = co_await await_result<void(error_code, Duration)>(
      [&](auto handler) { state->ping(deadline, Handler<Duration>{std::move(handler)}); });
  if (ec) throw state->error_for("ping", ec);
  co_return round_trip;
}

asio::awaitable<SessionEvent> next_event(State state, Deadline deadline) {
  auto [ec, event] = co_await await_result<void(error_code, SessionEvent)>(
      [&](auto handler) { state->next_event(deadline, Handler<SessionEvent>{std::move(handler)}); });
  if (ec) throw state->error_for("next_event", ec);
  co_return std::move(event);
}

asio::awaitable<SessionCloseReport> close(State state, Deadline deadline) {
  auto [ec, report] = co_await await_result<void(error_code, SessionCloseReport)>(
      [&](auto handler) { state->close(deadline, Handler<SessionCloseReport>{std::move(handler)}); });
  if (ec) throw state->error_for("close", ec);
  co_return report;
}

}  // namespace
}  // namespace detail

Session::Session(transport::Stream stream, Role role, const Options& options)
    : state_{detail::SessionState::make(std::move(stream), role, options)} {}

Session& Session::operator=(Session&& other) noexcept {
  if (this != &other) {
    if (state_) state_->abandon();
    state_ = std::move(other.state_);
  }
  return *this;
}

Session::~Session() {
  if (state_) state_->abandon();
}

Session::executor_type Session::get_executor() const { return state_->executor(); }
Role Session::role() const noexcept { return state_->role(); }

asio::awaitable<Channel> Session::open(Deadline deadline) { return detail::open(state_, std::nullopt, deadline); }
asio::awaitable<Channel> Session::open_as(ChannelId id, Deadline deadline) {
  return detail::open(state_, id, deadline);
}
asio::awaitable<Channel> Session::accept(Deadline deadline) { return detail::accept(state_, deadline); }
asio::awaitable<Duration> Session::ping(Deadline deadline) { return detail::ping(state_, deadline); }
asio::awaitable<SessionEvent> Session::next_event(Deadline deadline) { return detail::next_event(state_, deadline); }
asio::awaitable<SessionCloseReport> Session::close(Deadline deadline) { return detail::close(state_, deadline); }

void Session::go_away() { state_->go_away(); }
SessionStats Session::stats() const { return state_->stats(); }
std::optional<ChannelInfo> Session::find(ChannelId id) const { return state_->find_channel(id); }
std::vector<ChannelInfo> Session::channels() const { return state_->channels(); }
std::string Session::last_error() const { return state_->last_error(); }

}  // namespace parley::mux
