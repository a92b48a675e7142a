// parley send: bodies from arguments, a file or standard input, to whom the socket's mode says.
#include "bodies.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "socket/session.hpp"
#include "socket/template.hpp"
#include "text.hpp"

#include <parley/error.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

class Send {
 public:
  /// Throws std::runtime_error when there is no such file.
  explicit Send(Session& session) : session_{session} {
    if (options().file) input_ = open_input();
  }

  asio::awaitable<void> run() {
    session_.loop().spawn(pass_over_what_comes());
    co_await send_bodies();
    is_done_ = !session_.loop().ending().is_given();
    co_await session_.drain_and_leave();
  }

  /// What became of it.
  ExitCode judge(ExitCode code) const {
    const bool was_to_be_whole = !options().bodies.empty() || (options().file && *options().file != "-");
    // Without a peer nothing was sent, and that has been said.
    if (is_done_ || !was_to_be_whole || (code != ExitCode::ok && sent_count_ == 0)) return code;
    report_error(fmt::format("left before everything was sent; {} had been", count_of_messages(sent_count_)),
                 ExitCode::failure, options().json);
    return code == ExitCode::ok ? ExitCode::failure : code;
  }

 private:
  const SocketTalkOptions& options() const { return session_.options(); }

  asio::awaitable<void> send_bodies() {
    const std::uint64_t rounds = options().count.value_or(1);
    bool goes_on = true;
    for (std::uint64_t round = 0; goes_on && round < rounds; ++round) {
      if (options().bodies.empty()) {
        goes_on = co_await send_input();
      } else {
        goes_on = co_await send_arguments();
      }
    }
  }

  asio::awaitable<bool> send_arguments() {
    if (templates_.empty())
      for (const std::string& body : options().bodies)
        templates_.push_back(std::make_unique<Argument>(body, options()));
    for (const auto& each : templates_) {
      const bool goes_on = co_await send_argument(*each);
      if (!goes_on) co_return false;
    }
    co_return true;
  }

  /// A body from the command line; one that is always the same is encoded once.
  struct Argument {
    Argument(const std::string& text, const SocketTalkOptions& options) {
      if (!options.literal) form.emplace(text, options.size_max);
      if (!form) fixed.emplace(options.notation().read(text));
      std::mt19937_64 unused;
      if (form && form->is_fixed()) fixed.emplace(options.notation().read(form->fill_in(0, {}, unused)));
    }

    std::optional<BodyTemplate> form;
    std::optional<Message> fixed;
  };

  asio::awaitable<bool> send_argument(const Argument& argument) {
    co_await session_.keep_pace();
    ++number_;
    if (argument.fixed) co_return co_await send(*argument.fixed);
    std::string fault;
    std::optional<Message> body;
    try {
      body.emplace(
          options().notation().read(argument.form->fill_in(number_, std::chrono::system_clock::now(), random_)));
    } catch (const BadBody& e) {
      fault = e.what();
    }
    if (body) co_return co_await send(std::move(*body));
    co_await skip(fault + "; not sent");
    co_return true;
  }

  std::unique_ptr<Input> open_input() const {
    InputOptions how;
    how.notation = options().notation();
    how.cut = !how.notation.codec && how.notation.format == BodyFormat::raw ? InputCut::whole : InputCut::lines;
    how.body_size_max = options().size_max;
    return std::make_unique<Input>(session_.loop().executor(), options().file.value_or(""), how);
  }

  asio::awaitable<bool> send_input() {
    const std::unique_ptr<Input> input = input_ ? std::move(input_) : open_input();
    for (;;) {
      co_await session_.keep_pace();
      session_.idle(true);
      std::optional<Message> body = co_await next_body(*input, session_.loop(), session_.console());
      session_.idle(false);
      if (!body) co_return true;
      const bool goes_on = co_await send(std::move(*body));
      if (!goes_on) co_return false;
    }
  }

  /// False when nothing more can be sent.
  asio::awaitable<bool> send(Message body) {
    std::optional<Error> failure;
    try {
      if (options().to) {
        co_await session_.socket().send_to(*options().to, std::move(body));
      } else {
        co_await session_.socket().send(std::move(body));
      }
    } catch (const Error& e) {
      failure = e;
    }
    if (!failure) ++sent_count_;
    if (!failure || session_.loop().ending().is_given()) co_return !failure;
    co_await skip(failure->what());
    if (concerns_one_message(failure->code())) co_return true;
    session_.loop().ending().leave(ExitCode::failure);
    co_return false;
  }

  asio::awaitable<void> skip(std::string why) {
    session_.console().error(why, ExitCode::failure);
    session_.loop().note_failure();
    co_await session_.loop().pause();
  }

  /// What peers send is not asked for; but unread, it would keep acknowledgements from coming.
  asio::awaitable<void> pass_over_what_comes() {
    for (;;) {
      auto [ec, received] = co_await session_.socket().receive(asio::as_tuple(asio::use_awaitable));
      if (ec) break;
      ++passed_over_count_;
    }
    if (passed_over_count_ > 0)
      session_.console().remark(count_of_messages(passed_over_count_) + " came meanwhile, which send does not print");
  }

  Session& session_;
  std::unique_ptr<Input> input_;  // before the first round, where there is a file
  std::vector<std::unique_ptr<Argument>> templates_;
  std::mt19937_64 random_{std::random_device{}()};
  std::uint64_t number_ = 0;
  std::uint64_t sent_count_ = 0;
  std::uint64_t passed_over_count_ = 0;
  bool is_done_ = false;
};

}  // namespace

ExitCode run_send(const SocketTalkOptions& options) {
  Session session{options};
  Send command{session};
  return command.judge(session.run([&] { return command.run(); }));
}

}  // namespace parley::tool
