#include "help.hpp"

#include "exit_code.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace parley::tool {
namespace {

/// What stands in a command line beside options, and what it is.
struct Positionals {
  std::string_view command;
  std::string_view usage;
  std::string_view before;  ///< the forms of endpoints; nothing where there are no arguments
  std::string_view after;
};

constexpr std::string_view endpoint_forms =
    "tcp://HOST:PORT, unix:///PATH, unix://NAME (in the temporary folder),\n"
    "             unix://@NAME (abstract), local://NAME (as communica has it),\n"
    "             tls://HOST:PORT, ws://HOST:PORT/PATH or wss://...,\n"
    "             mux+tcp://, mux+tls:// or mux+unix:// (channels)";
constexpr std::string_view talk_forms = ",\n             udp://HOST:PORT (datagrams)";

constexpr std::array<Positionals, 12> all_positionals{{
    {"listen", "ENDPOINT [BODY ...]", "  ENDPOINT   ",
     "; port 0 takes any free port\n"
     "  BODY       messages to send to every peer that connects\n"},
    {"connect", "ENDPOINT [BODY ...]", "  ENDPOINT   ",
     "\n"
     "  BODY       messages to send, instead of reading standard input\n"},
    {"send", "[BODY ...]", "  ENDPOINT   ",
     "; --bind: port 0 takes any free port\n"
     "  BODY       messages to send, instead of reading standard input; {{count}} in it is the message's\n"
     "             number, {{time}} the time in UTC, {{random N}} N random letters and digits; {{{{ is {{\n"},
    {"receive", "", "  ENDPOINT   ", "; --bind: port 0 takes any free port\n"},
    {"echo", "", "  ENDPOINT   ", "; --bind: port 0 takes any free port\n"},
    {"proxy", "FRONT BACK",
     "  FRONT      where those come who send\n"
     "  BACK       where those come who receive; each message goes to one of them\n"
     "             Both are ",
     "; port 0 takes any free port\n"},
    {"peers", "ENDPOINT", "  ENDPOINT   ", "\n"},
    {"request", "ENDPOINT [ROUTE [VALUE]]", "  ENDPOINT   ",
     ",\n             amqp://HOST?address=NAME&client=NAME or amqps://... (a broker; see below)\n"
     "  ROUTE      which of the server's handlers to ask; without, the one for requests that name none\n"
     "  VALUE      what to ask, as JSON unless --codec or --format say otherwise; - or nothing is what\n"
     "             standard input has, and null where that is a terminal or empty\n"},
    {"serve", "ENDPOINT --route NAME=COMMAND", "  ENDPOINT   ",
     ",\n             amqp://HOST?address=NAME or amqps://... (a broker; see below); port 0 takes any\n"
     "             free port, but not over a broker\n"},
    {"routes", "ENDPOINT", "  ENDPOINT   ",
     ",\n             amqp://HOST?address=NAME&client=NAME or amqps://... (a broker; see below)\n"},
    {"tunnel", "--listen ENDPOINT --to ENDPOINT --via ENDPOINT", "", ""},
    {"gateway", "--listen ENDPOINT --allow PATTERN", "", ""},
}};

/// Nothing for commands of which CLI11 knows enough.
const Positionals* positionals_of(const CLI::App* app) {
  const auto* const found = std::find_if(all_positionals.begin(), all_positionals.end(),
                                         [&](const Positionals& each) { return each.command == app->get_name(); });
  return found == all_positionals.end() ? nullptr : found;
}

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(32);
    label("REQUIRED", "");
    label("SUBCOMMAND", "COMMAND ...");
    label("TEXT", "");
  }

  std::string make_usage(const CLI::App* app, std::string name) const override {
    const Positionals* const positionals = positionals_of(app);
    if (positionals == nullptr) return "\n" + CLI::Formatter::make_usage(app, std::move(name));
    std::string usage = "\nUsage: parley " + app->get_name() + " [OPTIONS]";
    if (!positionals->usage.empty()) usage.append(" ").append(positionals->usage);
    return usage += '\n';
  }

  /// One empty line between groups.
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
    for (std::size_t at; (at = text.find("\n\n\n")) != std::string::npos;) text.erase(at, 1);
    return text;
  }

  std::string make_positionals(const CLI::App* app) const override {
    const Positionals* const positionals = positionals_of(app);
    if (positionals == nullptr || positionals->before.empty()) return {};
    const bool talks = app->get_name() == "listen" || app->get_name() == "connect";
    return std::string{"\n"}
        .append(positionals->before)
        .append(endpoint_forms)
        .append(talks ? talk_forms : "")
        .append(positionals->after);
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
    "  idle-gap:100ms     a message ends when nothing has come for so long; messages are sent as they\n"
    "                     are, so leave a pause between two (--wait begins when the gap is over)\n"
    "  message            ws:// and wss:// only, and the default there: each message is one binary\n"
    "                     WebSocket message, as browsers send and expect them; and over udp://, which\n"
    "                     has no other: each message is a datagram\n";

constexpr std::string_view filters =
    "Filters (both ends must use the same; the first is next to the wire):\n"
    "  xor                a checksum behind each message: all its bytes exclusive-ored\n"
    "  crc16-modbus       the same by a CRC, crc16 for short; also crc16-ccitt, crc16-xmodem,\n"
    "                     crc16-kermit, crc16-arc, crc32 and crc32c\n"
    "    ,hex             as hexadecimal digits; ,big or ,little: in that order of bytes; ,skip=N:\n"
    "                     without the first N bytes of the message\n"
    "  deflate            zlib, each message alone\n"
    "    ,level=N         from 0 to 9; ,context: messages build on those before them; ,max=BYTES: the\n"
    "                     most that a message may inflate to\n"
    "  start-end          STX before each message and ETX behind it\n"
    "    ,start=BYTES     others, as ,end=BYTES, with the escapes of C\n"
    "  A message received that a filter does not take ends its connection, as one that breaks the\n"
    "  framing does. With ,drop behind the filter it is told and left out, and the others go on; that\n"
    "  makes the exit code 5, but not that of listen without --once.\n";

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

constexpr std::string_view socket_formats =
    "Formats (of messages read and printed):\n"
    "  text      a line is a message; on a terminal, control characters are shown escaped\n"
    "  quoted    a line in double quotes with the escapes \\n \\r \\t \\0 \\\\ \\\" \\xHH\n"
    "  json      a line with a JSON string, or with {\"base64\":\"...\"} for bytes that are not UTF-8\n"
    "  hex       a line of hexadecimal digits\n"
    "  base64    a line of base64 digits\n"
    "  raw       the bytes as they are: the whole input is one message, and nothing is added to what\n"
    "            is printed\n"
    "  The default is text.\n";

constexpr std::string_view codecs =
    "Codecs (messages are values; a line, and what is printed, is one in JSON):\n"
    "  json      JSON\n"
    "  msgpack   MessagePack\n"
    "  pickle    Python's pickle, as far as it is data\n"
    "  text      a string of UTF-8\n"
    "  bytes     anything; in JSON, a string of base64\n"
    "  A message that is not of the codec is reported and not sent back; the others go on. It makes\n"
    "  the exit code 5, but not that of echo, nor of listen without --once.\n";

constexpr std::string_view times = "A TIME is a number of seconds, or has a unit: 250us, 20ms, 1.5s, 2min, 1h.\n";

constexpr std::string_view commands_text =
    "Commands:\n"
    "  /bin/sh runs COMMAND once for each message, which it reads from its standard input in the\n"
    "  format or codec; what it prints is sent back as one message. A peer's messages are answered one\n"
    "  after the other. When the command fails, prints no message or more than --max-size, or works\n"
    "  for longer than --timeout, it is killed and the connection closed without an answer. It is\n"
    "  killed as well when its peer's connection breaks. Its environment has the two ends of the\n"
    "  connection, PARLEY_PEER and PARLEY_ENDPOINT, its number, PARLEY_CONNECTION, and with --on the\n"
    "  PARLEY_KIND of the peer.\n";

constexpr std::string_view kinds_text =
    "Kinds of peers:\n"
    "  --classify '!!=panel' makes panels of all whose first message begins with !!. The longest PREFIX\n"
    "  that fits decides; it may have the escapes \\n \\r \\t \\0 \\\\ \\\" \\xHH. Each KIND needs a command, as\n"
    "  in --on panel=COMMAND: it answers the messages of such peers, the first among them, as --exec does\n"
    "  for all, but where it prints nothing, nothing is sent. A peer that begins with no PREFIX is told of\n"
    "  and closed, unless --otherwise KIND says what it is.\n";

/// With an empty line between them.
std::string join(std::initializer_list<std::string_view> parts) {
  std::string footer;
  for (const std::string_view part : parts) footer.append(part).append(part.ends_with('\n') ? "\n" : "");
  return footer;
}

/// `more`: what the other one does not have.
std::string talk_footer(std::string_view more, std::string_view text) {
  return join({framings, filters, formats, codecs, commands_text, more, times, text, exit_codes_help});
}

constexpr std::string_view send_text =
    "It begins when there are peers, and leaves when everything has been written, and acknowledged\n"
    "with --delivery at-least-once. What cannot be delivered is reported: exit code 4 when there is no\n"
    "peer, 3 when peers do not take it, each after --timeout (10s at the end), otherwise 1. A peer that\n"
    "does not read holds the others up. What peers send is not printed.\n"
    "\n"
    "Examples:\n"
    "  parley send --connect tcp://127.0.0.1:25000 hello world\n"
    "  parley send --bind tcp://*:25000 --mode publish --interval 1s --count 60 'tick {{count}} {{time}}'\n"
    "  parley send --bind tcp://*:25000 --wait-peers 3 --file jobs.txt --delivery at-least-once\n"
    "  tail -f log | parley send --connect tcp://a:1 --connect tcp://b:1 --mode publish\n"
    "  parley send --connect tcp://127.0.0.1:25000 --to 000102030405060708090a0b0c0d0e0f 'only you'\n";

constexpr std::string_view receive_text =
    "A message is acknowledged when it has been printed. Without --count it receives until it is\n"
    "interrupted. With --verbose the sender of each message is told on standard error, with --json it\n"
    "is in the object.\n"
    "\n"
    "Examples:\n"
    "  parley receive --bind tcp://127.0.0.1:25000\n"
    "  parley receive --connect tcp://a:1 --connect tcp://b:1 --count 10 --timeout 30s\n"
    "  parley receive --bind tls://*:25000 --tls-cert server.pem --tls-key server.key --json\n";

constexpr std::string_view echo_text =
    "Without --count it goes on until it is interrupted. It prints nothing; --verbose and --json tell\n"
    "what comes. A peer that does not read its answers holds the others up.\n"
    "\n"
    "Examples:\n"
    "  parley echo --bind tcp://127.0.0.1:25000\n"
    "  parley echo --connect tcp://127.0.0.1:25000 --delivery at-least-once\n";

constexpr std::string_view proxy_text =
    "What comes at FRONT goes to those at BACK in turn. The proxy takes no more than they do. With\n"
    "at-least-once a message is acknowledged at FRONT when it has been at BACK, so that none is lost with\n"
    "a peer or with the proxy. When it is interrupted it passes on what has been sent, for 5 seconds.\n"
    "\n"
    "Any of the faults makes it a bad network on purpose. Messages of one sender stay in order under\n"
    "--delay. At the end it tells on standard error what it has dropped and cut.\n"
    "\n"
    "Examples:\n"
    "  parley proxy tcp://*:25000 tcp://*:25001\n"
    "  parley proxy tcp://*:25000 tcp://server:25001 --connect-back --both-ways\n"
    "  parley proxy tcp://*:25000 tcp://*:25001 --cut 2s --delay 5ms..50ms --drop 1 --seed 7\n";

constexpr std::string_view peers_text =
    "One line for each peer that is there at the end. Whoever looks is a peer too: who sends in turn\n"
    "sends to it as well. What is sent at least once then goes to another, as it is not acknowledged;\n"
    "the rest is lost, and counted.\n"
    "\n"
    "Examples:\n"
    "  parley peers tcp://127.0.0.1:25000\n"
    "  parley peers tcp://*:25000 --bind --for 10s --json\n";

constexpr std::string_view rpc_formats =
    "Formats (instead of JSON values): text, quoted, hex, base64 or raw, as of parley send.\n";

constexpr std::string_view rpc_codecs =
    "Codecs (values are written as JSON here whatever they travel as):\n"
    "  json      JSON, the default\n"
    "  msgpack   MessagePack\n"
    "  pickle    Python's pickle, as far as it is data\n"
    "  text      a string of UTF-8\n"
    "  bytes     anything; in JSON, a string of base64\n";

constexpr std::string_view brokers =
    "Brokers (RabbitMQ, and others of AMQP 0-9-1):\n"
    "  Both sides connect to amqp://USER:PASSWORD@HOST:PORT/VHOST?address=NAME and meet at that address.\n"
    "  Who asks has a name of its own there besides, &client=NAME: its two queues are called after it, and\n"
    "  stay. Left out, USER:PASSWORD is guest:guest, PORT 5672 (amqps: 5671), and the virtual host /.\n"
    "  For amqps:// the options of TLS are about the broker, on both sides.\n";

constexpr std::string_view request_text =
    "It prints the answer. An error is told with the handler's code: exit code 1 when the handler has\n"
    "failed, 5 when the request was refused (no such route, not the value that is taken, overloaded).\n"
    "With --count it goes on after such an error, and the first one decides.\n"
    "\n"
    "Examples:\n"
    "  parley request tcp://127.0.0.1:7500 sum '{\"a\": 2, \"b\": 3}'\n"
    "  parley request tcp://127.0.0.1:7500 --unnamed '\"hello\"'\n"
    "  jq .order orders.json | parley request tls://shop:7500 order\n"
    "  parley request tcp://127.0.0.1:7500 log '\"done\"' --notify\n"
    "  parley request 'amqp://broker?address=shop&client=till-7' order '{\"item\": 3}'\n"
    "  parley request tcp://127.0.0.1:7500 sum '{\"a\": 2, \"b\": 3}' --count 100000 --concurrency 64 --discard\n";

constexpr std::string_view serve_text =
    "/bin/sh runs COMMAND once for each request, whose value it reads from its standard input; what it\n"
    "prints is the answer, and nothing is null. One that leaves with another exit code than 0 is an error\n"
    "whose message is the last line on its standard error, and whose code is that exit code. One that\n"
    "prints more than --max-size, or works for longer than --timeout, is killed, and is an error too.\n"
    "With --any alone, requests get there whatever route they name. When it is interrupted it lets\n"
    "commands end for 5 seconds, and sends their answers.\n"
    "\n"
    "Examples:\n"
    "  parley serve tcp://127.0.0.1:7500 --route double='jq \". * 2\"' --route when='date +\\\"%F\\\"'\n"
    "  parley serve unix:///run/app.sock --any 'python3 answer.py' --codec msgpack\n"
    "  parley serve tls://*:7500 --tls-cert server.pem --route upper='tr a-z A-Z' --format text\n"
    "  parley serve 'amqp://broker?address=shop' --route order='python3 order.py'\n";

constexpr std::string_view routes_text =
    "Of a server that lists its routes, as parley serve does. With --json what each takes and gives is\n"
    "a JSON Schema.\n"
    "\n"
    "Examples:\n"
    "  parley routes tcp://127.0.0.1:7500\n"
    "  parley routes tls://shop:7500 --json\n"
    "  parley routes 'amqp://broker?address=shop&client=till-7'\n";

constexpr std::string_view tunnel_text =
    "Each connection to a local port becomes a channel of one connection to the gateway, which connects to\n"
    "where it leads. Bytes go both ways, and so do the end of one direction and a reset. A slow reader\n"
    "holds up its own connection and no other.\n"
    "\n"
    "When the gateway is lost, the connections through it are cut, and it is dialled until it is back. New\n"
    "ones wait for it meanwhile, for --timeout. With --verbose each connection is told when it opens and\n"
    "when it closes, with its bytes; with --json it always is. When it is interrupted it lets connections\n"
    "end for 5 seconds.\n"
    "\n"
    "Examples:\n"
    "  parley tunnel --listen tcp://127.0.0.1:8080 --to tcp://intranet:80 --via mux+tcp://gate:7000\n"
    "  parley tunnel --via mux+tls://gate:7000 --tls-ca ca.pem --stats 1min \\\n"
    "    --listen tcp://127.0.0.1:6379 --to tcp://127.0.0.1:6379 \\\n"
    "    --listen unix:///tmp/db.sock --to unix:///run/postgresql/.s.PGSQL.5432\n";

constexpr std::string_view gateway_text =
    "A PATTERN is an endpoint, tcp://HOST:PORT or unix:///PATH, or a host with any port, tcp://HOST:*.\n"
    "What a tunnel asks for is compared as it is written, before names are looked up: localhost is not\n"
    "127.0.0.1. Nothing else is connected to. A tunnel is told why it is refused.\n"
    "\n"
    "Whoever can connect to the gateway can use it: bind it to an address that only tunnels reach, or\n"
    "have it ask for certificates by mux+tls:// and --tls-ca.\n"
    "\n"
    "Examples:\n"
    "  parley gateway --listen mux+tcp://127.0.0.1:7000 --allow tcp://127.0.0.1:80\n"
    "  parley gateway --listen mux+tls://*:7000 --tls-cert gate.pem --tls-key gate.key --tls-ca ca.pem \\\n"
    "    --allow 'tcp://127.0.0.1:*' --allow unix:///run/postgresql/.s.PGSQL.5432\n";

}  // namespace

