// Who the panels are, and what each of them does when: the same for the same options.
#pragma once

#include "../alarm_receiver/journal.hpp"
#include "../alarm_receiver/protocol.hpp"
#include "options.hpp"

#include <parley/time.hpp>

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a panel may be told to do; a simulated one always has an account.
inline constexpr std::array misdeeds{Misbehaviour::garbage, Misbehaviour::half, Misbehaviour::silent,
                                     Misbehaviour::flood};

struct PanelPlan {
  std::string_view kind;
  unsigned account;
  parley::TimePoint first;  ///< when it connects, and says its account
  std::optional<Misbehaviour> misdeed;
  unsigned misdeed_at = 0;  ///< in place of the event of this number

  [[nodiscard]] std::string first_message() const {
    const std::string_view prefix = kind == panels::checked   ? panels::checked_prefix
                                    : kind == panels::records ? panels::records_prefix
                                                              : std::string_view{};
    return std::string{prefix} + std::to_string(account);
  }
};

struct Plan {
  parley::Duration interval;  ///< between two events of a panel
  unsigned event_count;       ///< of each
  std::vector<PanelPlan> panels;
};

inline Plan make_plan(const SimulatorOptions& options, parley::TimePoint begin) {
  constexpr std::array kinds{panels::checked, panels::records, panels::plain};
  const auto span = [](std::chrono::duration<double> value) {
    return std::chrono::duration_cast<parley::Duration>(value);
  };
  Plan plan{span(std::chrono::duration<double>{1 / options.rate}),
            static_cast<unsigned>(std::lround(options.seconds.count() * options.rate)),
            {}};
  const double share = options.misbehaving / 100;
  unsigned misbehaving = 0;
  for (unsigned i = 0; i < options.panels; ++i) {
    const std::size_t kind = i % kinds.size();
    PanelPlan panel{kinds[kind], static_cast<unsigned>(kind + 1) * 100'000 + i,
                    begin + span(std::chrono::duration<double>{i / options.rate / options.panels}), std::nullopt};
    if (misbehaving < std::floor((i + 1) * share)) {  // spread evenly over the panels
      panel.misdeed = misdeeds[misbehaving++ % misdeeds.size()];
      panel.misdeed_at = plan.event_count / 3 + 1;
    }
    plan.panels.push_back(panel);
  }
  return plan;
}
