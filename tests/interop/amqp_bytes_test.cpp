// What is in the queues at a broker, as docs/protocols/communica.md has it in section 5. The other side is played by
// hand.
#include "interop/amqp_meeting.hpp"
#include "rpc/amqp/line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace parley::interop::amqp_bytes {
namespace {

using namespace std::string_literals;
using rpc::detail::AmqpLetter;
using rpc::detail::AmqpLine;
using rpc::detail::Broker;
using wire::AmqpEvent;

class Hand final : public Broker::User, public std::enable_shared_from_this<Hand> {
 public:
  Hand(asio::any_io_executor executor, const Endpoint& endpoint)
      : broker_{Broker::shared(executor, endpoint, {})}, line_{broker_, "communica"} {}
  Hand(const Hand&) = delete;
  Hand& operator=(const Hand&) = delete;
  ~Hand() override { broker_->leave(*this); }

  void join() { broker_->join(shared_from_this()); }
  [[nodiscard]] AmqpLine& line() noexcept { return line_; }
  [[nodiscard]] bool is_ready() const noexcept { return line_.is_open(); }
  [[nodiscard]] bool has_letter() const noexcept { return !letters_.empty(); }
  AmqpEvent take() {
    AmqpEvent letter = std::move(letters_.front());
    letters_.pop_front();
    return letter;
  }

  void put(const std::string& queue, std::string_view type, const std::string& body, const std::string& reply_to = "",
           const std::string& message_id = "") {
    AmqpLetter letter;
    letter.queue = queue;
    letter.type = type;
    letter.body = Message{body};
    letter.reply_to = reply_to;
    letter.message_id = message_id;
    (void)line_.publish(letter);
  }

  void on_broker_ready() override {
    EXPECT_TRUE(line_.open(shared_from_this()));
    line_.declare_exchange();
  }
  void on_amqp(AmqpEvent event) override {
    EXPECT_EQ(event.code, boost::system::error_code{}) << event.sentence;
    if (event.kind == AmqpEvent::Kind::delivered) letters_.push_back(std::move(event));
  }
  void on_broker_lost(boost::system::error_code, const std::string& sentence) override { ADD_FAILURE() << sentence; }

 private:
  const std::shared_ptr<Broker> broker_;
  AmqpLine line_;
  std::deque<AmqpEvent> letters_;
};

class AmqpBytes : public AmqpMeeting {
 protected:
  asio::awaitable<std::shared_ptr<Hand>> hand() {
    auto hand = std::make_shared<Hand>(context_.get_executor(), at());
    hand->join();
    co_await until([&] { return hand->is_ready(); });
    co_return hand;
  }
  static asio::awaitable<AmqpEvent> letter_to(Hand& hand) {
    co_await until([&] { return hand.has_letter(); });
    co_return hand.has_letter() ? hand.take() : AmqpEvent{};
  }
  [[nodiscard]] static std::string queue(const std::string& end) { return "communica." + address() + '.' + end; }
  static void expect(const AmqpEvent& letter, const std::string& to, std::string_view type, const std::string& body) {
    EXPECT_EQ(letter.exchange, "communica");
    EXPECT_EQ(letter.routing_key, to);
    EXPECT_EQ(letter.properties.type, type);
    EXPECT_EQ(letter.body.text(), body);
    EXPECT_THAT(std::string{letter.properties.message_id}, ::testing::MatchesRegex("[0-9a-f]{32}"));
  }
  /// Of metadata that begins with it.
  static std::string id_of(const AmqpEvent& letter) { return std::string{letter.body.text().substr(8, 32)}; }

  rpc::Routes thrice() {
    rpc::Routes routes;
    routes.on("thrice", [this](int value) {
      ++asked_;
      return 3 * value;
    });
    return routes;
  }

