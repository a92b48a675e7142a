// Strangers that misuse requests, over real sockets: each is cut off by the name of what it did, takes bounded memory,
// and who asks the same server meanwhile notices nothing.
#include <parley/codec/bytes.hpp>
#include <parley/limits.hpp>
#include <parley/wire/communica_frame.hpp>

#include "support/raw_peer.hpp"
#include "support/requests.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace parley::rpc::hostile_peers_test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::at_once;
using support::becomes;
using support::event_of;
using support::failure_of;
using support::RawPeer;
using support::run_requests;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using wire::CommunicaFrames;
using namespace std::chrono_literals;
using namespace std::string_literals;

const std::string hello = "{\"hello\": \"hello\"}"s + '\0';
const std::string close_notice = "\0\0\0\1\x14"s;

std::string greeting(const std::string& id = "stranger") { return "{\"client_id\": \"" + id + "\"}" + '\0'; }

std::string u32(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

std::string frame(std::string_view metadata, std::string_view data) {
  std::byte header[CommunicaFrames::message_header_size];
  const std::size_t size = CommunicaFrames::put_message_header(header, metadata.size(), data.size());
  return std::string{reinterpret_cast<const char*>(header), size}.append(metadata).append(data);
}

std::string chunk(std::uint32_t index, std::uint32_t count, std::string_view metadata, std::string_view data) {
  std::byte header[CommunicaFrames::chunk_header_size];
  const std::size_t size = CommunicaFrames::put_chunk_header(header, index, count, metadata.size(), data.size());
  return std::string{reinterpret_cast<const char*>(header), size}.append(metadata).append(data);
}

std::string metadata(const std::string& id, int type, const std::string& route = "echo") {
  return "{\"id\": \"" + id + "\", \"type\": " + std::to_string(type) + ", \"route\": \"" + route + "\"}";
}
std::string request(const std::string& id, std::string_view data) { return frame(metadata(id, 1), data); }
std::string answer(const std::string& id, std::string_view data) { return frame(metadata(id, 11), data); }

/// A frame that the other side has sent.
std::string read_frame(RawPeer& peer) {
  const std::string length = peer.read(4);
  std::uint32_t size = 0;
  for (const char c : length) size = size << 8 | static_cast<unsigned char>(c);
  return length + peer.read(size);
}

/// What the process has in memory, in bytes.
std::size_t memory_size() {
  std::size_t pages = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%*u %zu", &pages) != 1) pages = 0;
  if (file != nullptr) std::fclose(file);
  return pages * 4096;
}

constexpr std::size_t mib = 1024 * 1024;

/// A server with an honest client, and a stranger in a thread of its own.
class Meeting {
 public:
  Meeting(const asio::any_io_executor& executor, ServerOptions options)
      : server{executor, routes(), std::move(options)}, honest{executor, at_once("honest")} {}
  ~Meeting() {
    if (stranger_.joinable()) stranger_.join();
  }
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;

  static Routes routes() {
    Routes all;
    all.on(
        "echo", [](Message m) { return m; }, Bytes{});
    all.on("large", [] { return Message{std::string(100'000, 'x')}; });
    all.on(
        "later", [](Message m) -> asio::awaitable<Message> { co_return m; }, Bytes{});
    return all;
  }
  asio::awaitable<void> connect() {
    at = co_await server.bind("tcp://127.0.0.1:0");
    co_await honest.connect(*at, 10s);
    co_await server.next_event(10s);
  }
  void bring(std::function<void(RawPeer&)> does) {
    stranger_ = std::thread{[this, does = std::move(does)] {
      RawPeer peer{*at};
      does(peer);
      is_done = true;
    }};
  }
  /// The honest client is served.
  asio::awaitable<void> is_served() {
    const int sent = ++asked_;
    EXPECT_EQ(co_await honest.request<int>("echo", sent), sent) << "others do not suffer";
  }

  std::optional<Endpoint> at;
  std::atomic<bool> is_done = false;
  Server server;
  Client honest;

 private:
  std::thread stranger_;
  int asked_ = 0;
};

/// Meets `does`, which is cut off: before it has greeted, or after. Gives the event that says so.
Event cut_off(std::function<void(RawPeer&)> does, ServerOptions options = {}) {
  Event end;
  const std::size_t before = memory_size();
  run_requests([&](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor, std::move(options)};
    co_await meeting.connect();
    meeting.bring([&does](RawPeer& peer) {
      does(peer);
      (void)peer.read_to_end();
    });
    co_await meeting.is_served();
    do {
      end = co_await meeting.server.next_event(10s);
    } while (end.kind == Event::Kind::connected);
    co_await meeting.is_served();
    co_await becomes([&] { return meeting.is_done.load(); });
    co_await meeting.is_served();
  });
  EXPECT_LT(memory_size(), before + 32 * mib);
  return end;
}

void expect(const Event& end, Event::Kind kind, error_code cause, const std::string& sentence) {
  EXPECT_EQ(end.kind, kind);
  if (cause) {
    EXPECT_EQ(end.cause, cause) << end.cause.message();
  }
  EXPECT_THAT(end.sentence, StartsWith(sentence));
  EXPECT_EQ(end.client_id, kind == Event::Kind::disconnected ? "stranger" : "");
}

TEST(AStranger, that_does_not_greet_as_it_should_is_told_apart) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"GET / HTTP/1.1\r\n\r\n", "the peer began with something other than a greeting of communica"},
      {"{}\0"s, "the peer sent a greeting without a client_id"},
      {"{\"client_id\": 5}\0"s, "the peer sent a greeting that is no JSON object with a text client_id"},
      {"{\"client_id\": \"a\"\0"s, "the peer sent a greeting that is no JSON object with a text client_id"},
      {"{\"client_id\": \"\xFF\"}\0"s, "the peer sent a greeting that is no JSON object with a text client_id"},
      {"{\"client_id\": \"" + std::string(mib, 'x') + "\"}\0"s, "the peer sent a greeting longer than 65536 bytes"},
      {"{\"x\": " + std::string(10'000, '[') + std::string(10'000, ']') + ", \"client_id\": \"a\"}\0"s,
       "the peer sent a greeting that is no JSON object with a text client_id"},
  };
  for (const auto& [bytes, sentence] : cases) {
    const Event end = cut_off([&bytes](RawPeer& peer) { peer.write(bytes); });
    expect(end, Event::Kind::refused, {}, sentence);
  }
}

TEST(AStranger, with_a_name_that_is_too_long_is_refused) {
  std::string reason;
  const Event end = cut_off([&reason](RawPeer& peer) {
    peer.write(greeting(std::string(1025, 'x')));
    reason = peer.read_to_end();
  });
  EXPECT_EQ(end.kind, Event::Kind::refused);
  EXPECT_EQ(end.cause, error::peer_refused);
  EXPECT_THAT(end.sentence, StartsWith("a client's id has 1024 bytes at most, and this one 1025 (tcp://127.0.0.1:"));
  EXPECT_THAT(reason, StartsWith("\x04{\"reason\": \"a client's id has 1024 bytes at most"));
}

TEST(AStranger, that_has_events_told_with_long_names_fills_no_memory) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor, {}};
    co_await meeting.connect();
    constexpr int count = 200;
    meeting.bring([](RawPeer& peer) {
      peer.write(greeting());
      for (int i = 0; i < count; ++i) peer.write(frame(metadata("", 2, std::string(60'000, 'x')), "1"));
      (void)peer.read(hello.size());
      peer.write(request("1", "1"));
      (void)read_frame(peer);
    });
    co_await becomes([&] { return meeting.is_done.load(); });
    co_await meeting.is_served();
    std::size_t told = 0;
    std::size_t size = 0;
    std::optional<error_code> end;
    while (end != error_code{error::timed_out}) {
      end.reset();
      meeting.server.next_event(Deadline{TimePoint{}}, [&](error_code ec, const Event& event) {
        end = ec;
        told += event.kind == Event::Kind::notice_failed ? 1 : 0;
        size += event.sentence.size();
      });
      co_await becomes([&] { return end.has_value(); });
    }
    EXPECT_GT(told, 100U);
    EXPECT_LT(told, static_cast<std::size_t>(count));
    EXPECT_LE(size, limits::events_size_max);
    EXPECT_GE(meeting.server.stats().events_missed, count - told);
  });
}

TEST(AStranger, that_says_nothing_is_waited_for_so_long) {
  ServerOptions options;
  options.greeting_time_max = 20ms;
  const Event end = cut_off([](RawPeer&) {}, options);
  expect(end, Event::Kind::refused, {}, "the peer has not greeted within 20 ms");
}

TEST(AStranger, that_leaves_in_its_greeting_is_told) {
  const Event end = cut_off([](RawPeer& peer) {
    peer.write("{\"client_id");
    peer.end_sending();
  });
  expect(end, Event::Kind::refused, {}, "the peer left in its greeting");
}

TEST(AStranger, that_sends_wrong_frames_is_cut_off_by_the_name_of_that) {
  struct Case {
    std::string bytes;
    error code;
    std::string sentence;
  };
  const std::string first = metadata("1", 1);
  const std::vector<Case> cases{
      {u32(0), error::malformed, "the peer sent an empty frame"},
      {u32(5) + "\x0C" + u32(4), error::malformed, "the peer "},
      {u32(2) + "\x14\x00"s, error::malformed, "the peer "},
      {u32(5) + "\x0A" + u32(3), error::malformed, "the peer "},
      {u32(5) + "\x0A" + u32(400), error::malformed, "the peer "},
      {u32(10 * mib + 100) + "\x0A" + u32(10 * mib) + std::string(10 * mib, 'm'), error::message_too_large,
       "the peer sent metadata of 10485756 bytes, and the limit is 65536"},
      {u32(0xFFFF'FFFF) + "\x0A" + u32(20), error::message_too_large, "the peer "},
      {frame("{\"id\": \"1\"}", "1"), error::malformed, "the peer's metadata has no type, at byte 11 of 11"},
      {frame("nonsense", "1"), error::malformed, "the peer's metadata is no JSON object, at byte 0 of 8"},
      {frame("{\"type\": 1, \"type\": 1}", "1"), error::malformed, "the peer's metadata has a key twice"},
      {frame("{\"type\": \"1\"}", "1"), error::malformed, "the peer's metadata "},
      {frame("{\"type\": 1, \"id\": 5}", "1"), error::malformed, "the peer's metadata "},
      {frame("{\"type\": 99999999999999999999}", "1"), error::malformed, "the peer's metadata "},
      {frame("{\"type\": 1, \"x\": \"\xFF\"}", "1"), error::malformed, "the peer's metadata "},
      {frame("{\"type\": 1, \"x\": " + std::string(10'000, '[') + std::string(10'000, ']') + '}', "1"),
       error::malformed, "the peer's metadata "},
      {chunk(1, 2, first, "1"), error::malformed, "the peer "},
      {chunk(0, 3, first, "1") + chunk(2, 3, "", "2"), error::malformed, "the peer "},
      {chunk(0, 3, first, "1") + chunk(1, 4, "", "2"), error::malformed, "the peer "},
      {chunk(0, 3, first, "1") + chunk(1, 3, first, "2"), error::malformed, "the peer "},
      {chunk(0, 0, first, "1"), error::malformed, "the peer "},
      {chunk(0, 3, first, "1") + request("2", "2"), error::malformed,
       "the peer began a message inside another one's chunks"},
  };
  for (const Case& each : cases) {
    const Event end = cut_off([&each](RawPeer& peer) { peer.write(greeting() + each.bytes); });
    expect(end, Event::Kind::disconnected, each.code, each.sentence);
    EXPECT_THAT(end.sentence, HasSubstr(" (tcp://127.0.0.1:")) << "where it was";
  }
}

TEST(AStranger, that_leaves_inside_a_message_is_told) {
  for (const std::string& bytes : {request("1", "22").substr(0, 20), chunk(0, 3, metadata("1", 1), "1")}) {
    const Event end = cut_off([&bytes](RawPeer& peer) {
      peer.write(greeting() + bytes);
      peer.end_sending();
    });
    expect(end, Event::Kind::disconnected, error::truncated, "the peer left inside a message");
  }
}

TEST(AStranger, that_leaves_without_a_word_is_told_as_one_who_left) {
  const Event ended = cut_off([](RawPeer& peer) {
    peer.write(greeting());
    peer.end_sending();
  });
  expect(ended, Event::Kind::disconnected, error::closed, "the other side has left");
  const Event noted = cut_off([](RawPeer& peer) { peer.write(greeting() + close_notice); });
  expect(noted, Event::Kind::disconnected, error::closed, "the other side has left");
}

TEST(AStranger, that_leaves_is_heard_out) {
  const Event ended = cut_off([](RawPeer& peer) {
    peer.write(greeting() + close_notice);
    EXPECT_EQ(peer.read_to_end(), hello);
    peer.write("what a layer below has to say, such as the end of TLS");
    EXPECT_FALSE(peer.was_reset());
    peer.end_sending();
  });
  expect(ended, Event::Kind::disconnected, error::closed, "the other side has left");
}

TEST(AStranger, whose_message_grows_in_chunks_past_the_limit_is_cut_off) {
  ServerOptions options;
  options.payload_size_max = 100'000;
  const Event end = cut_off(
      [](RawPeer& peer) {
        peer.write(greeting());
        const std::string part(1000, 'x');
        for (std::uint32_t i = 0; i < 200; ++i) {
          peer.write(chunk(i, 200, i == 0 ? metadata("1", 1) : "", part));
        }
      },
      options);
  expect(end, Event::Kind::disconnected, error::message_too_large, "the peer ");
  EXPECT_THAT(end.sentence, HasSubstr("and the limit is 100000"));
}

TEST(AStranger, is_answered_whatever_its_ids_are) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor, {}};
    co_await meeting.connect();
    std::vector<std::string> ids{
        "", "x", "ZZ", std::string(32, 'F'), std::string(32, '0'), std::string(20'000, 'i'), "\\u0000"};
    meeting.bring([&ids](RawPeer& peer) {
      peer.write(greeting());
      EXPECT_EQ(peer.read(hello.size()), hello);
      for (const std::string& id : ids) {
        for (const char* const route : {"echo", "later"}) {
          peer.write(frame(metadata(id, 1, route), "42"));
          EXPECT_EQ(read_frame(peer), frame(metadata(id, 11, route), "42")) << id;
        }
      }
      peer.write(frame("{\"type\": 1, \"route\": \"echo\", \"more\": [1, {}]}", "7"));
      EXPECT_EQ(read_frame(peer), frame("{\"type\": 11, \"route\": \"echo\", \"more\": [1, {}]}", "7"))
          << "what it does not know comes back as it was";
      peer.write(close_notice);
      EXPECT_EQ(peer.read_to_end(), "");
    });
    co_await becomes([&] { return meeting.is_done.load(); });
    co_await meeting.is_served();
  });
}

TEST(AStranger, that_answers_what_nobody_asked_harms_nobody) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor, {}};
    co_await meeting.connect();
    meeting.bring([](RawPeer& peer) {
      peer.write(greeting());
      std::string all;
      for (int i = 0; i < 1000; ++i) all += answer(std::string(32, 'a'), "1");
      all += answer("", "1") + answer("short", "1") + frame("{\"type\": 11}", "1");
      all += frame("{\"type\": 12345, \"id\": \"x\"}", "1");
      peer.write(all);
      EXPECT_EQ(peer.read(hello.size()), hello);
      peer.write(request("1", "2"));
      EXPECT_EQ(read_frame(peer), answer("1", "2"));
    });
    co_await becomes([&] { return meeting.is_done.load(); });
    EXPECT_EQ(meeting.server.stats().answers_unasked, 1004U);
    EXPECT_EQ(meeting.server.stats().answers_received, 0U);
    co_await meeting.is_served();
  });
}

