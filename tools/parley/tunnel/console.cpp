#include "tunnel/console.hpp"

#include <fmt/format.h>

#include <chrono>

namespace parley::tool {
namespace {

/// A gateway's name may have many addresses that fail in turn, in any order; no log is made of that.
constexpr std::size_t reasons_max = 16;

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string count_of_connections(std::uint64_t count) {
  return fmt::format("{} connection{}", count, count == 1 ? "" : "s");
}

JsonLine session_line(std::string_view event, const Endpoint& with, std::size_t connections, std::string_view why) {
  return JsonLine{event}.add("endpoint", with.to_string()).add("connections", connections).add("message", why);
}

JsonLine connection_line(std::string_view event, const CarriedConnection& which) {
  JsonLine line{event};
  line.add("connection", which.number).add("peer", which.peer);
  if (!which.to.empty()) line.add("to", which.to);
  return line;
}

std::string way_of(const CarriedConnection& which) {
  return which.to.empty() ? "from " + which.peer : "from " + which.peer + " to " + which.to;
}

}  // namespace

void CarrierConsole::forwarding(const Endpoint& at, const Endpoint& to) {
  event(JsonLine{"listening"}.add("endpoint", at.to_string()).add("to", to.to_string()));
  remark(fmt::format("listening on {} for {}", at.to_string(), to.to_string()), Colour::none);
}

// --- the session -----------------------------------------------------------------------------------------------------

void CarrierConsole::session_up(const Endpoint& with, std::optional<Duration> lost_for) {
  reasons_told_.clear();
  JsonLine line{"session_up"};
  line.add("endpoint", with.to_string());
  if (lost_for) line.add_json("after", fmt::format("{:.3f}", in_seconds(*lost_for)));
  event(line);
  remark(lost_for ? fmt::format("session with {} restored after {:.1f} s", with.to_string(), in_seconds(*lost_for))
                  : fmt::format("session with {} is up", with.to_string()));
}

void CarrierConsole::session_ending(const Endpoint& with, std::size_t connections, std::string_view sentence) {
  event(session_line("session_ending", with, connections, sentence));
  remark(fmt::format("session with {} ending: {} still open: {}", with.to_string(), count_of_connections(connections),
                     sentence));
}

void CarrierConsole::session_lost(const Endpoint& with, std::size_t connections_cut, std::string_view sentence) {
  event(session_line("session_lost", with, connections_cut, sentence));
  remark(fmt::format("session with {} lost: {} cut: {}", with.to_string(), count_of_connections(connections_cut),
                     sentence));
}

void CarrierConsole::retrying(const Endpoint& with, Duration delay, const std::string& sentence) {
  event(JsonLine{"retrying"}
            .add("endpoint", with.to_string())
            .add_json("delay", fmt::format("{:.6f}", in_seconds(delay)))
            .add("message", sentence));
  const bool is_news = reasons_told_.size() < reasons_max && reasons_told_.insert(sentence).second;
  if (is_news || options().verbose)
    remark(fmt::format("warning: {}; trying again in {:.2g} s", sentence, in_seconds(delay)));
}

// --- connections -----------------------------------------------------------------------------------------------------

void CarrierConsole::opened(const CarriedConnection& which) {
  event(connection_line("opened", which));
  detail(fmt::format("connection {} opened {}", which.number, way_of(which)));
}

void CarrierConsole::refused(const CarriedConnection& which, std::string_view sentence) {
  event(connection_line("refused", which).add("message", sentence));
  remark(fmt::format("warning: connection {} {} refused: {}", which.number, way_of(which), sentence));
}

void CarrierConsole::closed(const CarriedConnection& which, const Traffic& traffic, std::string_view sentence) {
  JsonLine line = connection_line("closed", which);
  line.add("up_bytes", traffic.up).add("down_bytes", traffic.down);
  if (!sentence.empty()) line.add("message", sentence);
  event(line);
  detail(fmt::format("connection {} closed: {} bytes up, {} bytes down{}{}", which.number, traffic.up, traffic.down,
                     sentence.empty() ? "" : "; cut: ", sentence));
}

void CarrierConsole::totals(const CarrierTotals& all) {
  event(JsonLine{"stats"}
            .add("open", all.open)
            .add("opened", all.opened)
            .add("refused", all.refused)
            .add("up_bytes", all.traffic.up)
            .add("down_bytes", all.traffic.down)
            .add("sessions", all.sessions));
  remark(fmt::format("{} open, {} opened, {} refused; {} bytes up, {} bytes down; {} session{}",
                     count_of_connections(all.open), all.opened, all.refused, all.traffic.up, all.traffic.down,
                     all.sessions, all.sessions == 1 ? "" : "s"));
}

void CarrierConsole::detail(const std::string& sentence) {
  if (options().verbose) remark(sentence);
}

}  // namespace parley::tool
