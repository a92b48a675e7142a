// parley request, serve and routes.
#include "json_lines.hpp"
#include "raw_peer.hpp"
#include "tool_process.hpp"

#include "support/temporary_folder.hpp"

#include <parley/codec/message_pack.hpp>
#include <parley/codec/text.hpp>
#include <parley/rpc/server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/describe.hpp>
#include <boost/json/object.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <future>
#include <stdexcept>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <sys/stat.h>

namespace parley::test::requests {

struct Sum {
  int a = 0;
  int b = 0;
  std::optional<std::string> label;
};
BOOST_DESCRIBE_STRUCT(Sum, (), (a, b, label))

struct Tree {
  std::string name;
  std::vector<Tree> children;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (name, children))

BOOST_DEFINE_ENUM_CLASS(Colour, red, green)

namespace {

namespace asio = boost::asio;
using Words = std::vector<std::string>;
using namespace std::string_literals;

Words serve(const Words& routes, const Words& more = {}) {
  Words arguments{"serve", "tcp://127.0.0.1:0"};
  for (const std::string& route : routes) arguments.insert(arguments.end(), {"--route", route});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

ToolResult request(const std::string& endpoint, const Words& more, const std::string& input = "") {
  Words arguments{"request", endpoint};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_tool(arguments, input);
}

/// A server within this program, whose handlers have types.
class TypedServer {
 public:
  explicit TypedServer(bool lists_routes = true) : server_{context_.get_executor(), routes(), options(lists_routes)} {
    auto bound = server_.bind("tcp://127.0.0.1:0", rpc::EndpointOptions{}, asio::use_future);
    thread_ = std::thread{[this] { context_.run(); }};
    endpoint_ = bound.get().to_string();
  }
  TypedServer(const TypedServer&) = delete;
  TypedServer& operator=(const TypedServer&) = delete;
  ~TypedServer() {
    context_.stop();
    thread_.join();
  }

  [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }
  /// Of the handlers that do nothing else.
  [[nodiscard]] int told() {
    std::promise<int> count;
    asio::post(context_, [&] { count.set_value(told_); });
    return count.get_future().get();
  }

 private:
  static rpc::ServerOptions options(bool lists_routes) {
    rpc::ServerOptions options;
    options.lists_routes = lists_routes;
    return options;
  }

  rpc::Routes routes() {
    rpc::Routes routes;
    routes.on("sum", [](const Sum& sum) { return sum.a + sum.b; });
    routes.on("fail", []() -> int { throw rpc::RequesterFault{"bad\ninput", 404, R"({"at":3})"}; });
    routes.on("throw", []() -> int { throw std::runtime_error{"boom"}; });
    routes.on("who", [](const rpc::Caller& caller) { return caller.peer->client_id; });
    routes.on("tell", [this](int number) { told_ += number; });
    routes.on("tree", [](const Tree&) { return std::vector<Colour>{Colour::red}; });
    routes.on(
        "text", [](std::string text) { return text + "\x1b[31m"; }, Text{});
    routes.on(
        "packed", [](std::variant<bool, std::string>) { return Message{"\x01\x02"}; }, MessagePack{});
    return routes;
  }

  asio::io_context context_{1};
  int told_ = 0;
  rpc::Server server_;
  std::thread thread_;
  std::string endpoint_;
};

/// Of a client that calls itself so.
const std::string greeting = "{\"client_id\": \"cid-1\"}\0"s;

// --- request ---------------------------------------------------------------------------------------------------------

TEST(ToolRequest, prints_the_answer_to_a_value_from_the_command_line_or_from_standard_input) {
  const TypedServer server;
  const std::string sum = R"({"a": 2, "b": 3})";
  for (const ToolResult& result :
       {request(server.endpoint(), {"sum", sum}), request(server.endpoint(), {"sum"}, sum),
        request(server.endpoint(), {"sum", "-"}, "\n" + sum + "\n"), request(server.endpoint(), {"sum", "--", sum})}) {
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(result.output, "5\n");
    EXPECT_EQ(result.errors, "");
  }
}

TEST(ToolRequest, asks_with_null_where_there_is_nothing_to_ask) {
  const TypedServer server;
  EXPECT_EQ(request(server.endpoint(), {"who", "--client-id", "me"}).output, "\"me\"\n");
  EXPECT_EQ(run_tool({"request", server.endpoint(), "who", "--client-id", "me"}, "", {.in = ToolStream::closed}).output,
            "\"me\"\n");
}

TEST(ToolRequest, tells_whose_fault_it_was_in_one_line_with_what_the_handler_said) {
  const TypedServer server;
  const ToolResult failed = request(server.endpoint(), {"fail", "1"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.output, "");
  EXPECT_EQ(failed.errors,
            "parley: error: request \"fail\": bad\\ninput (" + server.endpoint() + "); code 404; data {\"at\":3}\n");
  EXPECT_EQ(request(server.endpoint(), {"throw", "1"}).errors,
            "parley: error: request \"throw\": boom (" + server.endpoint() + ")\n");
  const ToolResult told = request(server.endpoint(), {"fail", "1", "--json"});
  const std::vector<boost::json::object> lines = json_lines(told.output);
  ASSERT_EQ(lines.size(), 2U) << told.output;
  EXPECT_EQ(lines[1].at("event"), "error");
  EXPECT_EQ(lines[1].at("exit"), 1);
  EXPECT_EQ(lines[1].at("code"), 404);
  EXPECT_EQ(lines[1].at("data"), R"({"at":3})");
}

TEST(ToolRequest, has_an_exit_code_for_each_kind_of_trouble) {
  const TypedServer server;
  EXPECT_EQ(request(server.endpoint(), {"nowhere", "1"}).code, 5);
  EXPECT_EQ(request(server.endpoint(), {"sum", R"({"a": "x"})"}).code, 5);
  EXPECT_EQ(request(server.endpoint(), {"--unnamed", "1"}).code, 5);
  EXPECT_EQ(request(free_endpoint(), {"sum", "1"}).code, 4);
  EXPECT_EQ(request(server.endpoint(), {"sum"}, "no value").code, 1);
  EXPECT_EQ(request(server.endpoint(), {"sum", "1", "--max-size", "3", "--notify"}).code, 0);
  EXPECT_EQ(request(server.endpoint(), {"sum", "12345", "--max-size", "3"}).code, 1);
  for (const Words& wrong : {Words{"sum", "no value"},
                             {"sum", "1", "2"},
                             {"--unnamed", "1", "2"},
                             {"--frob"},
                             {"\xff", "1"},
                             {"sum", "1", "--client-id", "\xff"},
                             {"sum", "1", "--concurrency", "0"},
                             {"sum", "1", "--notify", "--concurrency", "2"}}) {
    const ToolResult result = request(server.endpoint(), wrong);
    EXPECT_EQ(result.code, 2) << result.errors;
    EXPECT_EQ(result.output, "");
  }
}

TEST(ToolRequest, gives_up_in_time) {
  const RawListener silent{"tcp://127.0.0.1:0"};
  const ToolResult unheard = request(silent.endpoint(), {"sum", "1", "--timeout", "100ms"});
  EXPECT_EQ(unheard.code, 3) << unheard.errors;
  ToolProcess server{serve({"slow=sleep 1000"})};
  const ToolResult late = request(server.listening_endpoint(), {"slow", "1", "--timeout", "200ms"});
  EXPECT_EQ(late.code, 3);
  EXPECT_NE(late.errors.find("no answer has come within 200 ms"), std::string::npos) << late.errors;
}

TEST(ToolRequest, says_who_speaks_something_else) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"request", listener.endpoint(), "sum", "1"}};
  const RawPeer peer = listener.accept();
  peer.send("HTTP/1.1 400 Bad Request\r\n\r\n\0"s);
  EXPECT_EQ(tool.wait(), 5) << tool.errors();
}

TEST(ToolRequest, is_refused_by_a_server_that_does_not_want_it) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"request", listener.endpoint(), "sum", "1", "--client-id", "cid-1"}};
  {
    const RawPeer peer = listener.accept();
    static_cast<void>(peer.receive(greeting.size()));  // what is unread would make the end a reset
    peer.send("\x04{\"reason\": \"not today\"}");
  }
  EXPECT_EQ(tool.wait(), 5);
  EXPECT_NE(tool.errors().find("not today"), std::string::npos) << tool.errors();
}