TEST(AStranger, answers_a_request_once_and_with_what_can_be_read) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor, {}};
    co_await meeting.connect();
    const std::vector<std::pair<int, std::string>> answers{
        {30, "nonsense"}, {41, "{}"}, {42, "{\"message\": \"no\"}"}, {999, "{\"message\": \"odd\", \"code\": 1.5}"}};
    meeting.bring([&answers](RawPeer& peer) {
      peer.write(greeting());
      EXPECT_EQ(peer.read(hello.size()), hello);
      for (const auto& [type, data] : answers) {
        const std::string asked = read_frame(peer);
        const std::string id = asked.substr(asked.find("\"id\": \"") + 7, 32);
        const std::string reply = frame(metadata(id, type, "x"), data);
        peer.write(reply + reply);
      }
      (void)peer.read_to_end();
    });
    co_await event_of(meeting.server, Event::Kind::connected);
    const Requester stranger = meeting.server.to("stranger");
    std::vector<RequestError> failures;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const RequestError failed = co_await failure_of(stranger.request<int>("x", 1));
      failures.push_back(failed);
    }
    EXPECT_EQ(failures[0].code(), error::handler_failed);
    EXPECT_EQ(failures[0].fault_message(), "an error that cannot be read came back");
    EXPECT_EQ(failures[1].of(), FaultOf::requester);
    EXPECT_EQ(failures[1].fault_message(), "an error that cannot be read came back");
    EXPECT_EQ(failures[2].code(), error::payload_rejected);
    EXPECT_EQ(failures[3].of(), FaultOf::unknown);
    EXPECT_EQ(failures[3].fault_message(), "odd");
    EXPECT_EQ(failures[3].fault_code(), std::nullopt);
    co_await becomes([&] { return meeting.server.stats().answers_unasked == answers.size(); });
    meeting.server.cut_off("stranger");
    co_await becomes([&] { return meeting.is_done.load(); });
  });
}