std::shared_ptr<CLI::FormatterBase> make_help_formatter() { return std::make_shared<HelpFormatter>(); }

std::string main_footer() {
  return join(
      {"Connections carry messages in a framing that both ends agree on. Smart sockets have any number of\n"
       "peers, find them again when they are lost, and speak the aiomsg protocol. Requests are answered by\n"
       "handlers that have names, and speak communica.\n",
       "Examples:\n"
       "  parley demo\n"
       "  parley listen tcp://127.0.0.1:8888 --echo\n"
       "  parley connect tcp://127.0.0.1:8888 hello world\n"
       "  parley receive --bind tcp://127.0.0.1:25000\n"
       "  parley send --connect tcp://127.0.0.1:25000 hello world\n"
       "  parley serve tcp://127.0.0.1:7500 --route length='jq length'\n"
       "  parley request tcp://127.0.0.1:7500 length '[1, 2, 3]'\n"
       "  parley send --help\n",
       exit_codes_help});
}

std::string listen_footer() {
  return talk_footer(
      kinds_text,
      "What is typed goes to everyone connected. Piped input waits for the first peer; at its end, listen\n"
      "leaves once nothing has moved for --wait seconds. Otherwise it serves until it is interrupted.\n"
      "\n"
      "Examples:\n"
      "  parley listen tcp://127.0.0.1:8888 --echo             send every message back\n"
      "  parley listen tcp://127.0.0.1:8888 --exec 'jq .id'    answer with what a command prints\n"
      "  parley listen tcp://*:9000 --framing separator --classify '!!=panel' --on panel='echo ok' \\\n"
      "    --classify M:=meter --on meter='cat >> readings'    each kind of device its own command\n"
      "  parley listen unix:///run/app.sock --json             one JSON object for each event\n"
      "  parley listen tcp://*:0 --count 1 --timeout 10        wait for one message, 10 s at most\n"
      "  parley listen ws://127.0.0.1:8080 --echo              for a page in a browser\n"
      "  parley listen tcp://127.0.0.1:8888 --codec pickle     values from Python, printed as JSON\n"
      "  parley listen tls://*:8443 --tls-cert server.pem --tls-key server.key\n"
      "  parley listen tcp://*:7777 --once --framing raw > f   receive a file from nc or socat\n");
}