TEST(ToolRequest, fails_when_the_connection_is_lost_before_the_answer_has_come) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"request", listener.endpoint(), "sum", "1"}};
  {
    const RawPeer peer = listener.accept();
    peer.send("{\"hello\": \"hello\"}\0"s);
    static_cast<void>(peer.receive(40));
  }
  EXPECT_EQ(tool.wait(), 1);
  EXPECT_NE(tool.errors().find("the connection was lost before the answer came"), std::string::npos) << tool.errors();
}

TEST(ToolRequest, writes_what_others_of_the_protocol_read) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"request", listener.endpoint(), "sum", "[1, 2]", "--notify", "--client-id", "cid-1"}};
  RawPeer peer = listener.accept();
  peer.send("{\"hello\": \"hello\"}\0"s);
  EXPECT_EQ(peer.receive(greeting.size()), greeting);
  const std::string metadata = R"({"id": "", "type": 2, "route": "sum"})";
  const std::string body = "[1,2]";
  const auto size = [](std::size_t n) { return std::string{'\0', '\0', '\0', static_cast<char>(n)}; };
  EXPECT_EQ(peer.receive_all(), size(5 + metadata.size() + body.size()) + "\x0a" + size(4 + metadata.size()) +
                                    metadata + body + size(1) + "\x14");
  peer.close();  // for which it would wait a moment
  EXPECT_EQ(tool.wait(), 0) << tool.errors();
}

