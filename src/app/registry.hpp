// Registry: what is registered before the start, in order; and the table that is made of it.
#pragma once

#include "app/table.hpp"

#include <parley/app/handler.hpp>
#include <parley/app/kinds.hpp>
#include <parley/time.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::app::detail {

class Registry {
 public:
  /// For some kinds, or for every kind.
  template <class T>
  struct Entry {
    std::optional<Kinds> kinds;
    T what;
  };
  struct Idle {
    Duration after;
    EventHandler handler;
  };

  /// Throws std::logic_error once the table has been made.
  void require_open() const;

  /// Throws std::invalid_argument where what was registered does not fit the kinds that there are.
  [[nodiscard]] std::shared_ptr<const Table> build(Duration silence_max);

  std::vector<EventHandler> connect;
  std::vector<EventHandler> disconnect;
  std::vector<EventHandler> error;
  std::vector<Idle> idle;
  std::vector<Entry<MessageHandler>> messages;
  std::vector<Entry<Hook>> after_receive;
  std::vector<Entry<Hook>> before_send;
  std::vector<Entry<MakeFilter>> filters;
  std::vector<std::pair<Kinds, Framing>> framings;
  Classifier classifier;
  std::optional<Kinds> declared;

 private:
  using Names = std::set<std::string, std::less<>>;

  /// Throws for a name that no peer can have.
  void check(const std::optional<Kinds>& kinds, std::string_view what, const Names& known) const;
  [[nodiscard]] Names check_all() const;
  void check_handled(const Table& table) const;
  void fill(KindTable& kind) const;

  bool is_built_ = false;
};

}  // namespace parley::app::detail
