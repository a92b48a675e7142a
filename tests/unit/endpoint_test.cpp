#include <parley/endpoint.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace parley {
namespace {

static_assert(sizeof(Endpoint) == 2 * sizeof(void*));
static_assert(!std::is_default_constructible_v<Endpoint>);
static_assert(std::is_nothrow_copy_constructible_v<Endpoint> && std::is_nothrow_copy_assignable_v<Endpoint>);
static_assert(std::is_nothrow_move_constructible_v<Endpoint> && std::is_nothrow_move_assignable_v<Endpoint>);
static_assert(std::is_convertible_v<const char*, Endpoint> && std::is_convertible_v<std::string, Endpoint> &&
              std::is_convertible_v<std::string_view, Endpoint>);
static_assert(std::is_nothrow_copy_constructible_v<EndpointError>);

std::string repeat(std::string_view piece, std::size_t count) {
  std::string text;
  while (count-- > 0) text += piece;
  return text;
}

class TemporaryFolder {
 public:
  explicit TemporaryFolder(const char* value) {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    set(value);
  }
  ~TemporaryFolder() { set(before_ ? before_->c_str() : nullptr); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

 private:
  static void set(const char* value) { value != nullptr ? ::setenv("TMPDIR", value, 1) : ::unsetenv("TMPDIR"); }

  std::optional<std::string> before_;
};

TEST(Endpoint, tcp_has_host_and_port) {
  const Endpoint endpoint = "tcp://Example.org:8888";
  EXPECT_EQ(endpoint.scheme(), Scheme::tcp);
  EXPECT_TRUE(endpoint.available());
  EXPECT_TRUE(endpoint.has_port());
  EXPECT_EQ(endpoint.host(), "example.org");
  EXPECT_EQ(endpoint.port(), 8888);
  EXPECT_FALSE(endpoint.is_wildcard());
  EXPECT_EQ(endpoint.path(), "");
  EXPECT_EQ(endpoint.name(), "");
  EXPECT_EQ(endpoint.user(), "");
  EXPECT_EQ(endpoint.password(), "");
  EXPECT_TRUE(endpoint.parameters().empty());
}

TEST(Endpoint, ipv6_host_is_without_brackets_and_keeps_its_zone) {
  EXPECT_EQ(Endpoint("tcp://[::1]:1").host(), "::1");
  EXPECT_EQ(Endpoint("tcp://[FE80::1%25Eth0]:1").host(), "fe80::1%Eth0");
}

TEST(Endpoint, wildcard_hosts_are_known) {
  for (const char* text : {"tcp://*:0", "tcp://0.0.0.0:0", "tcp://[::]:0", "tcp://[0:0:0:0:0:0:0:0]:0"}) {
    EXPECT_TRUE(Endpoint(text).is_wildcard()) << text;
  }
  for (const char* text : {"tcp://0.0.0.1:0", "tcp://[::1]:0", "tcp://localhost:0", "inproc://*", "unix://*"}) {
    EXPECT_FALSE(Endpoint(text).is_wildcard()) << text;
  }
}

TEST(Endpoint, with_port_changes_only_the_port) {
  const Endpoint wild = "tcp://[::]:0";
  EXPECT_EQ(wild.with_port(65535).to_string(), "tcp://[::]:65535");
  EXPECT_EQ(wild.port(), 0);
  const Endpoint broker = "amqp://me:secret@host/v?address=a";
  EXPECT_EQ(broker.with_port(1).serialize(), "amqp://me:secret@host:1/v?address=a");
  EXPECT_THROW((void)Endpoint("inproc://a").with_port(1), std::invalid_argument);
  EXPECT_THROW((void)Endpoint("unix:///a").with_port(1), std::invalid_argument);
}

TEST(Endpoint, unix_path_form_names_a_file) {
  const Endpoint endpoint = "unix:///run/a%20b";
  EXPECT_EQ(endpoint.scheme(), Scheme::unix_socket);
  EXPECT_EQ(endpoint.path(), "/run/a b");
  EXPECT_EQ(endpoint.name(), "");
  EXPECT_EQ(endpoint.unix_path(), "/run/a b");
  EXPECT_FALSE(endpoint.is_abstract());
  EXPECT_FALSE(endpoint.has_port());
  EXPECT_EQ(endpoint.port(), 0);
}

TEST(Endpoint, unix_name_is_a_file_in_the_temporary_folder) {
  const Endpoint endpoint = "unix://name";
  EXPECT_EQ(endpoint.name(), "name");
  EXPECT_EQ(endpoint.path(), "");
  EXPECT_FALSE(endpoint.is_abstract());
  {
    const TemporaryFolder folder("/var/tmp");
    EXPECT_EQ(endpoint.unix_path(), "/var/tmp/name");
  }
  {
    const TemporaryFolder folder("/var/tmp/");
    EXPECT_EQ(endpoint.unix_path(), "/var/tmp/name");
  }
  for (const char* unusable : {static_cast<const char*>(nullptr), "", "relative"}) {
    const TemporaryFolder folder(unusable);
    EXPECT_EQ(endpoint.unix_path(), "/tmp/name");
  }
}

TEST(Endpoint, unix_name_in_too_deep_a_temporary_folder_is_an_error_with_both_numbers) {
  const std::string deep = "/" + repeat("d", 100);
  const TemporaryFolder folder(deep.c_str());
  EXPECT_EQ(Endpoint("unix://12345").unix_path().size(), Endpoint::unix_path_size_max);
  try {
    (void)Endpoint("unix://123456").unix_path();
    FAIL();
  } catch (const EndpointError& error) {
    EXPECT_EQ(error.reason(), "in the temporary folder this is " + deep +
                                  "/123456, a path of 108 bytes; at most 107 are possible for a Unix socket");
    EXPECT_EQ(error.position(), 7U);
  }
}

TEST(Endpoint, abstract_name_becomes_a_nul_and_the_name) {
  const Endpoint endpoint = "unix://@a/b%20c";
  EXPECT_TRUE(endpoint.is_abstract());
  EXPECT_EQ(endpoint.name(), "a/b c");
  EXPECT_EQ(endpoint.unix_path(), std::string("\0a/b c", 6));
}

TEST(Endpoint, encoded_at_sign_is_part_of_a_name) {
  const Endpoint endpoint = "unix://%40name";
  EXPECT_FALSE(endpoint.is_abstract());
  EXPECT_EQ(endpoint.name(), "@name");
  EXPECT_NE(endpoint, Endpoint("unix://@name"));
  EXPECT_EQ(Endpoint(endpoint.serialize()), endpoint);
}

TEST(Endpoint, unix_path_of_another_scheme_is_misuse) {
  EXPECT_THROW((void)Endpoint("tcp://a:1").unix_path(), std::invalid_argument);
  EXPECT_THROW((void)Endpoint("inproc://a").unix_path(), std::invalid_argument);
}

TEST(Endpoint, inproc_has_a_name_in_which_case_matters) {
  EXPECT_EQ(Endpoint("INPROC://Some/Name").name(), "Some/Name");
  EXPECT_EQ(Endpoint("inproc://a%3Fb").name(), "a?b");
  EXPECT_NE(Endpoint("inproc://A"), Endpoint("inproc://a"));
}

TEST(Endpoint, amqp_has_user_password_virtual_host_and_parameters) {
  const Endpoint endpoint = "amqp://m%40e:p%3Aw%2F%40@Broker/%2Fvh?address=in%26out&client=c%201&address=second";
  EXPECT_EQ(endpoint.user(), "m@e");
  EXPECT_EQ(endpoint.password(), "p:w/@");
  EXPECT_EQ(endpoint.host(), "broker");
  EXPECT_EQ(endpoint.port(), 5672);
  EXPECT_EQ(endpoint.path(), "//vh");
  ASSERT_EQ(endpoint.parameters().size(), 3U);
  EXPECT_EQ(endpoint.parameters()[1], (Endpoint::Parameter{"client", "c 1"}));
  EXPECT_EQ(endpoint.parameter("address"), "in&out");
  EXPECT_EQ(endpoint.parameter("nothing"), std::nullopt);
}

TEST(Endpoint, parameter_without_value_has_an_empty_one) {
  const Endpoint endpoint = "ws://h/?a&b=&c=x=y";
  EXPECT_EQ(endpoint.parameter("a"), "");
  EXPECT_EQ(endpoint.parameter("b"), "");
  EXPECT_EQ(endpoint.parameter("c"), "x=y");
}

TEST(Endpoint, schemes_to_come_parse_and_are_unavailable) {
  const std::map<std::string, Scheme> later = {
      {"amqp://h", Scheme::amqp},
  };
  for (const auto& [text, scheme] : later) {
    const Endpoint endpoint = text;
    EXPECT_EQ(endpoint.scheme(), scheme) << text;
    EXPECT_FALSE(endpoint.available()) << text;
    EXPECT_TRUE(text.starts_with(std::string(to_string(scheme)) + "://"));
  }
  EXPECT_EQ(Endpoint("ws://h").port(), 80);
  EXPECT_EQ(Endpoint("ws://h").path(), "/");
  EXPECT_EQ(Endpoint("wss://h").port(), 443);
  EXPECT_EQ(Endpoint("mux+unix:///a").unix_path(), "/a");
}

TEST(Endpoint, what_can_be_connected_is_available_and_tls_where_it_was_built_in) {
  for (const Scheme scheme :
       {Scheme::tcp, Scheme::unix_socket, Scheme::inproc, Scheme::ws, Scheme::udp, Scheme::mux_tcp, Scheme::mux_unix}) {
    EXPECT_TRUE(is_available(scheme)) << to_string(scheme);
  }
  EXPECT_EQ(is_available(Scheme::tls), is_available(Scheme::wss));
  EXPECT_EQ(is_available(Scheme::tls), is_available(Scheme::mux_tls));
}

struct Spelling {
  std::string given;
  std::string canonical;
};

TEST(Endpoint, has_one_canonical_spelling) {
  const std::vector<Spelling> spellings = {
      {"tcp://h:0", "tcp://h:0"},
      {"TcP://LOCALHOST:65535", "tcp://localhost:65535"},
      {"tcp://%6cocal%48ost:1", "tcp://localhost:1"},
      {"tcp://a-b.c_d.e1:1", "tcp://a-b.c_d.e1:1"},
      {"tcp://absolute.name.:1", "tcp://absolute.name.:1"},
      {"tcp://127.0.0.1:1", "tcp://127.0.0.1:1"},
      {"tcp://*:0", "tcp://*:0"},
      {"tcp://%2A:0", "tcp://*:0"},
      {"tcp://[::]:1", "tcp://[::]:1"},
      {"tcp://[0:0:0:0:0:0:0:1]:1", "tcp://[::1]:1"},
      {"tcp://[2001:DB8:0:0:1:0:0:1]:1", "tcp://[2001:db8::1:0:0:1]:1"},
      {"tcp://[2001:db8:0:1:1:1:1:1]:1", "tcp://[2001:db8:0:1:1:1:1:1]:1"},
      {"tcp://[2001:db8::1:1:1:1:1]:1", "tcp://[2001:db8:0:1:1:1:1:1]:1"},
      {"tcp://[2001:0:0:1:0:0:0:1]:1", "tcp://[2001:0:0:1::1]:1"},
      {"tcp://[1:0:0:0:0:0:0:0]:1", "tcp://[1::]:1"},
      {"tcp://[00a::0B]:1", "tcp://[a::b]:1"},
      {"tcp://[::ffff:102:304]:1", "tcp://[::ffff:1.2.3.4]:1"},
      {"tcp://[::ffff:1.2.3.4]:1", "tcp://[::ffff:1.2.3.4]:1"},
      {"tcp://[64:ff9b::1.2.3.4]:1", "tcp://[64:ff9b::102:304]:1"},
      {"tcp://[1:2:3:4:5:6:1.2.3.4]:1", "tcp://[1:2:3:4:5:6:102:304]:1"},
      {"tcp://[fe80::1%25eth0.5]:1", "tcp://[fe80::1%25eth0.5]:1"},
      {"unix:///a", "unix:///a"},
      {"unix:///a%2fb", "unix:///a/b"},
      {"unix:///a/../b//c", "unix:///a/../b//c"},
      {"unix:///tmp/\xC3\xA9", "unix:///tmp/%C3%A9"},
      {"unix:///%7euser/%41", "unix:///~user/A"},
      {"unix:///a%0a%3f%23%25", "unix:///a%0A%3F%23%25"},
      {"unix://a@b:c", "unix://a%40b:c"},
      {"unix://@a@b/c", "unix://@a@b/c"},
      {"inproc://a<b>\"c\"", "inproc://a%3Cb%3E%22c%22"},
      {"tls://h:1?a", "tls://h:1?a="},
      {"ws://h", "ws://h:80/"},
      {"ws://h/a%20b?x=1+2&y=%2B", "ws://h:80/a%20b?x=1%2B2&y=%2B"},
      {"wss://h:443/", "wss://h:443/"},
      {"amqp://h", "amqp://h:5672"},
      {"amqp://u@h/%2f", "amqp://u@h:5672/%2F"},
      {"amqp://u:a:b@h/vh", "amqp://u:a%3Ab@h:5672/vh"},
  };
  for (const auto& [given, canonical] : spellings) {
    EndpointError why;
    const auto endpoint = Endpoint::parse(given, &why);
    ASSERT_TRUE(endpoint) << why.what();
    EXPECT_EQ(endpoint->serialize(), canonical) << given;
    EXPECT_EQ(Endpoint(canonical), *endpoint) << given;
    EXPECT_EQ(Endpoint(canonical).serialize(), canonical) << given;
  }
}

TEST(Endpoint, limits_are_reached_and_not_passed) {
  EXPECT_EQ(Endpoint("unix:///" + repeat("p", 106)).path().size(), 107U);
  EXPECT_EQ(Endpoint("unix:///" + repeat("%70", 106)).path().size(), 107U);
  EXPECT_FALSE(Endpoint::parse("unix:///" + repeat("p", 107)));
  EXPECT_EQ(Endpoint("unix://@" + repeat("n", 107)).unix_path().size(), 108U);
  EXPECT_FALSE(Endpoint::parse("unix://@" + repeat("n", 108)));
  EXPECT_TRUE(Endpoint::parse("inproc://" + repeat("n", 4096 - 9)));
  EXPECT_FALSE(Endpoint::parse("inproc://" + repeat("n", 4096 - 8)));
  const std::string host = repeat("abcdefghi.", 25) + "abc";
  EXPECT_EQ(Endpoint("tcp://" + host + ":1").host().size(), 253U);
  EXPECT_FALSE(Endpoint::parse("tcp://" + host + "d:1"));
  EXPECT_TRUE(Endpoint::parse("tcp://" + repeat("l", 63) + ":1"));
  EXPECT_FALSE(Endpoint::parse("tcp://" + repeat("l", 64) + ":1"));
}

TEST(Endpoint, parse_without_throwing_tells_why) {
  EndpointError why;
  EXPECT_FALSE(Endpoint::parse("tcp://h", &why));
  EXPECT_EQ(why.position(), 7U);
  EXPECT_FALSE(Endpoint::parse("tcp://h"));
  EXPECT_TRUE(Endpoint::parse("tcp://h:1", &why));
}

TEST(Endpoint, null_pointer_is_an_empty_text) {
  const char* nothing = nullptr;
  EXPECT_THROW(Endpoint{nothing}, EndpointError);
}

TEST(Endpoint, makers_take_parts_that_are_not_encoded) {
  EXPECT_EQ(Endpoint::tcp("Host", 1).serialize(), "tcp://host:1");
  EXPECT_EQ(Endpoint::tcp("*", 0).serialize(), "tcp://*:0");
  EXPECT_EQ(Endpoint::tcp("::1", 1).serialize(), "tcp://[::1]:1");
  EXPECT_EQ(Endpoint::tcp("[::1]", 1).serialize(), "tcp://[::1]:1");
  EXPECT_EQ(Endpoint::tcp("fe80::1%eth0", 1).host(), "fe80::1%eth0");
  EXPECT_EQ(Endpoint::unix_path("/a b?c#d%41").path(), "/a b?c#d%41");
  EXPECT_EQ(Endpoint::unix_name("@n%").name(), "@n%");
  EXPECT_EQ(Endpoint::unix_abstract("a/b?").unix_path(), std::string("\0a/b?", 5));
  EXPECT_EQ(Endpoint::inproc("a b/@?").name(), "a b/@?");
}

TEST(Endpoint, makers_refuse_parts_that_would_become_something_else) {
  EXPECT_THROW((void)Endpoint::tcp("", 1), EndpointError);
  EXPECT_THROW((void)Endpoint::tcp("h:2/x?", 1), EndpointError);
  EXPECT_THROW((void)Endpoint::tcp("::1]:2", 1), EndpointError);
  EXPECT_THROW((void)Endpoint::tcp("[::1", 1), EndpointError);
  EXPECT_THROW((void)Endpoint::tcp("[:1]:2", 1), EndpointError);
  EXPECT_THROW((void)Endpoint::tcp("[abc]", 1), EndpointError);
  EXPECT_THROW((void)Endpoint::tcp("user@h", 1), EndpointError);
  EXPECT_THROW((void)Endpoint::tcp("h/p", 1), EndpointError);
  EXPECT_THROW((void)Endpoint::unix_path("relative"), EndpointError);
  EXPECT_THROW((void)Endpoint::unix_path(""), EndpointError);
  EXPECT_THROW((void)Endpoint::unix_path(std::string_view("/a\0b", 4)), EndpointError);
  EXPECT_THROW((void)Endpoint::unix_name("a/b"), EndpointError);
  EXPECT_THROW((void)Endpoint::unix_name("/a"), EndpointError);
  EXPECT_THROW((void)Endpoint::unix_name(""), EndpointError);
  EXPECT_THROW((void)Endpoint::unix_abstract(""), EndpointError);
  EXPECT_THROW((void)Endpoint::inproc(""), EndpointError);
}

TEST(Endpoint, to_string_and_stream_hide_the_password_and_serialize_keeps_it) {
  const Endpoint endpoint = "amqp://me:hunter2@h/v";
  EXPECT_EQ(endpoint.to_string(), "amqp://me:***@h:5672/v");
  EXPECT_EQ(endpoint.serialize(), "amqp://me:hunter2@h:5672/v");
  std::ostringstream out;
  out << endpoint;
  EXPECT_EQ(out.str(), endpoint.to_string());
  EXPECT_EQ(Endpoint("amqp://me@h").to_string(), "amqp://me@h:5672");
}

TEST(Endpoint, endpoints_that_differ_in_the_password_differ) {
  EXPECT_NE(Endpoint("amqp://me:a@h"), Endpoint("amqp://me:b@h"));
  EXPECT_NE(Endpoint("amqp://me:a@h"), Endpoint("amqp://me@h"));
}

TEST(Endpoint, compares_and_hashes_by_canonical_spelling) {
  const Endpoint one = "tcp://h:1";
  EXPECT_EQ(one, Endpoint("TCP://H:1"));
  EXPECT_EQ(one <=> Endpoint("tcp://h:1"), std::strong_ordering::equal);
  EXPECT_LT(one, Endpoint("tcp://i:1"));
  const std::unordered_set<Endpoint> hashed = {one, "TCP://H:1", "tcp://h:2"};
  EXPECT_EQ(hashed.size(), 2U);
  const std::set<Endpoint> ordered = {one, "tcp://H:1", "inproc://a"};
  EXPECT_EQ(ordered.begin()->scheme(), Scheme::inproc);
}

TEST(Endpoint, moved_from_is_whole) {
  Endpoint one = "tcp://h:1";
  const Endpoint two = std::move(one);
  EXPECT_EQ(one, two);  // NOLINT(bugprone-use-after-move): that is the promise tested
}

/// Text built of pieces that parsers stumble over; most of it is not an endpoint, a good part is.
std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> beginnings = {"tcp://h",   "tcp://[::",  "unix:///", "unix://", "unix://@",
                                                      "inproc://", "amqp://u:p", "amqp://h", "ws://h/", "tls://h:1?a="};
  static const std::vector<std::string> pieces = {":", "1",   "/",   "@",    "?",    "&",   "=", "%41", "%2F", "%40",
                                                  "]", "[",   "::",  "a",    "B.c",  "%25", "*", "+",   "%00", "%C3%A9",
                                                  "-", ":80", "%3f", "@h:1", "\xFF", "~",   ".", "%23", "%3A", "vh"};
  std::string text = beginnings[random() % beginnings.size()];
  for (std::size_t count = random() % 6; count > 0; --count) text += pieces[random() % pieces.size()];
  return text;
}

TEST(Endpoint, whatever_parses_survives_serialization) {
  std::mt19937 random(20240229);  // NOLINT(cert-msc51-cpp): the same texts in every run
  int parsed_count = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = random_text(random);
    EndpointError why;
    const auto endpoint = Endpoint::parse(text, &why);
    if (!endpoint) {
      ASSERT_LE(why.position(), text.size()) << text;
      continue;
    }
    ++parsed_count;
    const Endpoint again = endpoint->serialize();
    ASSERT_EQ(again, *endpoint) << text;
    ASSERT_EQ(again.host(), endpoint->host()) << text;
    ASSERT_EQ(again.path(), endpoint->path()) << text;
    ASSERT_EQ(again.name(), endpoint->name()) << text;
    ASSERT_EQ(again.is_abstract(), endpoint->is_abstract()) << text;
    ASSERT_EQ(again.user(), endpoint->user()) << text;
    ASSERT_EQ(again.password(), endpoint->password()) << text;
    ASSERT_TRUE(std::ranges::equal(again.parameters(), endpoint->parameters())) << text;
  }
  EXPECT_GT(parsed_count, 5'000);
}

}  // namespace
}  // namespace parley
