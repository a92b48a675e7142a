#include "socket/session.hpp"

#include <parley/error.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

/// At the end, without --timeout: how long nothing may move. Longer than it takes until a message is sent again.
constexpr Seconds patience_at_the_end{10};

std::optional<Duration> to_duration(const std::optional<Seconds>& seconds) {
  if (!seconds) return std::nullopt;
  return Deadline{*seconds}.is_never() ? Duration::max() / 4 : std::chrono::ceil<Duration>(*seconds);
}

}  // namespace

Session::Session(const SocketTalkOptions& options)
    : options_{options},
      loop_{options},
      console_{loop_.output(), options, options.notation()},
      party_{loop_, console_, options.party, options},
      pace_{to_duration(options.interval), options.catches_up} {}

ExitCode Session::run(std::function<asio::awaitable<void>()> work) {
  return loop_.run([&] { return run_to_end(std::move(work)); });
}

asio::awaitable<ExitCode> Session::run_to_end(std::function<asio::awaitable<void>()> work) {
  loop_.spawn(party_.watch());
  const bool is_open = co_await party_.open();
  if (!is_open) co_return ExitCode::failure;
  loop_.spawn(watch_time_out());
  loop_.spawn(begin(std::move(work)));
  const ExitCode code = co_await loop_.ending().wait();
  // Those who do not come, or do not read, have had their time.
  const bool in_time = reason_.empty() && !loop_.output().failed();
  const Deadline deadline{in_time ? drain_max : std::chrono::seconds{0}};
  const bool all_arrived = co_await party_.close(deadline, code == ExitCode::ok ? ExitCode::failure : code, reason_);
  if (!tolerates_losses() && (!all_arrived || party_.lost_count() > 0)) loop_.note_failure();
  co_return code;
}

/// Answers to peers that come and go: one that does not wait for its answer is no failure.
bool Session::tolerates_losses() const { return options_.role == SocketRole::echo && !options_.count; }

asio::awaitable<void> Session::begin(std::function<asio::awaitable<void>()> work) {
  // Named: GCC 12 destroys closures within a co_await expression twice.
  const std::function<bool()> is_time = [this] { return has_its_peers(); };
  co_await party_.until(is_time);
  has_begun_ = true;
  pace_.begin(Clock::now());
  co_await work();
}

bool Session::has_its_peers() const {
  if (options_.to && !party_.has_peer(*options_.to)) return false;
  // What a peer has sent is there to be taken, also when the peer is not any more.
  const bool sends = options_.role == SocketRole::send;
  return (sends ? party_.peer_count() : party_.peer_count_peak()) >= options_.wait_peers;
}

asio::awaitable<void> Session::keep_pace() {
  if (!pace_.is_set()) co_return;
  const TimePoint due = pace_.next(Clock::now());
  if (due <= Clock::now()) co_return;
  asio::steady_timer timer{loop_.executor(), due};
  is_idle_ = true;
  co_await timer.async_wait(asio::use_awaitable);
  is_idle_ = false;
}

bool Session::print(const Received& received, bool to_people) {
  try {
    console_.message(received, to_people);
    return true;
  } catch (const Error& e) {
    console_.error(fmt::format("a message from {} was rejected: {}", received.sender.to_string(), e.what()),
                   ExitCode::refused);
  }
  return false;
}

// --- leaving ---------------------------------------------------------------------------------------------------------

asio::awaitable<void> Session::drain_and_leave() {
  is_idle_ = true;  // it has a limit of its own
  const Seconds patience = options_.time_out.value_or(patience_at_the_end);
  const std::function<bool()> enough = [this] { return loop_.ending().is_given(); };
  const bool is_drained = co_await party_.drained(patience, enough);
  if (is_drained) loop_.ending().leave(ExitCode::ok);
  if (!loop_.ending().is_given()) give_up(patience);
}

asio::awaitable<void> Session::watch_time_out() {
  if (!options_.time_out) co_return;
  const std::function<std::uint64_t()> activity = [this] {
    return is_idle_ ? ++idle_looks_ : idle_looks_ + party_.movement();
  };
  co_await loop_.stillness(options_.time_out, activity);
  if (!loop_.ending().is_given()) give_up(*options_.time_out);
}

void Session::give_up(Seconds patience) {
  const bool is_alone = !has_begun_ || party_.peer_count() == 0;
  reason_ = is_alone ? who_is_missing(patience) : fmt::format("nothing moved for {:g} s", patience.count());
  loop_.ending().leave(is_alone ? party_.absence_code() : ExitCode::timed_out);
}

std::string Session::who_is_missing(Seconds patience) const {
  const std::uint64_t count = party_.peer_count();
  if (count > 0 && options_.to)
    return fmt::format("peer {} did not come within {:g} s", options_.to->to_string(), patience.count());
  if (count > 0) return fmt::format("{} of {} peers came within {:g} s", count, options_.wait_peers, patience.count());
  const std::string& why = party_.absence_reason();
  return fmt::format("no peer for {:g} s{}{}", patience.count(), why.empty() ? "" : "; the last attempt: ", why);
}

}  // namespace parley::tool
