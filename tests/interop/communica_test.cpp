// Requests of communica, with a Python program of nothing but its standard library on either side.
#include "interop/agent.hpp"
#include "interop/communica_questions.hpp"
#include "interop/meeting.hpp"
#include "vectors/communica.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace parley::interop::communica {
namespace {

using support::ChildProcess;
using support::ChildResult;
using support::hang_bound;
using ::testing::HasSubstr;
using EventKind = rpc::Event::Kind;

std::string said(const ChildResult& program) {
  return "the program has ended with " + std::to_string(program.code) + ", having said:\n" + program.output +
         program.errors;
}

/// One side of each kind.
class Communica : public ::testing::Test {
 protected:
  explicit Communica(Kind kind = Kind::route) : kind_{kind} {
    options.client_id = "cid-1";
    server_options.accept_client = [this](const rpc::PeerInfo& info) {
      ++services.connection_counts[info.client_id];
      return refusal;
    };
  }

  /// Where nobody listens yet.
  [[nodiscard]] Endpoint fresh(const std::string& transport) const {
    if (transport == "unix") return Endpoint::unix_path(folder_.file("s"));
    if (transport != "local") return Endpoint{transport + "://127.0.0.1:0"};
    std::filesystem::create_directories(folder_.file("communica"));
    return Endpoint::unix_path(folder_.file("communica/services.sock"));
  }

  /// The original knows local ones by a name, whatever its letters, in a folder of temporary files.
  [[nodiscard]] Words python(const std::string& role, const std::string& transport, const Endpoint& where,
                             const Words& words) const {
    return Words{"env",     "TMPDIR=" + folder_.file(""),
                 "python3", PARLEY_SOURCE_DIR "/tests/interop/python/communica_peer.py",
                 role,      transport == "local" ? "local://Services" : where.to_string()} +
           words + Words{"--kind", to_string(kind_)};
  }

  /// Our server answers a client in Python, which runs these checks. With `ends_badly` it is no failure that the
  /// program does so.
  ChildResult serve(const std::string& transport, const Words& words) {
    rpc::Server server{context.get_executor(), services.routes(), server_options};
    services.on_drop = [&server](const std::string& client_id) { (void)server.cut_off(client_id); };
    rpc::EndpointOptions endpoint_options;
#if PARLEY_HAS_TLS
    if (transport == "tls") {
      endpoint_options.tls(TlsContext::server(TlsOptions{}
                                                  .certificate_file(agent_certificates().folder.file("server.pem"))
                                                  .key_file(agent_certificates().folder.file("server.key"))));
    }
#endif
    Endpoint where = fresh(transport);
    run([&]() -> asio::awaitable<void> { where = co_await server.bind(where, endpoint_options); });
    const Words tls = transport == "tls" ? Words{"--tls-ca", agent_certificates().authority()} : Words{};
    ChildProcess program{python("client", transport, where, words + tls)};
    ChildResult result = wait_for(program);
    EXPECT_EQ(result.code, 0) << said(result);
    run([&]() -> asio::awaitable<void> {
      const rpc::CloseReport report = co_await server.stop(hang_bound);
      EXPECT_EQ(report, rpc::CloseReport{});
    });
    expect_rest(said(result));
    return result;
  }

  /// A server in Python answers our client, which has a connection and runs this.
  template <class Questions>
  ChildResult ask(const std::string& transport, const Words& words, Questions questions) {
    return ask_before_connected(transport, words, [&](rpc::Client& client, Endpoint where) -> asio::awaitable<void> {
      rpc::EndpointOptions endpoint_options;
#if PARLEY_HAS_TLS
      if (transport == "tls") {
        endpoint_options.tls(TlsContext::client(TlsOptions{}.ca_file(agent_certificates().authority())));
      }
#endif
      co_await client.connect(where, endpoint_options, hang_bound);
      const Asker asker{client, kind_};
      co_await questions(client, asker);
    });
  }

