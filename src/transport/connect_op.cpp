#include "transport/connect_op.hpp"

#include "detail/log.hpp"
#include "transport/connect_failure.hpp"
#include "transport/scheme_layers.hpp"
#include "transport/sentence.hpp"
#include "transport/socket_options.hpp"

#include <parley/detail/post_completion.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace parley::transport::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr Duration busy_wait_min = std::chrono::milliseconds{1};
constexpr Duration busy_wait_max = std::chrono::milliseconds{50};

HappyEyeballs::Family family_of(const SocketAddress& address) noexcept {
  switch (address.family()) {
    case AF_INET: return HappyEyeballs::Family::v4;
    case AF_INET6: return HappyEyeballs::Family::v6;
    default: return HappyEyeballs::Family::other;
  }
}

SocketAddress to_address(const asio::ip::tcp::endpoint& endpoint) noexcept {
  SocketAddress address;
  std::memcpy(&address.storage, endpoint.data(), endpoint.size());
  address.size = static_cast<socklen_t>(endpoint.size());
  return address;
}

bool is_settled(int descriptor) noexcept {
  pollfd socket{descriptor, POLLOUT, 0};
  return ::poll(&socket, 1, 0) > 0;
}

error_code take_error(int descriptor) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return from_errno(error);
}

/// Dialing a free port of this machine from the range that outgoing connections use can connect a socket to itself.
bool is_connected_to_itself(int descriptor) {
  const SocketAddress local = local_address(descriptor);
  const SocketAddress remote = remote_address(descriptor);
  return local.family() != AF_UNIX && local.size == remote.size && to_text(local) == to_text(remote);
}

}  // namespace

ConnectOp::ConnectOp(asio::any_io_executor executor, Endpoint endpoint, StreamConnectOptions options,
                     ConnectHandler handler)
    : executor_{std::move(executor)},
      endpoint_{std::move(endpoint)},
      options_{std::move(options)},
      strand_{asio::make_strand(executor_)},
      handler_{std::move(handler)},
      handler_work_{asio::make_work_guard(asio::get_associated_executor(*handler_, executor_))},
      deadline_timer_{strand_},
      attempt_timer_{strand_},
      busy_timer_{strand_},
      busy_wait_{busy_wait_min} {}

void ConnectOp::start() {
  watch_cancellation();
  asio::dispatch(strand_, [self = shared_from_this()] { self->begin(); });
}

void ConnectOp::watch_cancellation() {
  auto slot = asio::get_associated_cancellation_slot(*handler_);
  if (!slot.is_connected()) return;
  // Left in the slot when the operation ends, and then harmless: nobody else may touch the slot from another thread.
  slot.assign([weak = weak_from_this()](asio::cancellation_type) {
    const auto self = weak.lock();
    if (!self) return;
    asio::dispatch(self->strand_, [self] { self->fail(asio::error::operation_aborted, "cancelled"); });
  });
}

void ConnectOp::begin() {
  if (is_over()) return;
  if (options_.deadline().when() <= Clock::now()) return time_out();
  watch_deadline();
  if (endpoint_.scheme() == Scheme::unix_socket) return connect_unix();
  if (endpoint_.scheme() != Scheme::tcp && !is_layered(endpoint_.scheme())) {
    return fail(error::unavailable,
                "the scheme " + std::string{to_string(endpoint_.scheme())} + " is not available in this build");
  }
  if (const auto literal = literal_address(endpoint_.host(), endpoint_.port())) return race({*literal});
  look_up();
}

void ConnectOp::connect_unix() {
  try {
    race({unix_address(endpoint_)});
  } catch (const EndpointError& e) {  // the temporary folder makes the path too long
    fail(asio::error::name_too_long, e.reason());
  }
}

void ConnectOp::watch_deadline() {
  if (options_.deadline().is_never()) return;
  deadline_timer_.expires_at(options_.deadline().when());
  deadline_timer_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->time_out();
  });
}

