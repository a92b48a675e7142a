#include "help.hpp"

#include "exit_code.hpp"

#include <string_view>
#include <utility>

namespace parley::tool {
namespace {

bool takes_bodies(const CLI::App* app) { return app->get_name() == "listen" || app->get_name() == "connect"; }

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(32);
    label("REQUIRED", "");
    label("SUBCOMMAND", "COMMAND ...");
    label("TEXT", "");
  }

  std::string make_usage(const CLI::App* app, std::string name) const override {
    if (!takes_bodies(app)) return "\n" + CLI::Formatter::make_usage(app, std::move(name));
    return "\nUsage: parley " + app->get_name() + " [OPTIONS] ENDPOINT [BODY ...]\n";
  }

  /// One empty line between groups.
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
    for (std::size_t at; (at = text.find("\n\n\n")) != std::string::npos;) text.erase(at, 1);
    return text;
  }

  std::string make_positionals(const CLI::App* app) const override {
    if (!takes_bodies(app)) return {};
    return std::string{
               "\n"
               "  ENDPOINT   tcp://HOST:PORT, unix:///PATH, unix://NAME (in the temporary folder),\n"
               "             unix://@NAME (abstract), tls://HOST:PORT, ws://HOST:PORT/PATH or wss://..."} +
           (app->get_name() == "listen" ? "; port 0 takes any free port\n"
                                          "  BODY       messages to send to every peer that connects\n"
                                        : "\n"
                                          "  BODY       messages to send, instead of reading standard input\n");
  }
};

constexpr std::string_view framings =
    "Framings (both ends must use the same):\n"
    "  length             a 4-byte big-endian length before each message; the default but for WebSocket\n"
    "  length:W:ORDER:N   a length of W bytes (1, 2, 4, 8), big or little endian, that counts N bytes\n"
    "                     more than the message, as in length:2:little or length:4:big:+4\n"
    "  varint             a length as a base-128 varint before each message\n"
    "  separator          a newline after each message; separator:\\r\\n for other bytes, with :keep to\n"
    "                     receive it too, with :allow to send messages that contain it\n"
    "  fixed:N            messages of N bytes, shorter ones padded with spaces; :pad=\\0 for another\n"
    "                     byte, :strip to take the padding off again\n"
    "  eof                one message each way, up to the end of the stream\n"
    "  raw                no messages: what one read gives\n"
    "  message            ws:// and wss:// only, and the default there: each message is one binary\n"
    "                     WebSocket message, as browsers send and expect them\n";

constexpr std::string_view formats =
    "Formats (of messages read and printed):\n"
    "  text      a line is a message; on a terminal, control characters are shown escaped\n"
    "  quoted    a line in double quotes with the escapes \\n \\r \\t \\0 \\\\ \\\" \\xHH\n"
    "  json      a line with a JSON string, or with {\"base64\":\"...\"} for bytes that are not UTF-8\n"
    "  hex       a line of hexadecimal digits\n"
    "  base64    a line of base64 digits\n"
    "  raw       the bytes as they are: the whole input is one message (with --framing raw: each\n"
    "            chunk as it is read), and nothing is added to what is printed\n"
    "  The default is text; raw for the framings eof and raw.\n";

constexpr std::string_view codecs =
    "Codecs (messages are values; a line, and what is printed, is one in JSON):\n"
    "  json      JSON\n"
    "  msgpack   MessagePack\n"
    "  pickle    Python's pickle, as far as it is data\n"
    "  text      a string of UTF-8\n"
    "  bytes     anything; in JSON, a string of base64\n"
    "  A message that is not of the codec is reported and not sent back; the others go on. It makes\n"
    "  the exit code 5, but not that of listen without --once.\n";

constexpr std::string_view commands =
    "Commands (--exec):\n"
    "  /bin/sh runs COMMAND once for each message, which it reads from its standard input in the\n"
    "  format or codec; what it prints is sent back as one message. A peer's messages are answered one\n"
    "  after the other. When the command fails, prints no message or more than --max-size, or works\n"
    "  for longer than --timeout, it is killed and the connection closed without an answer. It is\n"
    "  killed as well when its peer's connection breaks.\n";

std::string join(std::string_view examples) {
  std::string footer{framings};
  footer += '\n';
  footer += formats;
  footer += '\n';
  footer += codecs;
  footer += '\n';
  footer += commands;
  footer += '\n';
  footer += examples;
  footer += '\n';
  footer += exit_codes_help;
  return footer;
}

}  // namespace

std::shared_ptr<CLI::FormatterBase> make_help_formatter() { return std::make_shared<HelpFormatter>(); }

std::string main_footer() {
  std::string footer =
      "Examples:\n"
      "  parley demo\n"
      "  parley listen tcp://127.0.0.1:8888 --echo\n"
      "  parley connect tcp://127.0.0.1:8888 hello world\n"
      "  parley connect --help\n\n";
  return footer += exit_codes_help;
}

std::string listen_footer() {
  return join(
      "What is typed goes to everyone connected. Piped input waits for the first peer; at its end, listen\n"
      "leaves once nothing has moved for --wait seconds. Otherwise it serves until it is interrupted.\n"
      "\n"
      "Examples:\n"
      "  parley listen tcp://127.0.0.1:8888 --echo             send every message back\n"
      "  parley listen tcp://127.0.0.1:8888 --exec 'jq .id'    answer with what a command prints\n"
      "  parley listen unix:///run/app.sock --json             one JSON object for each event\n"
      "  parley listen tcp://*:0 --count 1 --timeout 10        wait for one message, 10 s at most\n"
      "  parley listen ws://127.0.0.1:8080 --echo              for a page in a browser\n"
      "  parley listen tcp://127.0.0.1:8888 --codec pickle     values from Python, printed as JSON\n"
      "  parley listen tls://*:8443 --tls-cert server.pem --tls-key server.key\n"
      "  parley listen tcp://*:7777 --once --framing raw > f   receive a file from nc or socat\n");
}

std::string connect_footer() {
  return join(
      "When its input has ended and everything is sent, connect leaves once nothing has moved for --wait\n"
      "seconds, or when the peer ends. With --count, it stays until so many messages have come. With\n"
      "--framing raw, the peer sees the end of the input, and connect stays until the peer ends.\n"
      "\n"
      "Examples:\n"
      "  parley connect tcp://127.0.0.1:8888                   type messages, see those that come\n"
      "  parley connect tcp://127.0.0.1:8888 hello --count 1   send one message, print one reply\n"
      "  parley connect tcp://127.0.0.1:8888 --codec msgpack '{\"id\": 7}'\n"
      "  seq 1000 | parley connect unix://numbers              send 1000 messages\n"
      "  parley connect tcp://127.0.0.1:25 --framing 'separator:\\r\\n'\n"
      "  parley connect tls://example.org:443 --framing raw    what openssl s_client does\n"
      "  parley connect tcp://[::1]:8888 --file photo.jpg --format raw\n");
}

std::string demo_footer() { return std::string{exit_codes_help.substr(0, exit_codes_help.find("\n  2"))}; }

}  // namespace parley::tool