  /// The same, where connecting is up to `talk`.
  template <class Talk>
  ChildResult ask_before_connected(const std::string& transport, const Words& words, Talk talk) {
    const Endpoint asked = fresh(transport);
    const Words tls = transport == "tls" ? agent_server_words() : Words{};
    ChildProcess program{python("server", transport, asked, words + tls)};
    const Endpoint where = listening_endpoint(program, asked);
    rpc::Client client{context.get_executor(), services.routes(), options};
    std::string failure;
    try {
      run([&]() -> asio::awaitable<void> {
        co_await talk(client, where);
        const rpc::CloseReport report = co_await client.close(hang_bound);
        EXPECT_EQ(report, rpc::CloseReport{});
      });
    } catch (const std::exception& failed) {
      failure = failed.what();
    }
    program.end_input();
    ChildResult result = program.wait();
    EXPECT_EQ(failure, "") << said(result);
    EXPECT_EQ(result.code, 0) << said(result);
    if (failure.empty()) expect_rest(said(result));
    return result;
  }

  template <class Body>
  void run(Body body) {
    if (!support::run_coroutine(context, body())) throw std::runtime_error{"the conversation hangs"};
  }

  /// Nothing of ours is at work any more, and no timer runs.
  void expect_rest(const std::string& trace) { EXPECT_TRUE(support::run_to_end(context)) << trace; }

  /// Runs the context until the program has ended.
  ChildResult wait_for(ChildProcess& program) {
    std::optional<ChildResult> result;
    std::thread waiting{[&] {
      ChildResult ended = program.wait();
      asio::post(context, [&result, ended] { result = ended; });
    }};
    const bool has_ended = support::run_until(context, [&] { return result.has_value(); });
    waiting.join();
    if (!has_ended) context.poll();
    return result ? *result : ChildResult{-1, "", "(nothing: it hangs)"};
  }

  [[nodiscard]] Kind kind() const noexcept { return kind_; }

  asio::io_context context;

 private:
  static Words agent_server_words() {
    return {"--tls-cert", agent_certificates().folder.file("server.pem"), "--tls-key",
            agent_certificates().folder.file("server.key")};
  }

  Kind kind_;
  support::TemporaryFolder folder_;