TEST(ToolRequest, many_times_tells_how_fast_that_was) {
  TypedServer server;
  const ToolResult result =
      request(server.endpoint(), {"sum", R"({"a": 2, "b": 3})", "--count", "500", "--concurrency", "16"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '5'), 500);
  EXPECT_EQ(result.output.size(), 1000U);
  EXPECT_TRUE(result.errors.starts_with("parley: 500 answers in ")) << result.errors;
  EXPECT_NE(result.errors.find("; p50 "), std::string::npos) << result.errors;
  const ToolResult told = request(server.endpoint(), {"sum", "1", "--count", "3", "--json"});
  EXPECT_EQ(told.code, 5);
  const boost::json::object last = json_lines(told.output).back();
  EXPECT_EQ(last.at("event"), "summary");
  EXPECT_EQ(last.at("answers"), 0);
  EXPECT_EQ(last.at("failed"), 3);
}

TEST(ToolRequest, notifies_as_often_as_it_is_told_to_and_has_arrived_when_it_leaves) {
  TypedServer server;
  const ToolResult result = request(server.endpoint(), {"tell", "2", "--notify", "--count", "100"});
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(server.told(), 200);
}

TEST(ToolRequest, speaks_other_codecs_and_formats_and_shows_control_characters_to_terminals_only_as_text) {
  const TypedServer server;
  EXPECT_EQ(request(server.endpoint(), {"text", "\"é\"", "--codec", "text"}).output, "\"é\\u001b[31m\"\n");
  EXPECT_EQ(request(server.endpoint(), {"text", "é", "--format", "text"}).output, "é\x1b[31m\n");
  EXPECT_EQ(request(server.endpoint(), {"text", "--format", "raw"}, "é\n").output, "é\n\x1b[31m");
  EXPECT_EQ(request(server.endpoint(), {"packed", "a3616263", "--format", "hex"}).output, "0102\n");
  EXPECT_EQ(request(server.endpoint(), {"packed", "true", "--codec", "msgpack"}).code, 5);  // two values, not one
  EXPECT_EQ(request(server.endpoint(), {"sum", R"({"a":1,"b":1})", "--format", "json"}).output, "2\n");
}

