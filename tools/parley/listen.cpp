// parley listen: a talk with every peer that comes.
#include "commands.hpp"
#include "talk.hpp"
#include "transport.hpp"

#include <parley/connection/listener.hpp>
#include <parley/error.hpp>
#include <parley/log.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

/// Messages of a file are kept for the peers to come, so that an endless one must not be.
constexpr std::size_t greeting_size_max = 256 * limits::mib;

using PeerPtr = std::shared_ptr<Peer>;

class Listen {
 public:
  explicit Listen(Talk& talk)
      : talk_{talk},
        arrival_{talk.executor(), asio::steady_timer::time_point::max()},
        all_closed_{talk.executor(), asio::steady_timer::time_point::max()} {
    if (!talk.options().verbose) tell_of_warnings();
  }
  Listen(const Listen&) = delete;
  Listen& operator=(const Listen&) = delete;
  ~Listen() {
    if (!talk_.options().verbose) set_log_hook({});
  }

  asio::awaitable<ExitCode> run() {
    if (!listen()) co_return ExitCode::failure;
    talk_.console().listening(listener_->local_endpoint());
    if (talk_.options().reads_standard_input()) {
      input_ = talk_.open_input();
      talk_.spawn(send_to_all());
    }
    talk_.spawn(accept_all());
    talk_.spawn(talk_.watch_time_out([this] { return bytes_moved(); }));
    const ExitCode code = co_await talk_.ending().wait();
    listener_->close();
    co_await talk_.give_answers();
    co_await close_all();
    co_return code;
  }

 private:
  /// Of peers that were turned away, above all: nothing else would say why they do not come.
  void tell_of_warnings() {
    set_log_hook([&console = talk_.console()](LogLevel level, std::string_view text, std::string_view) {
      if (level == LogLevel::warning) console.warning(text);
    });
  }

  bool listen() {
    ListenerOptions how;
    how.connection = talk_.connection_options();
    try {
      how.transport = listening_transport(talk_.options().endpoint, talk_.options().tls, talk_.ws_options());
      listener_.emplace(talk_.executor(), talk_.options().endpoint, how);
      return true;
    } catch (const Error& e) {
      talk_.console().error(e.what(), ExitCode::failure);
      return false;
    }
  }

  asio::awaitable<void> accept_all() {
    co_await load_greeting();
    for (;;) {
      Connection made = co_await listener_->accept();
      const auto peer = std::make_shared<Peer>(std::move(made), ++peer_count_, talk_.options().filters);
      talk_.spawn(serve(peer));
      if (talk_.options().once) co_return listener_->close();
    }
  }

  /// The file goes to every peer, so it is read once.
  asio::awaitable<void> load_greeting() {
    for (const std::string& body : talk_.options().bodies) greeting_.emplace_back(body);
    if (!talk_.options().file) co_return;
    const std::unique_ptr<Input> file = talk_.open_input();
    std::size_t size = 0;
    while (std::optional<Message> body = co_await talk_.next_body(*file)) {
      size += sizeof(Message) + body->size();
      if (size > greeting_size_max && !greeting_.empty()) throw std::runtime_error(too_large_to_keep());
      greeting_.push_back(std::move(*body));
    }
  }

  std::string too_large_to_keep() const {
    return "the messages in " + *talk_.options().file +
           " are kept in memory for every peer that comes, and take more " + "than " +
           std::to_string(greeting_size_max / limits::mib) + " MiB";
  }

  asio::awaitable<void> serve(PeerPtr peer) {
    talk_.console().connected(*peer);
    peers_.push_back(peer);
    arrival_.cancel();
    talk_.spawn(greet(peer));
    const ExitCode code = co_await talk_.receive_all(*peer);
    if (code == ExitCode::ok) co_await send_the_rest(peer);
    if (talk_.ending().is_given()) co_return;  // run() closes
    bytes_moved_before_ += bytes_moved(*peer);
    std::erase(peers_, peer);
    co_await talk_.close(*peer);
    if (talk_.options().once) talk_.ending().leave(code == ExitCode::ok ? judge_count(*peer) : code);
  }