 protected:
  Services services{context.get_executor(), kind_};
  rpc::ClientOptions options;
  rpc::ServerOptions server_options;
  std::string refusal;  ///< told to all clients
};

// --- all there is to ask ---------------------------------------------------------------------------------------------

using Way = std::tuple<std::string, Kind>;

class CommunicaInPython : public Communica, public ::testing::WithParamInterface<Way> {
 protected:
  CommunicaInPython() : Communica{std::get<1>(GetParam())} {}
  [[nodiscard]] static const std::string& transport() { return std::get<0>(GetParam()); }
  /// Large payloads take their time, and are the same bytes over every kind of socket.
  [[nodiscard]] static bool takes_much() { return transport() == "tcp" || transport() == "tls"; }
};

TEST_P(CommunicaInPython, is_answered_all_that_it_asks) {
  Words checks{"request", "notify", "errors", "unknown_route", "both_directions", "concurrent", "reconnect"};
  if (takes_much()) checks = {"all"};
  const ChildResult result = serve(transport(), checks);
  EXPECT_THAT(result.output, HasSubstr("reconnect: requests that were being handled were answered on 4 new"));
}

TEST_P(CommunicaInPython, answers_all_that_it_is_asked) {
  ask(transport(), {}, [this](rpc::Client& client, const Asker& asker) -> asio::awaitable<void> {
    co_await ask_for_values(asker);
    co_await send_notices(asker);
    co_await ask_for_failures(asker);
    co_await ask_both_ways(context.get_executor(), asker, services);
    co_await ask_many_at_once(context.get_executor(), asker);
    if (takes_much()) co_await ask_for_much(asker);
    co_await ask_across_connections(client, asker);
  });
}

std::vector<Way> ways() {
  std::vector<Way> all;
  for (const std::string transport : {"tcp", "unix", "local"}) {
    for (const Kind kind : {Kind::simple, Kind::route}) all.emplace_back(transport, kind);
  }
#if PARLEY_HAS_TLS
  all.emplace_back("tls", Kind::route);
#endif
  return all;
}

/// (A macro's argument cannot hold the commas.)
const auto name_of_way = [](const auto& each) {
  return std::get<0>(each.param) + "_" + to_string(std::get<1>(each.param));
};

INSTANTIATE_TEST_SUITE_P(Over, CommunicaInPython, ::testing::ValuesIn(ways()), name_of_way);

// --- however it writes -----------------------------------------------------------------------------------------------

class CommunicaOfManyManners : public Communica, public ::testing::WithParamInterface<Kind> {
 protected:
  CommunicaOfManyManners() : Communica{GetParam()} {}
  [[nodiscard]] static std::vector<Words> manners() {
    return {{"--cut"}, {"--chunk-size", "7"}, {"--compact"}, {"--cut", "--chunk-size", "1", "--compact"}};
  }
};

TEST_P(CommunicaOfManyManners, is_answered_in_each) {
  for (const Words& manner : manners()) {
    SCOPED_TRACE(manner.front());
    serve("tcp", Words{"request", "notify", "errors", "unknown_route", "both_directions"} + manner);
  }
}

TEST_P(CommunicaOfManyManners, answers_in_each) {
  for (const Words& manner : manners()) {
    SCOPED_TRACE(manner.front());
    ask("tcp", manner, [](rpc::Client&, const Asker& asker) -> asio::awaitable<void> {
      co_await ask_for_values(asker);
      co_await send_notices(asker);
      co_await ask_for_failures(asker);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Of, CommunicaOfManyManners, ::testing::Values(Kind::simple, Kind::route),
                         [](const auto& each) { return to_string(each.param); });

// --- refusal ---------------------------------------------------------------------------------------------------------

class CommunicaRefusal : public Communica {};

TEST_F(CommunicaRefusal, of_ours_is_told) {
  refusal = "not w\xc3\xa9lcome";
  const ChildResult result = serve("tcp", {"rejected"});
  EXPECT_EQ(result.output, "rejected: not w\xc3\xa9lcome\n");
}

TEST_F(CommunicaRefusal, of_theirs_is_what_connecting_ends_with) {
  const Words reject{"--reject", "cid-1", "not w\xc3\xa9lcome"};
  ask_before_connected("tcp", reject, [](rpc::Client& client, Endpoint where) -> asio::awaitable<void> {
    std::string sentence;
    try {
      co_await client.connect(where, hang_bound);
    } catch (const Error& refused) {
      EXPECT_EQ(refused.code(), error::refused_by_peer);
      sentence = refused.what();
    }
    EXPECT_THAT(sentence, HasSubstr("refused: not w\xc3\xa9lcome"));
    EXPECT_FALSE(client.is_connected());
    const std::string told = co_await event_of(client, EventKind::refused);
    EXPECT_EQ(told, "refused: not w\xc3\xa9lcome");
  });
}

/// Behind its greeting: then a request waits already, and nobody dials again.
TEST_F(CommunicaRefusal, of_theirs_that_comes_late_ends_requests) {
  const Words reject{"--late", "--reject", "*", "too many"};
  ask_before_connected("tcp", reject, [this](rpc::Client& client, Endpoint where) -> asio::awaitable<void> {
    client.dial(where);
    const Asker asker{client, kind()};
    const std::string text = "unheard";
    const Failed failed = co_await failure_of(asker, "echo", text);
    EXPECT_EQ(failed.code, error::refused_by_peer) << failed.sentence;
    const std::string told = co_await event_of(client, EventKind::refused);
    EXPECT_EQ(told, "refused: too many");
    EXPECT_FALSE(client.is_connected());
  });
}

TEST_F(CommunicaRefusal, of_another_does_not_concern_this_client) {
  const Words reject{"--reject", "cid-2", "not welcome"};
  ask("tcp", reject,
      [](rpc::Client&, const Asker& asker) -> asio::awaitable<void> { co_await ask_for_failures(asker); });
}

// --- bytes -----------------------------------------------------------------------------------------------------------

/// What the program has recorded in one direction, as text.
std::vector<std::string> recorded(const std::string& file, const std::string& wanted_direction) {
  std::vector<std::string> all;
  std::ifstream lines{file};
  for (std::string number, direction, hex; lines >> number >> direction >> hex;) {
    if (direction == wanted_direction) all.push_back(test::from_hex(hex));
  }
  return all;
}

class CommunicaBytes : public Communica, public ::testing::WithParamInterface<Kind> {
 protected:
  CommunicaBytes() : Communica{GetParam()} {}

  /// Of the original; the ids of requests are other ones each time.
  [[nodiscard]] static std::string captured(const std::string& name) {
    for (const test::CommunicaVector& each : test::communica_vectors()) {
      if (each.name == name) return test::from_hex(each.wire);
    }
    throw std::runtime_error{"no vector is called " + name};
  }
  [[nodiscard]] static std::string without_id(const std::string& frame) {
    static const std::regex id{R"("id": "[0-9a-f]{32}")"};
    return std::regex_replace(frame, id, R"("id": "")");
  }

  [[nodiscard]] std::string record() const { return folder_.file("record"); }
  [[nodiscard]] std::string captured_notice() const {
    return captured(kind() == Kind::simple ? "notice" : "notice_with_a_route");
  }

 private:
  support::TemporaryFolder folder_;
};

TEST_P(CommunicaBytes, of_our_client_are_the_originals) {
  ask("tcp", {"--record", record()}, [](rpc::Client&, const Asker& asker) -> asio::awaitable<void> {
    const std::string note = "fire and forget";
    EXPECT_FALSE(asker.notify("note", note));
    const json::value back = co_await asker.request<json::value>("echo", std::monostate{});
    EXPECT_TRUE(back.is_null());
  });
  const std::vector<std::string> sent = recorded(record(), "received");
  ASSERT_EQ(sent.size(), 4U);
  EXPECT_EQ(sent[0], std::string("{\"client_id\": \"cid-1\"}\0", 23));
  EXPECT_EQ(sent[1], captured_notice());
  if (kind() == Kind::simple) {
    EXPECT_EQ(without_id(sent[2]), without_id(captured("request")));
  } else {
    EXPECT_EQ(without_id(sent[2]),
              std::string("\0\0\0\x4f\x0a\0\0\0\x4a", 9) + R"({"id": "", "type": 1, "route": "echo"}null)");
  }
  EXPECT_EQ(sent[3], captured("close_notice"));
}

TEST_P(CommunicaBytes, of_our_server_are_the_originals) {
  serve("tcp", {"unknown_route", "--record", record()});
  const std::vector<std::string> sent = recorded(record(), "received");
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0], std::string("{\"hello\": \"hello\"}\0", 19));
  const std::string metadata =
      kind() == Kind::simple ? R"({"id": "", "type": 41})" : R"({"id": "", "type": 41, "route": "nope"})";
  EXPECT_THAT(without_id(sent[1]),
              HasSubstr(metadata + R"({"code": null, "message": "Route \"nope\" is not defined")"));
}

INSTANTIATE_TEST_SUITE_P(Of, CommunicaBytes, ::testing::Values(Kind::simple, Kind::route),
                         [](const auto& each) { return to_string(each.param); });

// --- killed under load -----------------------------------------------------------------------------------------------

/// Requests of each kind of WhenLost, so many at a time, until it is to stop. Each is to end once.
class Load {
 public:
  Load(const asio::any_io_executor& executor, Asker asker) : asker_{std::move(asker)}, is_over_{executor} {}

  void start() {
    for (int i = 0; i < 32; ++i) ask();
  }
  asio::awaitable<void> stop() {
    is_stopping_ = true;
    co_await is_over_.wait();
  }
  [[nodiscard]] std::size_t answer_count() const noexcept { return answer_count_; }

  void expect_one_end_of_each() const {
    EXPECT_EQ(open_count_, 0U);
    EXPECT_THAT(ends_, ::testing::Each(1));
    for (const auto& [ec, count] : failures_) {
      EXPECT_TRUE(ec == error::disconnected || ec == error::timed_out) << count << " requests: " << ec.message();
    }
  }

 private:
  void ask() {
    const std::size_t number = ends_.size();
    ends_.push_back(0);
    ++open_count_;
    constexpr std::array manners{rpc::WhenLost::fail, rpc::WhenLost::resume, rpc::WhenLost::resend};
    rpc::RequestOptions options;
    options.when_lost(manners.at(number % manners.size())).wait_for_client().deadline(std::chrono::milliseconds{500});
    asker_.request_then<std::size_t>(
        "echo", number, options,
        [this, number](boost::system::error_code ec, std::size_t answer) { end(number, ec, answer); });
  }
  void end(std::size_t number, boost::system::error_code ec, std::size_t answer) {
    ++ends_[number];
    --open_count_;
    if (ec) {
      ++failures_[ec];
    } else {
      EXPECT_EQ(answer, number);
      ++answer_count_;
    }
    if (!is_stopping_) return ask();
    if (open_count_ == 0) is_over_.open();
  }

  Asker asker_;
  std::vector<int> ends_;
  std::map<boost::system::error_code, std::size_t> failures_;
  std::size_t answer_count_ = 0;
  std::size_t open_count_ = 0;
  bool is_stopping_ = false;
  Gate is_over_;
};

class CommunicaKilled : public Communica {
 protected:
  CommunicaKilled() {
    options.backoff =
        ExponentialBackoff{std::chrono::milliseconds{20}, std::chrono::milliseconds{50}, std::chrono::milliseconds{50}};
  }

  /// `start` starts the program, which is killed again and again but for the last time, when it has to end well.
  template <class Start>
  void endure(const Asker& asker, Start start) {
    Load load{context.get_executor(), asker};
    load.start();
    for (int i = 0;; ++i) {
      const std::unique_ptr<ChildProcess> program = start();
      const std::size_t wanted = load.answer_count() + 300;
      EXPECT_TRUE(support::run_until(context, [&] { return load.answer_count() >= wanted; }))
          << load.answer_count() << " answers, after " << i << " programs";
      if (i < kill_count) {
        program->signal(SIGKILL);
        EXPECT_EQ(program->wait().code, 128 + SIGKILL);
        continue;
      }
      run([&]() -> asio::awaitable<void> { co_await load.stop(); });
      load.expect_one_end_of_each();
      program->end_input();
      const ChildResult result = wait_for(*program);
      EXPECT_EQ(result.code, 0) << said(result);
      return;
    }
  }

  static constexpr int kill_count = 20;
};

TEST_F(CommunicaKilled, server_leaves_no_request_without_one_end) {
  const Endpoint where = fresh("unix");
  rpc::Client client{context.get_executor(), services.routes(), options};
  client.dial(where);
  endure(Asker{client, kind()}, [&] {
    auto program = std::make_unique<ChildProcess>(python("server", "unix", where, {}));
    (void)program->error_line_with("listening on");
    return program;
  });
  EXPECT_EQ(client.stats().calls_waiting, 0U);
  run([&]() -> asio::awaitable<void> { (void)co_await client.close(hang_bound); });
  expect_rest("");
}

TEST_F(CommunicaKilled, client_leaves_no_request_without_one_end) {
  Endpoint where = fresh("unix");
  rpc::Server server{context.get_executor(), services.routes(), server_options};
  run([&]() -> asio::awaitable<void> { where = co_await server.bind(where); });
  const Words words{"serve", "--client-id", "cid-2"};
  endure(Asker{server.to("cid-2"), kind()},
         [&] { return std::make_unique<ChildProcess>(python("client", "unix", where, words)); });
  EXPECT_EQ(server.stats().calls_waiting, 0U);
  EXPECT_EQ(services.connection_counts["cid-2"], kill_count + 1U);
  run([&]() -> asio::awaitable<void> { (void)co_await server.stop(hang_bound); });
  expect_rest("");
}

}  // namespace
}  // namespace parley::interop::communica
