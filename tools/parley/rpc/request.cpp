// parley request: asks, and prints the answer.
#include "command_loop.hpp"
#include "commands.hpp"
#include "input.hpp"
#include "rpc/console.hpp"
#include "rpc/dialled_once.hpp"

#include <parley/error.hpp>
#include <parley/rpc/client.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

/// What is sent where nothing was said.
std::string nothing_in(const Notation& notation) {
  if (!notation.codec) return {};
  const bool has_null = *notation.codec != BodyCodec::text && *notation.codec != BodyCodec::bytes;
  return notation.read(has_null ? "null" : R"("")");
}

class Request {
 public:
  explicit Request(const RequestCommandOptions& options)
      : options_{options},
        loop_{options},
        console_{loop_.output(), options},
        client_{make_client(loop_.executor(), options)},
        route_{options.route ? rpc::RouteName{*options.route} : rpc::RouteName{rpc::unnamed}} {}

  ExitCode run() {
    return loop_.run([this] { return run_to_end(); });
  }

 private:
  asio::awaitable<ExitCode> run_to_end() {
    loop_.spawn(work());
    ExitCode code = co_await loop_.ending().wait();
    const bool is_unfinished = !is_done_ && code == ExitCode::ok;
    // Who was interrupted waits for no answers.
    const Deadline deadline{is_done_ ? drain_max : std::chrono::seconds{0}};
    const rpc::CloseReport report = co_await client_.close(deadline);
    if (is_done_ && report.unsent_count > 0) {
      console_.error(fmt::format("{} notification{} may not have arrived", report.unsent_count,
                                 report.unsent_count == 1 ? "" : "s"),
                     ExitCode::failure);
      code = ExitCode::failure;
    }
    if (is_unfinished) {
      console_.error("left before all was answered", ExitCode::failure);
      code = ExitCode::failure;
    }
    co_return code == ExitCode::ok ? first_failure_ : code;
  }

  asio::awaitable<void> work() {
    const bool has_body = co_await find_body();
    if (!has_body) co_return;
    const Dialled dialled = co_await dial_once(client_, options_);
    if (dialled.code != ExitCode::ok) {
      console_.error(dialled.sentence, dialled.code);
      co_return loop_.ending().leave(dialled.code);
    }
    console_.connected(options_.endpoint);
    if (options_.notifies) {
      co_await notify();
    } else {
      ask();
    }
  }

  // --- what to ask ---------------------------------------------------------------------------------------------------

  /// False: there is none, which has been told.
  asio::awaitable<bool> find_body() {
    std::string fault;
    std::optional<std::string> text = options_.body;
    if (!text) {
      const std::optional<std::string> input = co_await read_input();
      try {
        text = input && !input->empty() ? options_.notation().read_output(*input) : nothing_in(options_.notation());
      } catch (const BadBody& e) {
        fault = e.what();
      }
    }
    if (text && text->size() > options_.size_max)
      fault =
          fmt::format("a value of {} bytes exceeds the limit of {} (see --max-size)", text->size(), options_.size_max);
    if (!fault.empty()) {
      console_.error(fault, ExitCode::failure);
      loop_.ending().leave(ExitCode::failure);
      co_return false;
    }
    body_ = Message{std::move(*text)};
    co_return true;
  }

  /// All of it; nothing where somebody would have to type it who was not asked to.
  asio::awaitable<std::optional<std::string>> read_input() {
    InputOptions how;
    how.notation.format = BodyFormat::raw;
    how.cut = InputCut::whole;
    how.body_size_max = options_.notation().text_size_max(options_.size_max);
    Input input{loop_.executor(), "-", how};
    if (input.is_terminal() && !options_.takes_any_input) co_return std::nullopt;
    co_return co_await input.next();
  }

  // --- asking --------------------------------------------------------------------------------------------------------

  [[nodiscard]] std::uint64_t total() const { return options_.count.value_or(1); }

  void ask() {
    begin_ = Clock::now();
    workers_ = std::min(options_.concurrency, total());
    for (std::uint64_t i = workers_; i > 0; --i) loop_.spawn(ask_in_turn());
  }

  asio::awaitable<void> ask_in_turn() {
    while (begun_count_ < total() && !loop_.ending().is_given()) {
      ++begun_count_;
      co_await ask_once();
      co_await loop_.output().room();
    }
    if (--workers_ > 0) co_return;
    const Duration taken = Clock::now() - begin_;
    if (options_.count) console_.summary(latencies_, failed_count_, taken);
    is_done_ = !loop_.ending().is_given();
    loop_.ending().leave(ExitCode::ok);
  }

  asio::awaitable<void> ask_once() {
    const TimePoint begin = Clock::now();
    std::optional<rpc::RequestError> failure;
    Message answer;
    try {
      answer = co_await client_.request<Message>(route_, body_);
    } catch (const rpc::RequestError& e) {
      failure = e;
    }
    const Duration taken = Clock::now() - begin;
    if (loop_.ending().is_given()) co_return;
    if (failure) co_return co_await note(*failure);
    latencies_.add(std::chrono::duration_cast<std::chrono::nanoseconds>(taken));
    print(answer, taken);
  }

  void print(const Message& answer, Duration taken) {
    try {
      console_.answer(answer, taken);
    } catch (const Error& e) {
      console_.error(fmt::format("the answer was rejected: {}", e.what()), ExitCode::refused);
      note(ExitCode::refused);
    }
  }

  asio::awaitable<void> note(const rpc::RequestError& failure) {
    const ExitCode code = exit_code_of_request(failure.code());
    console_.failed(failure, code);
    note(code);
    if (!concerns_one_request(failure.code())) co_return loop_.ending().leave(code);
    co_await loop_.pause();
  }

  void note(ExitCode code) {
    ++failed_count_;
    if (first_failure_ == ExitCode::ok) first_failure_ = code;
  }

  // --- telling -------------------------------------------------------------------------------------------------------

  asio::awaitable<void> notify() {
    for (std::uint64_t i = 0; i < total() && !loop_.ending().is_given(); ++i) {
      const boost::system::error_code ec = client_.try_notify(route_, body_);
      if (ec) {
        console_.error(client_.last_error(), exit_code_of_request(ec));
        co_return loop_.ending().leave(exit_code_of_request(ec));
      }
      co_await loop_.pause();  // what is queued is written
    }
    is_done_ = !loop_.ending().is_given();
    if (is_done_) console_.told(total());
    loop_.ending().leave(ExitCode::ok);
  }

  const RequestCommandOptions& options_;
  CommandLoop loop_;
  RpcConsole console_;
  rpc::Client client_;
  rpc::RouteName route_;
  Message body_;
  TimePoint begin_{};
  std::uint64_t begun_count_ = 0;
  std::uint64_t workers_ = 0;
  std::uint64_t failed_count_ = 0;
  Latencies latencies_;
  ExitCode first_failure_ = ExitCode::ok;
  bool is_done_ = false;
};

}  // namespace

ExitCode run_request(const RequestCommandOptions& options) {
  Request command{options};
  return command.run();
}

}  // namespace parley::tool