TEST(ToolRequest, that_is_interrupted_has_no_answer) {
  ToolProcess server{serve({"slow=echo begun >&2; sleep 1000"})};
  ToolProcess tool{{"request", server.listening_endpoint(), "slow", "1"}};
  server.error_line_with("begun");
  tool.send_signal(SIGINT);
  EXPECT_EQ(tool.wait(), 1);
  EXPECT_EQ(tool.errors(), "parley: error: left before all was answered\n");
}

// --- serve -----------------------------------------------------------------------------------------------------------

TEST(ToolServe, a_command_reads_the_value_and_prints_the_answer) {
  ToolProcess server{serve({"double=sed 's/$/ ,1]/; s/^/[/'", "size=wc -c"})};
  const std::string endpoint = server.listening_endpoint();
  EXPECT_EQ(request(endpoint, {"double", R"({"a": "é"})"}).output, "[{\"a\":\"é\"},1]\n");
  EXPECT_EQ(request(endpoint, {"size", "1234"}).output, "5\n");
  server.send_signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.errors();
}

TEST(ToolServe, a_command_that_prints_nothing_has_answered_null) {
  ToolProcess server{serve({"quiet=true"})};
  EXPECT_EQ(request(server.listening_endpoint(), {"quiet", "1"}).output, "null\n");
}

TEST(ToolServe, requests_without_a_route_go_to_the_command_for_any) {
  ToolProcess both{serve({"named=echo 1"}, {"--any", "echo 2"})};
  const std::string of_both = both.listening_endpoint();
  EXPECT_EQ(request(of_both, {"named", "0"}).output, "1\n");
  EXPECT_EQ(request(of_both, {"--unnamed", "0"}).output, "2\n");
  EXPECT_EQ(request(of_both, {"other", "0"}).code, 5);
  ToolProcess any{serve({}, {"--any", "echo 3"})};
  const std::string of_any = any.listening_endpoint();
  EXPECT_EQ(request(of_any, {"other", "0"}).output, "3\n");
}

TEST(ToolServe, a_command_that_fails_is_an_error_with_its_last_words_and_its_exit_code) {
  ToolProcess server{serve({"fails=echo '1'; echo first >&2; printf 'last \\033 words\\n\\n' >&2; exit 7",
                            "silent=exit 3", "killed=kill -9 $$", "missing=/no/such/command"})};
  const std::string endpoint = server.listening_endpoint();
  const std::string at = " (" + endpoint + "); code ";
  EXPECT_EQ(request(endpoint, {"fails", "0"}).errors,
            "parley: error: request \"fails\": last \\x1b words" + at + "7\n");
  EXPECT_EQ(request(endpoint, {"silent", "0"}).errors,
            "parley: error: request \"silent\": the command left with exit code 3" + at + "3\n");
  EXPECT_EQ(request(endpoint, {"killed", "0"}).errors,
            "parley: error: request \"killed\": the command was killed by signal 9 (Killed)" + at + "137\n");
  const ToolResult missing = request(endpoint, {"missing", "0"});
  EXPECT_NE(missing.errors.find("/no/such/command: not found" + at + "127\n"), std::string::npos) << missing.errors;
  EXPECT_EQ(missing.code, 1);
  // What it says is seen here as well.
  server.error_line_with("first");
  EXPECT_NE(server.error_line_with("warning: request \"silent\" of client ").find("left with exit code 3"),
            std::string::npos);
}

TEST(ToolServe, what_prints_too_much_or_no_value_or_works_for_too_long_is_an_error) {
  ToolProcess server{serve({"yes=yes", "words=echo no value", "slow=sleep 1000 & sleep 1000"},
                           {"--max-size", "1000", "--timeout", "300ms"})};
  const std::string endpoint = server.listening_endpoint();
  const ToolResult yes = request(endpoint, {"yes", "0"});
  EXPECT_EQ(yes.code, 1);
  EXPECT_NE(yes.errors.find("the command was killed, having printed more than"), std::string::npos) << yes.errors;
  const ToolResult words = request(endpoint, {"words", "0"});
  EXPECT_EQ(words.code, 1);
  EXPECT_NE(words.errors.find("the command printed no answer: not a value: \"no value\""), std::string::npos)
      << words.errors;
  const ToolResult slow = request(endpoint, {"slow", "0"});
  EXPECT_EQ(slow.code, 1);
  EXPECT_NE(slow.errors.find("the command was killed, having worked for 0.3 s"), std::string::npos) << slow.errors;
}

