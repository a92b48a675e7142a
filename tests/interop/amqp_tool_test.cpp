// parley request, serve and routes over RabbitMQ.
#include "interop/amqp_tool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>

namespace parley::interop::amqp_tool {
namespace {

using support::ChildProcess;
using support::ChildResult;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class AmqpTool : public AmqpMeeting {
 protected:
  /// As one of its address's clients.
  [[nodiscard]] static ChildResult request(const Words& more) {
    Words arguments{"request", client_at("till-7").serialize(), "--timeout", "90s"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tool(arguments);
  }
};

/// Until it takes clients.
void expect_listening(ChildProcess& server, const Endpoint& endpoint) {
  EXPECT_EQ(server.error_line_with("listening on", amqp_patience), "parley: listening on " + endpoint.to_string());
}

TEST_F(AmqpTool, request_is_answered_by_what_a_command_prints) {
  ChildProcess server{tool({"serve", at().serialize(), "--route", "shout=tr a-z A-Z"})};
  expect_listening(server, at());
  const ChildResult one = request({"shout", R"("hello")", "--verbose"});
  EXPECT_EQ(one.code, 0);
  EXPECT_EQ(one.output, "\"HELLO\"\n");
  EXPECT_THAT(one.errors, HasSubstr("connected to " + client_at("till-7").to_string()));
  const ChildResult many = request({"shout", R"("hello")", "--count", "200", "--concurrency", "16"});
  EXPECT_EQ(many.code, 0) << many.errors;
  EXPECT_EQ(std::count(many.output.begin(), many.output.end(), '\n'), 200);
  EXPECT_THAT(many.errors, HasSubstr("200 answers in "));
  const ChildResult told = request({"shout", R"("hello")", "--json"});
  EXPECT_THAT(told.output, AllOf(HasSubstr(R"({"event":"connected","endpoint":"amqp://guest:***@)"),
                                 HasSubstr(R"({"event":"answer","seconds":)"), HasSubstr(R"("HELLO")")));
  server.signal(SIGTERM);
  const ChildResult left = server.wait(amqp_patience);
  EXPECT_EQ(left.code, 0) << left.errors;
  EXPECT_THAT(one.errors + many.errors + told.output + left.errors, Not(HasSubstr("guest:guest")));
}

TEST_F(AmqpTool, failure_of_a_command_is_told_with_its_last_words_and_its_code) {
  ChildProcess server{tool({"serve", at().serialize(), "--route", "order=echo no such item >&2; exit 7"})};
  expect_listening(server, at());
  const ChildResult failed = request({"order", "3"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.output, "");
  EXPECT_THAT(failed.errors, AllOf(HasSubstr("no such item"), HasSubstr("; code 7")));
  const ChildResult refused = request({"oder", "3"});
  EXPECT_EQ(refused.code, 5);
  EXPECT_THAT(refused.errors, HasSubstr(R"("oder")"));
}

TEST_F(AmqpTool, notification_arrives_though_the_client_leaves) {
  ChildProcess server{tool({"serve", at().serialize(), "--route", "note=cat >&2", "--verbose"})};
  expect_listening(server, at());
  const ChildResult result = request({"note", R"("done")", "--notify", "--client-id", "the till"});
  // A broker that takes more than a second to confirm it leaves that in doubt.
  EXPECT_TRUE(result.code == 0 || result.errors == "parley: error: 1 notification may not have arrived\n")
      << result.errors;
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(server.error_line_with("\"done\"", amqp_patience), "\"done\"");
  EXPECT_THAT(server.error_line_with("was answered", amqp_patience),
              HasSubstr("notification \"note\" of client the till was answered in "));
}

TEST_F(AmqpTool, routes_of_a_server_are_listed) {
  ChildProcess server{tool({"serve", at().serialize(), "--route", "a=cat", "--any", "cat"})};
  expect_listening(server, at());
  const ChildResult table = run_tool({"routes", client_at("till-7").serialize()});
  EXPECT_EQ(table.code, 0) << table.errors;
  EXPECT_THAT(table.output, AllOf(HasSubstr("ROUTE"), HasSubstr("\na "), HasSubstr("(none)")));
}

TEST_F(AmqpTool, server_that_loses_the_broker_says_so_and_takes_clients_again) {
  ChildProcess server{tool({"serve", at().serialize(), "--any", "cat"})};
  expect_listening(server, at());
  shared_broker().kill();
  EXPECT_THAT(server.error_line_with("warning: ", amqp_patience),
              AllOf(HasSubstr("no client can come: the connection to the broker"), HasSubstr("; trying again in "),
                    HasSubstr(at().to_string())));
  shared_broker().start();
  const ChildResult result = request({"--unnamed", "1"});
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.output, "1\n");
  server.signal(SIGTERM);
  const std::string told = server.wait(amqp_patience).errors;
  const std::string reason = "connection refused; trying again";
  EXPECT_EQ(told.find(reason), told.rfind(reason)) << "each is told once:\n" << told;
}

// --- what cannot be --------------------------------------------------------------------------------------------------

TEST_F(AmqpTool, commands_say_why_a_broker_does_not_have_them) {
  const auto expect = [](const Endpoint& endpoint, int code, const std::string& words) {
    const std::string text = endpoint.serialize();
    for (const Words& arguments : {Words{"serve", text, "--any", "cat"}, Words{"request", text + "&client=till-7", "a"},
                                   Words{"routes", text + "&client=till-7"}}) {
      const ChildResult result = run_tool(arguments);
      EXPECT_EQ(result.code, code) << result.errors;
      EXPECT_EQ(result.output, "");
      EXPECT_THAT(result.errors, AllOf(HasSubstr(words), HasSubstr(endpoint.to_string()), Not(HasSubstr("secret"))));
      EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
    }
  };
  expect(at("guest:secret"), 5, "ACCESS_REFUSED");
  expect(at("guest:guest", "nowhere"), 5, "vhost nowhere not found");
  expect(Endpoint{"amqp://127.0.0.1:1?address=" + address()}, 4, "connection refused");
}

TEST_F(AmqpTool, server_that_is_not_there_is_waited_for_so_long) {
  const ChildResult result = run_tool({"request", client_at("till-7").serialize(), "a", "1", "--timeout", "2s"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.errors, AllOf(HasSubstr(" within 2000 ms"), HasSubstr(client_at("till-7").to_string())));
}

TEST_F(AmqpTool, patience_without_an_end_is_none_that_a_broker_refuses) {
  ChildProcess server{tool({"serve", at().serialize(), "--any", "cat"})};
  expect_listening(server, at());
  const ChildResult result =
      run_tool({"request", client_at("till-7").serialize(), "--unnamed", "1", "--timeout", "1e300"});
  EXPECT_EQ(result.code, 0) << result.errors;
}

TEST_F(AmqpTool, endpoint_says_all_that_is_needed_or_is_refused) {
  const auto expect = [](const Words& arguments, const std::string& words) {
    const ChildResult result = run_tool(arguments);
    EXPECT_EQ(result.code, 2) << result.errors;
    EXPECT_THAT(result.errors, AllOf(HasSubstr(words), HasSubstr(arguments.at(1).substr(0, 7)), Not(HasSubstr("pw"))));
  };
  expect({"serve", "amqp://me:pw@127.0.0.1:1", "--any", "cat"}, "as in ?address=sensors");
  expect({"request", "amqp://me:pw@127.0.0.1:1", "a"}, "as in ?address=sensors");
  expect({"routes", "amqp://me:pw@127.0.0.1:1?address=a"}, "as in &client=panel-7");
  expect({"serve", "amqp://*?address=a", "--any", "cat"}, "is for listening only");
  expect({"serve", "amqp://127.0.0.1:1?address=a", "--any", "cat", "--tls-ca", "x"}, "--tls-ca is for");
}

TEST_F(AmqpTool, commands_that_are_not_about_requests_name_those_that_are) {
  for (const Words& arguments :
       {Words{"listen", "amqp://me:pw@127.0.0.1:1?address=a"}, Words{"connect", "amqp://me:pw@127.0.0.1:1?address=a"},
        Words{"send", "--connect", "amqp://me:pw@127.0.0.1:1?address=a"},
        Words{"peers", "amqp://me:pw@127.0.0.1:1?address=a"}}) {
    const ChildResult result = run_tool(arguments);
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.errors,
              "parley: error: amqp://me:***@127.0.0.1:1?address=a: a broker carries requests only; amqp:// is for "
              "parley request, serve and routes\n");
  }
}

}  // namespace
}  // namespace parley::interop::amqp_tool
