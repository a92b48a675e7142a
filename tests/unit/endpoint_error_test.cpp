#include <parley/endpoint.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace parley {
namespace {

EndpointError error_of(std::string_view text) {
  EndpointError why;
  EXPECT_FALSE(Endpoint::parse(text, &why)) << text;
  return why;
}

struct Fault {
  std::string text;
  std::size_t position;
  std::string reason;
};

void expect_faults(const std::vector<Fault>& faults) {
  for (const auto& [text, position, reason] : faults) {
    const EndpointError error = error_of(text);
    EXPECT_EQ(error.reason(), reason) << text;
    EXPECT_EQ(error.position(), position) << text;
  }
}

const std::string known =
    "known are tcp, unix, inproc, tls, ws, wss, udp, amqp, mux+tcp, mux+tls, mux+unix, amqps, local";

TEST(EndpointError, names_faults_of_the_whole_text) {
  expect_faults({
      {"", 0, "the text is empty"},
      {"tcp://h:1 ", 9, "spaces and control characters cannot stand here; percent-encoded, this one is %20"},
      {"tcp://h:1\n", 9, "spaces and control characters cannot stand here; percent-encoded, this one is %0A"},
      {"tcp://h\x7F:1", 7, "spaces and control characters cannot stand here; percent-encoded, this one is %7F"},
      {std::string("tcp://h\0:1", 10), 7, "a NUL byte cannot be in an endpoint"},
      {"tcp://h:1#x", 9, "an endpoint has no fragment; a '#' that is part of a name is written %23"},
      {"inproc://" + std::string(4088, 'x'), 4096, "the endpoint has 4097 bytes; at most 4096 are possible"},
      {"inproc://" + std::string(2000, '"'), 2009,
       "the endpoint, percent-encoded, has 6009 bytes; at most 4096 are possible"},
  });
}

TEST(EndpointError, names_faults_of_the_scheme) {
  expect_faults({
      {"localhost:80", 0, "there is no scheme, such as tcp:// at the beginning; " + known},
      {"/tmp/socket", 0, "there is no scheme, such as tcp:// at the beginning; " + known},
      {"tcp:h:80", 4, "after the scheme comes ://"},
      {"TCP:/h:80", 4, "after the scheme comes ://"},
      {"://h:80", 0, "the scheme before :// is missing; " + known},
      {"http://h:80", 0, "the scheme is unknown; " + known},
      {"tcp+mux://h:80", 0, "the scheme is unknown; " + known},
  });
}

TEST(EndpointError, names_faults_of_host_names) {
  expect_faults({
      {"tcp://", 6, "the host is missing; to bind every address it is *"},
      {"tcp://:80", 6, "the host is missing; to bind every address it is *"},
      {"tcp://h\xC3\xA9:80", 7, "the host is not ASCII; write an internationalised name in its xn-- form"},
      {"tcp://h%C3%A9:80", 7, "the host is not ASCII; write an internationalised name in its xn-- form"},
      {"tcp://%61%62!:80", 12, "this character cannot be in a host name, which has letters, digits and -._"},
      {"tcp://%61%20:80", 9, "this character cannot be in a host name, which has letters, digits and -._"},
      {"tcp://*.h:80", 6, "this character cannot be in a host name, which has letters, digits and -._"},
      {"tcp://a..b:80", 8, "a part of the host name is empty"},
      {"tcp://.a:80", 6, "a part of the host name is empty"},
      {"tcp://a.-b:80", 8, "a part of a host name begins or ends with '-'"},
      {"tcp://a-:80", 6, "a part of a host name begins or ends with '-'"},
      {"tcp://a." + std::string(64, 'l') + ":80", 8,
       "this part of the host name has 64 bytes; at most 63 are possible"},
      {"tcp://" + std::string(254, 'l') + ":80", 6, "the host name has 254 bytes; at most 253 are possible"},
      {"tcp://h%4:80", 7, "two hexadecimal digits come after a '%'; a '%' itself is %25"},
      {"tcp://h%00:80", 7, "a NUL byte cannot be in an endpoint"},
  });
}

TEST(EndpointError, names_faults_of_ipv4_addresses) {
  for (const char* host :
       {"256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4.", "1", "0x7f.1", "0x7f000001", "host.1", "0x"}) {
    const EndpointError error = error_of("tcp://" + std::string(host) + ":80");
    EXPECT_EQ(error.reason(), "the host ends in a number and is not an IPv4 address of four numbers from 0 to 255");
    EXPECT_EQ(error.position(), 6U);
  }
}

TEST(EndpointError, names_faults_of_ipv6_addresses) {
  for (const char* address : {"",
                              ":",
                              ":::",
                              "1",
                              "1::2::3",
                              "1:2:3:4:5:6:7",
                              "1:2:3:4:5:6:7:8:9",
                              "12345::",
                              "g::",
                              "1:2:3:4:5:6:7::8",
                              ":1:2:3:4:5:6:7:8",
                              "1:2:3:4:5:6:7:8:",
                              "::1:",
                              "1.2.3.4",
                              "::1.2.3",
                              "::1.2.3.256",
                              "::1.2.3.4:5",
                              "1.2.3.4::",
                              "v1.x",
                              "::1 "}) {
    const std::string text = "tcp://[" + std::string(address) + "]:80";
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
  expect_faults({
      {"tcp://[1:2]:80", 7, "what stands in the brackets is not an IPv6 address"},
      {"tcp://[::1", 10, "the bracket of the IPv6 address is not closed"},
      {"tcp://[::1]80", 11, "after the ']' comes the port, as in [::1]:8888"},
      {"tcp://::1:80", 6, "more than one ':' in host and port; an IPv6 address stands in brackets, as in [::1]:8888"},
      {"tcp://[fe80::1%eth0]:80", 14, "the '%' before a zone is written %25, as in [fe80::1%25eth0]"},
      {"tcp://[fe80::1%25]:80", 17, "the zone is empty"},
      {"tcp://[fe80::1%25e/0]:80", 18, "the bracket of the IPv6 address is not closed"},
      {"tcp://[fe80::1%25e!0]:80", 18, "a zone has only letters, digits and -._~"},
  });
}

TEST(EndpointError, names_faults_of_ports) {
  expect_faults({
      {"tcp://h", 7, "the port is missing; a tcp endpoint ends in :port"},
      {"udp://h", 7, "the port is missing; a udp endpoint ends in :port"},
      {"tcp://[::1]", 11, "the port is missing; a tcp endpoint ends in :port"},
      {"tcp://h:", 8, "the port is missing after the ':'"},
      {"ws://h:/", 7, "the port is missing after the ':'"},
      {"tcp://h:8o", 9, "the port is a decimal number, and this is not a digit"},
      {"tcp://h:-1", 8, "the port is a decimal number, and this is not a digit"},
      {"tcp://h:%38", 8, "the port is a decimal number, and this is not a digit"},
      {"tcp://h:080", 8, "the port is written without leading zeros"},
      {"tcp://h:00", 8, "the port is written without leading zeros"},
      {"tcp://h:65536", 8, "port 65536 is above 65535"},
      {"tcp://h:" + std::string(50, '9'), 8, "the port is above 65535"},
  });
}

TEST(EndpointError, names_faults_of_unix_sockets) {
  expect_faults({
      {"unix://", 7, "the path or name of the socket is missing"},
      {"unix:///", 8, "the path ends in '/', so it names a folder and not a socket"},
      {"unix:///tmp/", 12, "the path ends in '/', so it names a folder and not a socket"},
      {"unix://@", 8, "the abstract name after the '@' is missing"},
      {"unix://a/b", 8,
       "a name in the temporary folder has no '/'; an absolute path has one more at its beginning, as in "
       "unix:///run/name"},
      {"unix://..", 7, "this name is a folder's and not a socket's"},
      {"unix:///" + std::string(107, 'p'), 114, "the path has 108 bytes; at most 107 are possible for a Unix socket"},
      {"unix://@" + std::string(109, 'p'), 115,
       "the abstract name has 109 bytes; at most 107 are possible for a Unix socket"},
      {"unix://" + std::string(108, 'p'), 114, "the name has 108 bytes; at most 107 are possible for a Unix socket"},
      {"unix:///a%00b", 9, "a NUL byte cannot be in an endpoint"},
      {"unix:///a?b=c", 9, "a unix endpoint takes no parameters; a '?' that is part of the name is written %3F"},
      {"mux+unix://", 11, "the path or name of the socket is missing"},
  });
}

TEST(EndpointError, names_faults_of_what_a_scheme_does_not_take) {
  expect_faults({
      {"tcp://u@h:1", 6, "a tcp endpoint takes no user and password"},
      {"tcp://h:1/", 9, "a tcp endpoint ends with the port; it takes no path"},
      {"tls://h:1/p", 9, "a tls endpoint ends with the port; it takes no path"},
      {"tcp://h:1?a=b", 9, "a tcp endpoint takes no parameters"},
      {"inproc://", 9, "the name is missing"},
      {"inproc://?", 9, "the name is missing"},
      {"inproc://a?b", 10, "an inproc endpoint takes no parameters; a '?' that is part of the name is written %3F"},
  });
}

TEST(EndpointError, names_faults_of_users_paths_and_parameters) {
  expect_faults({
      {"amqp://@h", 7, "the user is empty"},
      {"amqp://:p@h", 7, "the user is empty"},
      {"amqp://u:@h", 9, "the password is empty"},
      {"amqp://u:p@q@h", 10, "an '@' in a user or password is written %40"},
      {"amqp://h/", 9, "the virtual host is empty; the one named / is written %2F"},
      {"amqp://h/a/b", 10, "a '/' in the name of a virtual host is written %2F"},
      {"ws://h/a%2Fb", 8, "a '/' in this path cannot be percent-encoded"},
      {"ws://h/%", 7, "two hexadecimal digits come after a '%'; a '%' itself is %25"},
      {"ws://h/?", 8, "a parameter is empty; it is written key=value"},
      {"ws://h/?a=1&", 12, "a parameter is empty; it is written key=value"},
      {"ws://h/?a&&b", 10, "a parameter is empty; it is written key=value"},
      {"ws://h/?=1", 8, "the key of this parameter is missing; it is written key=value"},
      {"ws://h/?a=%0g", 10, "two hexadecimal digits come after a '%'; a '%' itself is %25"},
  });
}

TEST(EndpointError, sentence_quotes_the_text_and_the_place) {
  EXPECT_STREQ(error_of("tcp://host:99999").what(),
               "endpoint \"tcp://host:99999\": port 99999 is above 65535 (at character 11)");
}

TEST(EndpointError, diagram_points_at_the_character) {
  EXPECT_EQ(error_of("tcp://host:99999").diagram(),
            "tcp://host:99999\n"
            "           ^ port 99999 is above 65535");
  EXPECT_EQ(error_of("tcp://host").diagram(),
            "tcp://host\n"
            "          ^ the port is missing; a tcp endpoint ends in :port");
}

TEST(EndpointError, constructor_throws_it) {
  try {
    const Endpoint endpoint("tcp://h:x");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "endpoint \"tcp://h:x\": the port is a decimal number, and this is not a digit (at character 8)");
  }
}

TEST(EndpointError, hides_passwords_and_keeps_the_caret_in_place) {
  EXPECT_EQ(error_of("amqp://me:hunter2@h:x").diagram(),
            "amqp://me:***@h:x\n"
            "                ^ the port is a decimal number, and this is not a digit");
  EXPECT_EQ(error_of("amqp://me:hunt%er2@h").diagram(),
            "amqp://me:***@h\n"
            "          ^ two hexadecimal digits come after a '%'; a '%' itself is %25");
  for (const char* text :
       {"amqp://me:hunter2@", "amqp://me:hunter2@h:99999", "amqp://me:hun/hunter2@h", "amqp://me:hun?hunter2@h",
        "amqp://me:hun@hunter2@h", "amqp://me:hunter2@h#", "tcp://me:hunter2@h:1", "foo://me:hunter2@h", "me:hunter2@h",
        "amqp:me:hunter2@h", "amqp://me:hunter2@h/a/b", "amqp://me:hunter2 @h"}) {
    const EndpointError error = error_of(text);
    EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
    EXPECT_EQ(error.diagram().find("hunter2"), std::string::npos) << error.diagram();
  }
  EXPECT_EQ(std::string(error_of("amqp://me:123456/7@h").what()).find("123456"), std::string::npos);
}

TEST(EndpointError, shows_bytes_that_a_terminal_would_obey_as_hexadecimal) {
  EXPECT_EQ(error_of("tcp://h\x1B[2J:1").diagram(),
            "tcp://h\\x1B[2J:1\n"
            "       ^ spaces and control characters cannot stand here; percent-encoded, this one is %1B");
  EXPECT_EQ(error_of("inproc://\xFF\xFF\t").diagram(),
            "inproc://\\xFF\\xFF\\x09\n"
            "                 ^ spaces and control characters cannot stand here; percent-encoded, this one is %09");
}

TEST(EndpointError, cuts_long_texts_around_the_place) {
  const EndpointError early = error_of("tcp://h: " + std::string(3'000, 'x'));
  EXPECT_LT(std::string(early.what()).size(), 350U);
  const EndpointError late = error_of("inproc://" + std::string(3'000, 'x') + " " + std::string(50, 'y'));
  EXPECT_EQ(late.position(), 3'009U);
  EXPECT_EQ(late.diagram().substr(0, 6), "...xxx");
  EXPECT_EQ(late.diagram()[late.diagram().find('^') - late.diagram().find('\n') - 1], ' ');
}

TEST(EndpointError, without_a_fault_is_empty) {
  const EndpointError none;
  EXPECT_EQ(none.position(), 0U);
  EXPECT_EQ(none.reason(), "");
  EXPECT_EQ(none.diagram(), "");
  EXPECT_STREQ(none.what(), "");
}

}  // namespace
}  // namespace parley