TEST(ToolServe, a_request_that_is_not_of_the_codec_is_refused_and_its_command_does_not_run) {
  ToolProcess server{serve({"echo=cat; echo ran >&2"}, {"--codec", "msgpack"})};
  const std::string endpoint = server.listening_endpoint();
  EXPECT_EQ(request(endpoint, {"echo", "c1", "--format", "hex"}).code, 5);
  EXPECT_EQ(request(endpoint, {"echo", R"({"a":[1,null]})", "--codec", "msgpack"}).output, "{\"a\":[1,null]}\n");
  server.send_signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_EQ(server.errors().find("ran"), server.errors().rfind("ran")) << server.errors();
}

TEST(ToolServe, so_many_commands_work_at_a_time) {
  const support::TemporaryFolder folder;
  const std::string fifo = folder.file("go on");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  ToolProcess server{
      serve({"wait=echo begun >&2; cat '" + fifo + "'", "quick=echo 1; echo quick >&2"}, {"--concurrency", "1"})};
  const std::string endpoint = server.listening_endpoint();
  ToolProcess first{{"request", endpoint, "wait", "0"}};
  server.error_line_with("begun");
  ToolProcess second{{"request", endpoint, "quick", "0", "--timeout", "300ms"}};
  EXPECT_EQ(second.wait(), 3);
  std::ofstream{fifo} << "2";
  EXPECT_EQ(first.wait(), 0);
  EXPECT_EQ(first.output(), "2\n");
  server.error_line_with("quick");
}

TEST(ToolServe, that_is_told_to_leave_lets_commands_end_and_sends_their_answers) {
  const support::TemporaryFolder folder;
  const std::string fifo = folder.file("go on");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  ToolProcess server{serve({"wait=echo begun >&2; cat '" + fifo + "'"})};
  ToolProcess tool{{"request", server.listening_endpoint(), "wait", "0"}};
  server.error_line_with("begun");
  server.send_signal(SIGTERM);
  std::ofstream{fifo} << "2";
  EXPECT_EQ(tool.wait(), 0) << tool.errors();
  EXPECT_EQ(tool.output(), "2\n");
  EXPECT_EQ(server.wait(), 0) << server.errors();
}

TEST(ToolServe, that_is_told_twice_takes_its_commands_along) {
  ToolProcess server{serve({"wait=echo begun >&2; sleep 1000"})};
  ToolProcess tool{{"request", server.listening_endpoint(), "wait", "0"}};
  server.error_line_with("begun");
  server.send_signal(SIGTERM);
  server.send_signal(SIGINT);
  // What would still run has our end of its standard error, for whose end this waits.
  EXPECT_GE(server.wait(), 128);
  EXPECT_EQ(tool.wait(), 1);
}

TEST(ToolServe, tells_what_it_does_in_json) {
  ToolProcess server{serve({"one=echo 1", "two=echo why >&2; exit 2"}, {"--json"})};
  const std::string listening = server.output_line_with("listening");
  const std::string endpoint{json_lines(listening + "\n")[0].at("endpoint").as_string()};
  EXPECT_EQ(request(endpoint, {"one", "0", "--client-id", "me"}).code, 0);
  EXPECT_EQ(request(endpoint, {"two", "0", "--client-id", "me"}).code, 1);
  server.output_line_with("why");
  server.send_signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  std::string told;
  for (const boost::json::object& line : json_lines(server.output())) {
    told += std::string{line.at("event").as_string()} + ' ';
    if (line.at("event") == "failed") {
      EXPECT_EQ(line.at("route"), "two");
      EXPECT_EQ(line.at("client"), "me");
      EXPECT_EQ(line.at("code"), 2);
      EXPECT_EQ(line.at("message"), "why");
    }
  }
  EXPECT_EQ(told, "listening connected answered disconnected connected failed disconnected ");
}