void ConnectOp::look_up() {
  resolver_.emplace(strand_);
  // Not Asio's default flags: they leave out a family without a routable address here, loopback being none.
  resolver_->async_resolve(std::string{endpoint_.host()}, std::to_string(endpoint_.port()), Resolver::numeric_service,
                           [self = shared_from_this()](error_code ec, const Resolver::results_type& results) {
                             if (self->is_over()) return;
                             if (ec) return self->fail(ec, "the host cannot be looked up: " + reason(ec));
                             std::vector<SocketAddress> addresses;
                             for (const auto& each : results) addresses.push_back(to_address(each.endpoint()));
                             self->race(std::move(addresses));
                           });
}

void ConnectOp::race(std::vector<SocketAddress> addresses) {
  if (addresses.empty()) return fail(error::no_address, error_code{error::no_address}.message());
  std::vector<HappyEyeballs::Family> families;
  for (const SocketAddress& each : addresses) {
    attempts_.emplace_back(each);
    families.push_back(family_of(each));
  }
  eyeballs_.emplace(families, options_.attempt_delay());
  step();
}

void ConnectOp::step() {
  while (const auto index = eyeballs_->next_start(Clock::now())) {
    start_attempt(*index);
    if (!is_racing()) return;
  }
  if (eyeballs_->exhausted()) return give_up();
  const TimePoint due = eyeballs_->next_deadline();
  if (due == TimePoint::max()) return;
  attempt_timer_.expires_at(due);
  attempt_timer_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec && self->is_racing()) self->step();
  });
}

void ConnectOp::start_attempt(std::size_t index) {
  Attempt& attempt = attempts_[index];
  Descriptor socket;
  const int error = open(attempt, socket);
  if (error == EAGAIN && endpoint_.scheme() == Scheme::unix_socket) return try_again_later(index);
  if (error != 0 && error != EINPROGRESS && error != EINTR) return attempt_failed(index, from_errno(error));

  // The event loop gets to see the socket only now: unconnected sockets report events of their own.
  error_code ec;
  attempt.socket.emplace(executor_);
  attempt.socket->assign(asio::generic::stream_protocol{attempt.address.family(), 0}, socket.get(), ec);
  if (ec) return attempt_failed(index, ec);
  socket.release();
  if (error == 0) return succeed(index);
  wait_connected(index);
}

int ConnectOp::open(Attempt& attempt, Descriptor& socket) {
  const int family = attempt.address.family();
  socket = Descriptor{::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) return errno;
  if (OptionFailure failure = apply_options(socket.get(), family, options_.transport()); failure.code) {
    attempt.what = "cannot set " + failure.what + ": ";
    return failure.code.value();
  }
  spare_loopback(socket.get(), attempt.address, options_.transport());
  return ::connect(socket.get(), attempt.address.data(), attempt.address.size) == 0 ? 0 : errno;
}

void ConnectOp::wait_connected(std::size_t index) {
  attempts_[index].socket->async_wait(StreamSocket::wait_write,
                                      asio::bind_executor(strand_, [self = shared_from_this(), index](error_code ec) {
                                        if (self->is_racing()) self->on_writable(index, ec);
                                      }));
}

void ConnectOp::on_writable(std::size_t index, error_code ec) {
  const int descriptor = attempts_[index].socket->native_handle();
  if (!ec && !is_settled(descriptor)) return wait_connected(index);
  if (!ec) ec = take_error(descriptor);
  if (!ec && is_connected_to_itself(descriptor)) ec = asio::error::connection_refused;
  if (!ec) return succeed(index);
  attempt_failed(index, ec);
  step();
}

