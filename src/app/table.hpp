// Table: all that was registered, as peers look it up: flat, complete for each kind, and not changed any more.
#pragma once

#include "app/silence.hpp"

#include <parley/app/filter.hpp>
#include <parley/app/handler.hpp>
#include <parley/app/kinds.hpp>
#include <parley/wire/framing.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::app::detail {

/// What is done with peers of one kind.
struct KindTable {
  std::string name;
  std::vector<MessageHandler> handlers;
  std::vector<Hook> after_receive;
  std::vector<Hook> before_send;
  std::vector<MakeFilter> filters;  // those of the kind alone
  std::optional<Framing> framing;
};

struct Table {
  std::vector<EventHandler> connect;
  std::vector<EventHandler> disconnect;
  std::vector<EventHandler> error;
  std::vector<EventHandler> idle;  // each for the time of the same place in silence.tell_after
  SilenceRules silence;
  std::vector<MakeFilter> filters;  // for every kind
  Classifier classifier;            // empty: every peer is unclassified
  bool has_declared_kinds = false;
  bool has_before_send = false;  // for any kind, and so with the next
  bool has_filters = false;
  std::map<std::string, KindTable, std::less<>> kinds;
  KindTable other;  // of kinds that nothing was registered for; its name is empty

  [[nodiscard]] const KindTable& unclassified_kind() const { return kinds.find(unclassified)->second; }
  /// Of a kind that the classifier has named. Null: it is not among those declared.
  [[nodiscard]] const KindTable* find(std::string_view kind) const {
    const auto known = kinds.find(kind);
    if (known != kinds.end()) return &known->second;
    return has_declared_kinds ? nullptr : &other;
  }
};

}  // namespace parley::app::detail
