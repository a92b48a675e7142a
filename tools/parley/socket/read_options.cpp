#include "socket/read_options.hpp"

#include "named.hpp"
#include "schemes.hpp"
#include "socket/template.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string_view>

namespace parley::tool {
namespace {

constexpr Named<SendMode, 2> modes{{{"round-robin", SendMode::round_robin}, {"publish", SendMode::publish}}};
constexpr Named<Delivery, 2> deliveries{
    {{"at-most-once", Delivery::at_most_once}, {"at-least-once", Delivery::at_least_once}}};
constexpr Named<Dialect, 2> dialects{{{"aiomsg", Dialect::aiomsg}, {"legacy", Dialect::aiomsg_legacy}}};

template <class T, std::size_t N>
T read_name(std::string_view option, const Named<T, N>& all, const std::optional<std::string>& text, T otherwise) {
  if (!text) return otherwise;
  if (const std::optional<T> found = find_named(all, *text)) return *found;
  std::string names;
  for (std::size_t i = 0; i < N; ++i) names += (i == 0 ? "" : i + 1 == N ? " or " : ", ") + std::string{all[i].first};
  refuse(fmt::format("{} is {}, not {}", option, names, quote(*text)));
}

Identity read_identity(std::string_view option, const std::string& text) {
  try {
    return Identity::parse(text);
  } catch (const std::invalid_argument& e) {
    refuse(fmt::format("{} {}: {}", option, quote(text), e.what()));
  }
}

std::vector<Endpoint> read_endpoints(const std::vector<std::string>& texts) {
  std::vector<Endpoint> endpoints;
  for (const std::string& text : texts) {
    const Endpoint endpoint = read_stream_endpoint(text);
    const bool is_known = std::find(endpoints.begin(), endpoints.end(), endpoint) != endpoints.end();
    const bool takes_any = endpoint.has_port() && endpoint.port() == 0;
    if (is_known && !takes_any) refuse(endpoint.to_string() + " is given twice");
    endpoints.push_back(endpoint);
  }
  return endpoints;
}

void check_dialect(const PartyOptions& party) {
  if (party.dialect != Dialect::aiomsg_legacy) return;
  for (const auto* const all : {&party.bound, &party.dialled})
    for (const Endpoint& endpoint : *all)
      if (uses_websocket(endpoint)) refuse(endpoint.to_string() + ": the legacy dialect is not spoken over WebSocket");
}

void read_interval(const SocketTalkWords& words, SocketTalkOptions& options) {
  if (words.rate && words.interval) refuse("--rate and --interval both say when the next message goes; give one");
  if (words.interval) options.interval = read_time("--interval", *words.interval);
  if (!words.rate) return;
  const std::optional<double> rate = parse_decimal(*words.rate);
  if (!rate || *rate == 0) refuse("--rate is a number of messages a second, above 0, not " + quote(*words.rate));
  options.interval = Seconds{1 / *rate};
  options.catches_up = true;
}

/// Bodies from the command line are right, or nothing is sent.
void check_bodies(const SocketTalkOptions& options) {
  std::mt19937_64 random;
  for (const std::string& body : options.bodies) {
    try {
      const std::string text =
          options.literal ? body
                          : BodyTemplate{body, options.size_max}.fill_in(1, std::chrono::system_clock::now(), random);
      const Message read = read_body(options.notation(), text);
      if (read.size() > options.size_max) {
        refuse(fmt::format("a message of {} bytes exceeds --max-size {}", read.size(), options.size_max));
      }
    } catch (const BadBody& e) {
      refuse(e.what());
    }
  }
}

void check_input(const SocketTalkOptions& options) {
  if (options.role != SocketRole::send) return;
  if (!options.bodies.empty() && options.file) refuse("give messages as arguments or as --file, not both");
  if (options.literal && options.bodies.empty()) refuse("--literal is about messages given as arguments");
  const bool can_be_read_again = !options.bodies.empty() || (options.file && *options.file != "-");
  if (options.count && !can_be_read_again)
    refuse("--count repeats messages given as arguments or by --file; standard input can be read only once");
}

}  // namespace

PartyOptions read_party(const PartyWords& words) {
  PartyOptions party;
  party.bound = read_endpoints(words.bound);
  party.dialled = read_endpoints(words.dialled);
  for (const Endpoint& endpoint : party.dialled) check_can_be_dialled(endpoint);
  party.dialect = read_name("--dialect", dialects, words.dialect, Dialect::aiomsg);
  if (words.identity) party.socket.identity = read_identity("--identity", *words.identity);
  party.socket.send_mode = read_name("--mode", modes, words.mode, SendMode::round_robin);
  party.socket.delivery = read_name("--delivery", deliveries, words.delivery, Delivery::at_most_once);
  party.socket.overflow = Overflow::wait;  // whoever types or pipes messages means all of them
  check_dialect(party);
  return party;
}

void check_parties(const TlsWords& tls, const std::vector<const PartyOptions*>& parties) {
  std::vector<Endpoint> bound;
  std::vector<Endpoint> dialled;
  for (const PartyOptions* party : parties) {
    bound.insert(bound.end(), party->bound.begin(), party->bound.end());
    dialled.insert(dialled.end(), party->dialled.begin(), party->dialled.end());
    try {
      policy::check(party->socket);
    } catch (const std::invalid_argument& e) {
      refuse(e.what());
    }
  }
  if (bound.empty() && dialled.empty())
    refuse("an endpoint is missing: --bind ENDPOINT to wait for peers there, --connect ENDPOINT to connect to one");
  check_tls(tls, bound, dialled);
}

void read_socket_talk(const SocketTalkWords& words, SocketTalkOptions& options) {
  read_common(words, options);
  options.party = read_party(words);
  if (words.to) options.to = read_identity("--to", *words.to);
  if (words.wait_peers)
    options.wait_peers = static_cast<std::size_t>(
        read_whole_number("--wait-peers", *words.wait_peers, 0, options.party.socket.peers_max));
  read_interval(words, options);
  options.bodies = words.bodies;
  check_parties(options.tls, {&options.party});
  check_input(options);
  check_bodies(options);
  options.party.socket.keep_for_absent_peers = options.role == SocketRole::send;
  // What has come is acknowledged when it has been printed, or answered.
  if (options.role != SocketRole::send) options.party.socket.acknowledge = Acknowledge::by_application;
  // Neither is of any use where nothing is sent, and taken so that both ends can be started alike.
  if (options.role == SocketRole::receive) options.party.socket.delivery = Delivery::at_most_once;
}

void read_peers(const PeersWords& words, PeersOptions& options) {
  read_common(words, options);
  PartyWords party = words;
  (words.binds ? party.bound : party.dialled).push_back(words.endpoint);
  options.party = read_party(party);
  options.party.socket.acknowledge = Acknowledge::by_application;
  if (words.span) options.span = read_time("--for", *words.span);
  check_parties(options.tls, {&options.party});
}

}  // namespace parley::tool
