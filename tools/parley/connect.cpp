// parley connect: a talk with one peer.
#include "commands.hpp"
#include "talk.hpp"
#include "transport.hpp"

#include <parley/connection/connect.hpp>
#include <parley/error.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

class Connect {
 public:
  explicit Connect(Talk& talk) : talk_{talk} {}

  asio::awaitable<ExitCode> run() {
    talk_.spawn(converse());
    const ExitCode code = co_await talk_.ending().wait();
    co_await talk_.give_answers();
    if (peer_) co_await talk_.close(*peer_);
    co_return code;
  }

 private:
  asio::awaitable<void> converse() {
    if (talk_.options().file || talk_.options().reads_standard_input()) input_ = talk_.open_input();
    if (const ExitCode code = co_await dial(); code != ExitCode::ok) co_return talk_.ending().leave(code);
    talk_.console().connected(*peer_);
    talk_.spawn(talk_.watch_time_out([this] { return bytes_moved(); }));
    talk_.spawn(send_all());
    const ExitCode code = co_await talk_.receive_all(*peer_);
    if (code == ExitCode::ok) co_await send_the_rest();
    talk_.ending().leave(code == ExitCode::ok ? judge_count() : code);
  }

  asio::awaitable<ExitCode> dial() {
    ConnectOptions how;
    how.connection(talk_.connection_options());
    if (talk_.options().time_out) how.deadline(*talk_.options().time_out);
    std::optional<Error> failure;
    std::optional<Error> unusable;
    try {
      how.transport(connecting_transport(talk_.options().endpoint, talk_.options().tls, talk_.ws_options()));
    } catch (const Error& e) {
      unusable = e;
    }
    // A file that is missing here says nothing about the peer.
    if (unusable) {
      talk_.console().error(unusable->what(), ExitCode::failure);
      co_return ExitCode::failure;
    }
    try {
      peer_.emplace(co_await connect(talk_.options().endpoint, how), 1, talk_.options().filters);
    } catch (const Error& e) {
      failure = e;
    }
    if (!failure) co_return ExitCode::ok;
    const ExitCode code = exit_code_of_dialling(failure->code());
    talk_.console().error(failure->what(), code);
    co_return code;
  }

  /// Everything there is to send; then, unless messages are counted, it leaves when the peer falls silent.
  asio::awaitable<void> send_all() {
    const bool has_input = co_await send_bodies();
    co_await talk_.flush(*peer_);
    sent_all_ = true;
    if (talk_.options().ends_sending_at_input_end()) peer_->connection.end_sending();
    if (!has_input || talk_.options().count || talk_.options().answers()) co_return;
    co_await talk_.loop().stillness(silence_max(), [this] { return bytes_moved(); });
    talk_.ending().leave(ExitCode::ok);
  }

  /// Whether there was anything to take bodies from.
  asio::awaitable<bool> send_bodies() {
    for (const std::string& body : talk_.options().bodies)
      if (!co_await talk_.send(*peer_, Message{body})) co_return true;
    if (!input_) co_return !talk_.options().bodies.empty();
    while (std::optional<Message> body = co_await talk_.next_body(*input_))
      if (!co_await talk_.send(*peer_, std::move(*body))) co_return true;
    co_return true;
  }

  /// The peer has ended its direction. Piped input still goes to it, as long as it flows and is taken.
  asio::awaitable<void> send_the_rest() {
    if (talk_.ending().is_given() || !input_ || input_->is_terminal()) co_return;
    co_await talk_.loop().stillness(
        talk_.options().wait, [this] { return bytes_moved(); }, [this] { return sent_all_; });
  }

  /// A peer that has seen our end answers with its own, however long that takes; unless the user knows better.
  std::optional<Seconds> silence_max() const {
    const TalkOptions& options = talk_.options();
    if (options.ends_sending_at_input_end() && !options.wait_given) return std::nullopt;
    return options.wait;
  }

  std::uint64_t bytes_moved() const {
    const ConnectionStats stats = peer_->connection.stats();
    return stats.bytes_received + stats.bytes_sent;
  }

  /// The peer ended before as many messages came as were asked for?
  ExitCode judge_count() {
    const std::optional<std::uint64_t>& count = talk_.options().count;
    if (!count || talk_.has_enough() || talk_.ending().is_given()) return ExitCode::ok;
    talk_.console().error("the peer ended after " + std::to_string(talk_.received_count()) + " of " +
                              std::to_string(*count) + " messages",
                          ExitCode::failure, *peer_);
    return ExitCode::failure;
  }

  Talk& talk_;
  std::optional<Peer> peer_;
  std::unique_ptr<Input> input_;
  bool sent_all_ = false;
};

}  // namespace

ExitCode run_connect(const TalkOptions& options) {
  Talk talk{options};
  Connect command{talk};
  return talk.loop().run([&] { return command.run(); });
}

}  // namespace parley::tool