TEST(AStranger, may_say_all_at_once_or_each_byte_on_its_own) {
  for (const bool is_apart : {false, true}) {
    run_requests([is_apart](asio::any_io_executor executor) -> asio::awaitable<void> {
      Meeting meeting{executor, {}};
      co_await meeting.connect();
      meeting.bring([is_apart](RawPeer& peer) {
        const std::string data(50, 'x');
        const std::string all = greeting() + request("1", data) + chunk(0, 2, metadata("2", 1), data) +
                                chunk(1, 2, "", data) + request("3", "") + close_notice;
        is_apart ? peer.write_apart(all) : peer.write(all);
        EXPECT_EQ(peer.read_to_end(), hello + answer("1", data) + answer("2", data + data) + answer("3", ""));
      });
      co_await becomes([&] { return meeting.is_done.load(); });
      co_await meeting.is_served();
    });
  }
}

/// Asks without end, and reads nothing.
void flood(RawPeer& peer, const std::string& route, const std::atomic<bool>& is_enough) {
  peer.write(greeting());
  std::string all;
  for (int i = 0; i < 1000; ++i) all += frame(metadata(std::to_string(i), 1, route), "1");
  while (!is_enough) peer.write(all);
}

TEST(AStranger, that_never_reads_its_answers_is_cut_off_and_takes_bounded_memory) {
  ServerOptions options;
  options.answers_size_max = 2 * mib;
  options.stall_time_max = 100ms;
  const std::size_t before = memory_size();
  run_requests([&](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor, options};
    co_await meeting.connect();
    std::atomic<bool> is_enough = false;
    meeting.bring([&](RawPeer& peer) { flood(peer, "large", is_enough); });
    std::size_t largest = 0;
    std::optional<Event> end;
    meeting.server.next_event(Deadline::never(), [](error_code, const Event&) {});  // it has connected
    meeting.server.next_event(Deadline::never(), [&](error_code, Event event) { end = std::move(event); });
    while (!end) {
      co_await meeting.is_served();
      largest = std::max(largest, memory_size());
    }
    is_enough = true;
    EXPECT_EQ(end->kind, Event::Kind::disconnected);
    EXPECT_EQ(end->client_id, "stranger");
    EXPECT_EQ(end->cause, error::peer_too_slow);
    EXPECT_THAT(end->sentence, StartsWith("the other side has taken none of "));
    EXPECT_THAT(end->sentence, HasSubstr(" bytes of answers within 100 ms (tcp://"));
    EXPECT_LT(largest, before + 64 * mib);
    co_await becomes([&] { return meeting.is_done.load(); });
    co_await meeting.is_served();
  });
}

TEST(AStranger, that_reads_late_is_answered_all_the_same) {
  ServerOptions options;
  options.answers_size_max = 1 * mib;
  run_requests([&](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor, options};
    co_await meeting.connect();
    meeting.bring([](RawPeer& peer) {
      peer.write(greeting());
      std::string all;
      for (int i = 0; i < 200; ++i) all += frame(metadata("1", 1, "large"), "1");  // 20 MB of answers
      peer.write(all);
      EXPECT_EQ(peer.read(hello.size()), hello);
      const std::string expected = frame(metadata("1", 11, "large"), std::string(100'000, 'x'));
      for (int i = 0; i < 200; ++i) EXPECT_TRUE(read_frame(peer) == expected) << i;
    });
    co_await becomes([&] { return meeting.is_done.load(); });
    co_await meeting.is_served();
  });
}

}  // namespace
}  // namespace parley::rpc::hostile_peers_test
