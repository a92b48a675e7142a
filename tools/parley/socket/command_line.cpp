#include "socket/command_line.hpp"

#include "option_groups.hpp"

#include <string>

namespace parley::tool {
namespace {

constexpr const char* endpoint_group = "Endpoints";
constexpr const char* sending = "Sending";
constexpr const char* pace = "Pace";
constexpr const char* ending = "Ending";

void add_dialect_option(CLI::App& app, std::optional<std::string>& dialect) {
  app.add_option("--dialect", dialect, "What is spoken: aiomsg, or legacy [aiomsg]")
      ->type_name("NAME")
      ->group(endpoint_group);
}

void add_identity_option(CLI::App& app, PartyWords& words) {
  app.add_option("--identity", words.identity, "Who this socket is: 32 hexadecimal digits [random]")
      ->type_name("ID")
      ->group(endpoint_group);
}

void add_endpoint_options(CLI::App& app, PartyWords& words) {
  add_repeated_option(app, "--bind", words.bound, "Take peers there; may be given several times")
      ->type_name("ENDPOINT")
      ->group(endpoint_group);
  add_repeated_option(app, "--connect", words.dialled, "Connect to it, and again when that is lost; the same")
      ->type_name("ENDPOINT")
      ->group(endpoint_group);
  add_identity_option(app, words);
  add_dialect_option(app, words.dialect);
}

void add_message_options(CLI::App& app, SocketTalkWords& words, SocketTalkOptions& options) {
  add_notation_options(app, words);
  if (options.role == SocketRole::send) {
    add_file_option(app, options);
    app.add_flag("--literal", options.literal, "{{count}}, {{time}}, {{random N}} in BODY are nothing special")
        ->group("Messages");
  }
  add_size_option(app, words);
  if (options.role == SocketRole::receive) add_discard_option(app, options);
}

void add_delivery_option(CLI::App& app, std::optional<std::string>& delivery, const std::string& otherwise) {
  app.add_option("--delivery", delivery, "at-most-once or at-least-once [" + otherwise + "]")
      ->type_name("PROMISE")
      ->group(sending);
}

void add_sending_options(CLI::App& app, SocketTalkWords& words, SocketRole role) {
  app.add_option("--mode", words.mode,
                 role == SocketRole::send ? "To the next peer, or to all: round-robin or publish [round-robin]"
                                          : "Of no use here; taken so that both ends can be started alike")
      ->type_name("MODE")
      ->group(sending);
  if (role == SocketRole::send)
    app.add_option("--to", words.to, "To this peer alone, whatever the mode")->type_name("ID")->group(sending);
  add_delivery_option(app, words.delivery, "at-most-once");
}

void add_pace_options(CLI::App& app, SocketTalkWords& words, SocketRole role) {
  const bool sends = role == SocketRole::send;
  app.add_option("--wait-peers", words.wait_peers, "Begin when there are so many peers [1]")
      ->type_name("N")
      ->group(pace);
  app.add_option("--rate", words.rate,
                 sends ? "Send so many messages a second at most" : "Take so many messages a second at most")
      ->type_name("N")
      ->group(pace);
  app.add_option("--interval", words.interval,
                 sends ? "Send one message in that time" : "Take one message in that time")
      ->type_name("TIME")
      ->group(pace);
}

const char* count_help(SocketRole role) {
  switch (role) {
    case SocketRole::send: return "Send everything N times [1]";
    case SocketRole::receive: return "Leave after N messages";
    case SocketRole::echo: break;
  }
  return "Leave after N messages sent back";
}

}  // namespace

void add_options(CLI::App& app, SocketTalkWords& words, SocketTalkOptions& options) {
  if (options.role == SocketRole::send) app.allow_extras();
  add_endpoint_options(app, words);
  add_message_options(app, words, options);
  add_sending_options(app, words, options.role);
  add_pace_options(app, words, options.role);
  app.add_option("--count", words.count, count_help(options.role))->type_name("N")->group(ending);
  app.add_option("--timeout", words.time_out, "Give up when there is no peer (4) or nothing moves (3) for so long")
      ->type_name("TIME")
      ->group(ending);
  add_tls_options(app, options.tls, TlsSide::either);
  add_talk_options(app, words, options);
}

void add_options(CLI::App& app, PeersWords& words, PeersOptions& options) {
  app.add_option("endpoint", words.endpoint)->required()->type_name("ENDPOINT");
  app.add_flag("--bind", words.binds, "Take peers at ENDPOINT instead of connecting to it")->group(endpoint_group);
  add_identity_option(app, words);
  add_dialect_option(app, words.dialect);
  app.add_option("--for", words.span, "Look for so long [1s]")->type_name("TIME")->group(ending);
  add_tls_options(app, options.tls, TlsSide::either);
  add_talk_options(app, words, options);
}

void add_options(CLI::App& app, ProxyWords& words, ProxyOptions& options) {
  constexpr const char* faults = "Faults";
  app.add_option("front", words.front)->required()->type_name("FRONT");
  app.add_option("back", words.back)->required()->type_name("BACK");
  app.add_flag("--connect-front", words.front_connects, "Connect to FRONT instead of taking peers there")
      ->group(endpoint_group);
  app.add_flag("--connect-back", words.back_connects, "Connect to BACK instead of taking peers there")
      ->group(endpoint_group);
  add_dialect_option(app, words.dialect);
  app.add_flag("--both-ways", options.both_ways, "Pass on what comes from BACK as well, to FRONT")->group(sending);
  add_delivery_option(app, words.delivery, "at-least-once");
  add_size_option(app, words);
  app.add_option("--cut", words.cut, "Cut one connection, chosen at random, in that time")
      ->type_name("TIME")
      ->group(faults);
  app.add_option("--delay", words.delay, "Hold each message for so long, or for anything between two times")
      ->type_name("TIME[..TIME]")
      ->group(faults);
  app.add_option("--drop", words.drop, "Lose so many messages of a hundred")->type_name("PERCENT")->group(faults);
  app.add_option("--throttle", words.throttle, "Pass on so many bytes a second, each way; k, M, Ki, Mi may follow")
      ->type_name("BYTES")
      ->group(faults);
  app.add_option("--seed", words.seed, "The same faults again as in a run that told this number [random]")
      ->type_name("N")
      ->group(faults);
  add_tls_options(app, options.tls, TlsSide::either);
  add_talk_options(app, words, options);
}

}  // namespace parley::tool