TEST(ToolServe, needs_something_to_serve_and_knows_what_cannot_be) {
  for (const Words& wrong : {Words{},
                             {"--route", "x"},
                             {"--route", "=x"},
                             {"--route", "x="},
                             {"--route", "x=y", "--route", "x=z"},
                             {"--route", "parley.routes=x"},
                             {"--any", ""},
                             {"--route", "x=y", "--concurrency", "0"},
                             {"--route", "x=y", "z"},
                             {"--route", "x=y", "--tls-cert", "none.pem"}}) {
    const ToolResult result = run_tool(serve({}, wrong));
    EXPECT_EQ(result.code, 2) << result.errors;
    EXPECT_TRUE(result.errors.starts_with("parley: error: ")) << result.errors;
  }
  ToolProcess server{serve({"x=y"})};
  EXPECT_EQ(run_tool({"serve", server.listening_endpoint(), "--route", "x=y"}).code, 1);
}

TEST(ToolServe, listens_wherever_there_is_a_stream) {
  const support::TemporaryFolder folder;
  for (const std::string& where : {"unix://" + folder.file("serve.sock"), "ws://127.0.0.1:0/"s}) {
    ToolProcess server{{"serve", where, "--route", "one=echo 1"}};
    EXPECT_EQ(request(server.listening_endpoint(), {"one", "0"}).output, "1\n") << where;
  }
}

// --- routes ----------------------------------------------------------------------------------------------------------

TEST(ToolRoutes, are_listed_as_a_table) {
  const TypedServer server;
  const ToolResult result = run_tool({"routes", server.endpoint()});
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.output,
            "ROUTE   CODEC        TAKES                                     GIVES\n"
            "fail    JSON         anything                                  integer\n"
            "packed  MessagePack  boolean or string                         anything\n"
            "sum     JSON         {a: integer, b: integer, label?: string or null}  integer\n"
            "tell    JSON         integer                                   null\n"
            "text    text         string                                    string\n"
            "throw   JSON         anything                                  integer\n"
            "tree    JSON         {name: string, children: [{name: string, children: [{name: string, children: "
            "[...]}]}]}  [red | green]\n"
            "who     JSON         anything                                  string\n");
}

TEST(ToolRoutes, are_listed_as_json_with_schemas) {
  const TypedServer server;
  const std::vector<boost::json::object> lines = json_lines(run_tool({"routes", server.endpoint(), "--json"}).output);
  ASSERT_EQ(lines.size(), 8U);
  EXPECT_EQ(lines[2].at("event"), "route");
  EXPECT_EQ(lines[2].at("name"), "sum");
  EXPECT_EQ(lines[2].at("codec"), "JSON");
  EXPECT_EQ(lines[2].at("takes").at("required").as_array().size(), 2U);
  EXPECT_EQ(lines[2].at("gives").at("maximum"), 2147483647);
}

TEST(ToolRoutes, of_serve_are_listed_whatever_they_are_called) {
  ToolProcess server{serve({"a\x1b\nb=true"}, {"--any", "true", "--codec", "msgpack"})};
  EXPECT_EQ(run_tool({"routes", server.listening_endpoint()}).output,
            "ROUTE     CODEC        TAKES     GIVES\n"
            "a\\x1b\\nb  MessagePack  anything  anything\n"
            "(none)    MessagePack  anything  anything\n");
}

TEST(ToolRoutes, are_not_told_by_a_server_that_does_not_list_them) {
  const TypedServer server{false};
  const ToolResult result = run_tool({"routes", server.endpoint()});
  EXPECT_EQ(result.code, 5);
  EXPECT_NE(result.errors.find("this server does not list its routes"), std::string::npos) << result.errors;
  EXPECT_EQ(run_tool({"routes", free_endpoint()}).code, 4);
}

}  // namespace
}  // namespace parley::test::requests