std::string connect_footer() {
  return talk_footer(
      {},
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
      "  parley connect tcp://gateway:4001 --framing idle-gap:50ms --filter crc16 --format hex 0103000a0001\n"
      "  parley connect tcp://[::1]:8888 --file photo.jpg --format raw\n");
}

std::string socket_footer(SocketRole role) {
  const std::string_view text = role == SocketRole::send      ? send_text
                                : role == SocketRole::receive ? receive_text
                                                              : echo_text;
  return join({socket_formats, codecs, times, text, exit_codes_help});
}

std::string proxy_footer() { return join({times, proxy_text, exit_codes_help}); }

std::string peers_footer() { return join({times, peers_text, exit_codes_help}); }

std::string request_footer() { return join({rpc_codecs, rpc_formats, brokers, times, request_text, exit_codes_help}); }

std::string serve_footer() { return join({rpc_codecs, rpc_formats, brokers, times, serve_text, exit_codes_help}); }

std::string routes_footer() { return join({brokers, times, routes_text, exit_codes_help}); }

std::string tunnel_footer() { return join({times, tunnel_text, exit_codes_help}); }

std::string gateway_footer() { return join({times, gateway_text, exit_codes_help}); }

std::string demo_footer() { return std::string{exit_codes_help.substr(0, exit_codes_help.find("\n  2"))}; }

}  // namespace parley::tool
