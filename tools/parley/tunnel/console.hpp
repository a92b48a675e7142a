// What the user sees of a tunnel or a gateway.
#pragma once

#include "tunnel/relay.hpp"
#include "voice.hpp"

#include <parley/endpoint.hpp>
#include <parley/time.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace parley::tool {

/// Which connection it is about.
struct CarriedConnection {
  std::uint64_t number = 0;  ///< in the order of their coming
  std::string peer;          ///< who has connected
  std::string to;            ///< where it leads; empty while that is not known
};

/// Since the beginning, and now.
struct CarrierTotals {
  std::uint64_t opened = 0;
  std::uint64_t refused = 0;  ///< or failed, before it was open
  std::size_t open = 0;       ///< now, those on their way included
  std::size_t sessions = 0;   ///< now
  Traffic traffic{};
};

class CarrierConsole : public Voice {
 public:
  using Voice::Voice;

  /// A local port, and where it leads.
  void forwarding(const Endpoint& at, const Endpoint& to);

  void session_up(const Endpoint& with, std::optional<Duration> lost_for);
  /// It takes no more connections; those that it has go on.
  void session_ending(const Endpoint& with, std::size_t connections, std::string_view sentence);
  void session_lost(const Endpoint& with, std::size_t connections_cut, std::string_view sentence);
  /// To people once for each reason.
  void retrying(const Endpoint& with, Duration delay, const std::string& sentence);

  void opened(const CarriedConnection& which);
  void refused(const CarriedConnection& which, std::string_view sentence);
  /// `sentence`: why it was cut; empty for one that has ended in order.
  void closed(const CarriedConnection& which, const Traffic& traffic, std::string_view sentence);

  void totals(const CarrierTotals& all);

 private:
  /// For those who want to hear of each connection.
  void detail(const std::string& sentence);

  std::set<std::string> reasons_told_;  // since the last session
};

}  // namespace parley::tool