// The backlog of a Unix listener is full. Unlike TCP, the kernel does not go on by itself: ask again.
void ConnectOp::try_again_later(std::size_t index) {
  attempts_[index].code = asio::error::try_again;
  busy_timer_.expires_after(std::exchange(busy_wait_, std::min(2 * busy_wait_, busy_wait_max)));
  busy_timer_.async_wait([self = shared_from_this(), index](error_code ec) {
    if (ec || !self->is_racing()) return;
    self->start_attempt(index);
    if (self->is_racing()) self->step();
  });
}

void ConnectOp::attempt_failed(std::size_t index, error_code ec) {
  Attempt& attempt = attempts_[index];
  if (parley::detail::log_enabled()) {
    parley::detail::log(LogLevel::debug,
                        "no connection to " + to_text(attempt.address) + ": " + attempt.what + reason(ec),
                        endpoint_.to_string());
  }
  attempt.code = ec;
  attempt.socket.reset();
  eyeballs_->failed(Clock::now());
}

void ConnectOp::succeed(std::size_t index) {
  StreamSocket& socket = *attempts_[index].socket;
  Ends ends = ends_of(socket.native_handle());
  // For a Unix socket the name asked for: what the kernel knows is the path behind it.
  const bool is_unix = endpoint_.scheme() == Scheme::unix_socket;
  Endpoint local = is_unix ? endpoint_ : std::move(ends.local);
  Endpoint remote = is_unix ? endpoint_ : std::move(ends.remote);
  // Connecting made Asio watch for room to write, for good: each wait for the peer would first be told that there is
  // some. So the descriptor is registered anew.
  error_code ec;
  const int family = attempts_[index].address.family();
  Stream stream = make_socket_stream(executor_, socket.release(ec), family, std::move(local), std::move(remote), ec);
  if (ec) return fail(ec, "cannot watch the socket: " + reason(ec));
  if (!is_layered(endpoint_.scheme())) return finish({}, std::move(stream));
  attempt_timer_.cancel();
  attempts_.clear();  // the others have lost
  eyeballs_.reset();
  shake_hands(std::move(stream));
}

void ConnectOp::shake_hands(Stream stream) {
  std::vector<Handshake> handshakes;
  try {
    handshakes = client_handshakes(endpoint_, options_.transport());
  } catch (const Error& e) {  // the system's authorities cannot be read
    return fail(e.code(), e.what());
  }
  auto on_done = [self = shared_from_this()](error_code ec, Stream made, const std::string& why) {
    if (self->is_over()) return;
    if (ec) {
      self->fail(ec, why);
    } else {
      self->finish({}, std::move(made));
    }
  };
  const auto handshake =
      std::make_shared<HandshakeOp>(std::move(stream), std::move(handshakes), options_.transport().handshake_time_max,
                                    HandshakeHandler{asio::bind_executor(strand_, on_done)});
  handshake_ = handshake;
  handshake->start();
}

void ConnectOp::give_up() {
  std::vector<FailedAddress> failed;
  for (const Attempt& each : attempts_) failed.push_back({to_text(each.address), each.code, each.what});
  const Verdict verdict = verdict_on(failed, endpoint_);
  fail(verdict.code, verdict.why);
}

void ConnectOp::time_out() {
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
  fail(error::timed_out, "the deadline passed after " + std::to_string(waited.count()) + " ms");
}

void ConnectOp::fail(error_code ec, const std::string& why) {
  if (is_over()) return;
  if (options_.failure_to()) *options_.failure_to() = "cannot connect to " + endpoint_.to_string() + ": " + why;
  finish(ec, {});
}

void ConnectOp::finish(error_code ec, Stream stream) {
  ConnectHandler handler = std::move(*handler_);
  handler_.reset();
  deadline_timer_.cancel();
  attempt_timer_.cancel();
  busy_timer_.cancel();
  if (resolver_) resolver_->cancel();
  attempts_.clear();
  if (const auto handshake = handshake_.lock()) handshake->cancel();  // of no effect when it is done
  parley::detail::post_completion(std::move(handler), executor_, ec, std::move(stream));
  handler_work_.reset();
}

}  // namespace parley::transport::detail