  const std::string connect_id_ = "sixteen bytes\0\1\2"s;
  int asked_ = 0;
};

TEST_F(AmqpBytes, client_says_what_the_document_has) {
  run([&]() -> asio::awaitable<void> {
    const auto server = co_await hand();
    server->line().declare_queue(queue("connect.server"), AmqpLine::Queue::durable);
    server->line().consume(queue("connect.server"), "connect", true);
    server->line().declare_queue(queue("hand"), AmqpLine::Queue::exclusive);
    server->line().consume(queue("hand"), "hand", true);
    rpc::ClientOptions options;
    options.client_id = "panel";
    rpc::Client client{context_.get_executor(), thrice(), options};
    client.dial(client_at("panel-7"));

    const AmqpEvent knock = co_await letter_to(*server);
    expect(knock, queue("connect.server"), "communica_client_connect", "\"panel-7\"");
    const std::string client_queue{knock.properties.reply_to};
    server->put(client_queue, "communica_client_connect_ok", "", queue("hand"));
    const AmqpEvent greeting = co_await letter_to(*server);
    expect(greeting, queue("hand"), "communica_handshake_next", R"({"client_id": "panel"})");
    server->put(client_queue, "communica_handshake_next", R"({"hello": "hello"})");
    server->line().declare_queue(queue("toClient.panel-7"), AmqpLine::Queue::durable);
    server->line().declare_queue(queue("toServer.panel-7"), AmqpLine::Queue::durable);
    server->put(client_queue, "communica_handshake_done", connect_id_);
    server->line().consume(queue("toServer.panel-7"), "in", true);

    std::optional<int> answer;
    const rpc::RequestOptions usual;
    client.request<int>("twice", 4, usual, [&](boost::system::error_code, int value) { answer = value; });
    const AmqpEvent asked = co_await letter_to(*server);
    const std::string id = id_of(asked);
    const std::string to_server = queue("toServer.panel-7");
    const std::string to_client = queue("toClient.panel-7");
    expect(asked, to_server, "message", R"({"id": ")" + id + R"(", "type": 1, "route": "twice"})" + "\0"s + "4");
    EXPECT_NE(asked.properties.delivery_mode, 2);
    server->put(to_client, "message", R"({"id": ")" + id + R"(", "type": 11, "route": "twice"})" + "\0"s + "8");
    co_await until([&] { return answer.has_value(); });
    EXPECT_EQ(answer, 8);

    co_await client.notify("log", 1);
    const AmqpEvent notice = co_await letter_to(*server);
    expect(notice, to_server, "message", R"({"id": "", "type": 2, "route": "log"})" + "\0"s + "1");

    // Delivered twice, as after a connection that was lost.
    const std::string asks = R"({"id": "a", "type": 1, "route": "thrice"})" + "\0"s + "3";
    server->put(to_client, "listening", "");
    for (int i = 0; i < 2; ++i) server->put(to_client, "message", asks, "", "the same");
    server->put(to_client, "message", R"({"type": 1, "id": "b", "route": "thrice", "more": 1})" + "\0"s + "4");
    const AmqpEvent first = co_await letter_to(*server);
    expect(first, to_server, "message", R"({"id": "a", "type": 11, "route": "thrice"})" + "\0"s + "9");
    const AmqpEvent second = co_await letter_to(*server);
    expect(second, to_server, "message", R"({"type": 11, "id": "b", "route": "thrice", "more": 1})" + "\0"s + "12");
    EXPECT_EQ(asked_, 2);

    // What was to end an earlier connection does not end this one.
    server->put(to_client, "close", "another 16 bytes");
    const rpc::CloseReport report = co_await client.close(amqp_patience);
    EXPECT_EQ(report, rpc::CloseReport{});
    const AmqpEvent close = co_await letter_to(*server);
    expect(close, to_server, "close", connect_id_);
  });
}

TEST_F(AmqpBytes, server_says_what_the_document_has) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server server{context_.get_executor(), thrice(), {}};
    rpc::EndpointOptions persistent;
    persistent.persistent(true);
    co_await server.bind(at(), persistent);
    const auto client = co_await hand();
    client->line().declare_queue(queue("hand"), AmqpLine::Queue::exclusive);
    client->line().consume(queue("hand"), "hand", true);
    client->put(queue("connect.server"), "nobody knows", "\"panel-7\"", queue("hand"));
    client->put(queue("connect.server"), "communica_client_connect", "no JSON", queue("hand"));
    client->put(queue("connect.server"), "communica_client_connect", "\"panel-7\"", queue("hand"));

    const AmqpEvent taken = co_await letter_to(*client);
    expect(taken, queue("hand"), "communica_client_connect_ok", "");
    const std::string server_queue{taken.properties.reply_to};
    client->put(server_queue, "communica_handshake_next", R"({"client_id": "panel"})");
    const AmqpEvent greeting = co_await letter_to(*client);
    expect(greeting, queue("hand"), "communica_handshake_next", R"({"hello": "hello"})");
    const AmqpEvent done = co_await letter_to(*client);
    EXPECT_EQ(done.properties.type, "communica_handshake_done");
    EXPECT_EQ(done.body.size(), 16U);
    const std::string to_server = queue("toServer.panel-7");
    const std::string to_client = queue("toClient.panel-7");
    client->line().consume(to_client, "in", true);

    client->put(to_server, "message", R"({"id": "a", "type": 1, "route": "thrice"})" + "\0"s + "3");
    const AmqpEvent answer = co_await letter_to(*client);
    expect(answer, to_client, "message", R"({"id": "a", "type": 11, "route": "thrice"})" + "\0"s + "9");
    EXPECT_EQ(answer.properties.delivery_mode, 2);

    // A message without an end of its metadata ends the connection; the other side is told.
    client->put(to_server, "message", "no NUL");
    const AmqpEvent close = co_await letter_to(*client);
    expect(close, to_client, "close", std::string{done.body.text()});
    const rpc::Event lost = co_await event_of(server, rpc::Event::Kind::disconnected);
    EXPECT_THAT(lost.sentence, ::testing::HasSubstr("without an end of its metadata"));
    co_await server.stop(amqp_patience);
  });
}

}  // namespace
}  // namespace parley::interop::amqp_bytes