  /// Bodies from the command line or of the file go to each peer as it comes.
  asio::awaitable<void> greet(PeerPtr peer) {
    ++greetings_;
    for (const Message& body : greeting_) {
      const bool going = co_await talk_.send(*peer, body);
      if (!going) break;
    }
    --greetings_;
  }

  /// Input goes to all who are connected, and waits while nobody is; the slowest peer sets the pace.
  asio::awaitable<void> send_to_all() {
    bool had_input = false;
    co_await arrival();
    while (std::optional<Message> body = co_await talk_.next_body(*input_)) {
      had_input = true;
      co_await arrival();
      const std::vector<PeerPtr> all{peers_.begin(), peers_.end()};
      for (const PeerPtr& peer : all) static_cast<void>(co_await talk_.send(*peer, *body));
    }
    for (const std::vector<PeerPtr> all{peers_.begin(), peers_.end()}; const PeerPtr& peer : all)
      co_await talk_.flush(*peer);
    input_ended_ = true;
    // A service runs with /dev/null as its input: that has no end to leave at.
    if (!had_input || !input_->is_piped() || talk_.options().count) co_return;
    co_await talk_.loop().stillness(talk_.options().wait, [this] { return bytes_moved(); });
    talk_.ending().leave(ExitCode::ok);
  }

  asio::awaitable<void> arrival() {
    while (peers_.empty()) co_await arrival_.async_wait(asio::as_tuple(asio::use_awaitable));
  }

  /// The peer has ended its direction; what it still asked to get goes to it, as long as it flows and is taken.
  asio::awaitable<void> send_the_rest(PeerPtr peer) {
    // Named, and not capturing the pointer: GCC 12 destroys closures within a co_await expression twice.
    const Connection& connection = peer->connection;
    const auto sent = [&connection] { return connection.stats().bytes_sent; };
    const auto enough = [this] { return talk_.ending().is_given() || all_sent(); };
    co_await talk_.loop().stillness(talk_.options().wait, sent, enough);
  }

  bool all_sent() const { return greetings_ == 0 && (!input_ || input_ended_ || !input_->is_piped()); }

  /// All at once, so that one that does not read takes no time from the others.
  asio::awaitable<void> close_all() {
    const std::list<PeerPtr> all = std::exchange(peers_, {});
    closing_count_ = all.size();
    for (const PeerPtr& peer : all) talk_.spawn(close(peer));
    while (closing_count_ > 0) co_await all_closed_.async_wait(asio::as_tuple(asio::use_awaitable));
  }

  asio::awaitable<void> close(PeerPtr peer) {
    co_await talk_.close(*peer);
    if (--closing_count_ == 0) all_closed_.cancel();
  }

  static std::uint64_t bytes_moved(const Peer& peer) {
    const ConnectionStats stats = peer.connection.stats();
    return stats.bytes_received + stats.bytes_sent;
  }

  /// A peer that comes is a movement as well.
  std::uint64_t bytes_moved() const {
    std::uint64_t sum = bytes_moved_before_ + peer_count_;
    for (const PeerPtr& peer : peers_) sum += bytes_moved(*peer);
    return sum;
  }

  ExitCode judge_count(const Peer& peer) {
    const std::optional<std::uint64_t>& count = talk_.options().count;
    if (!count || talk_.has_enough()) return ExitCode::ok;
    talk_.console().error("the peer ended after " + std::to_string(talk_.received_count()) + " of " +
                              std::to_string(*count) + " messages",
                          ExitCode::failure, peer);
    return ExitCode::failure;
  }

  Talk& talk_;
  std::optional<Listener> listener_;
  std::unique_ptr<Input> input_;
  std::list<PeerPtr> peers_;
  std::vector<Message> greeting_;
  asio::steady_timer arrival_;     // never expires: cancelled when a peer comes
  asio::steady_timer all_closed_;  // never expires: cancelled when the last peer is closed
  std::size_t closing_count_ = 0;
  unsigned peer_count_ = 0;
  unsigned greetings_ = 0;
  std::uint64_t bytes_moved_before_ = 0;  // from peers that have gone
  bool input_ended_ = false;
};

}  // namespace

ExitCode run_listen(const TalkOptions& options) {
  Talk talk{options};
  Listen command{talk};
  return talk.loop().run([&] { return command.run(); });
}

}  // namespace parley::tool
