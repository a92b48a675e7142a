#include "app/registry.hpp"

#include <algorithm>
#include <stdexcept>

namespace parley::app::detail {
namespace {

bool is_for(const std::optional<Kinds>& kinds, std::string_view name) {
  return kinds && std::ranges::find(kinds->names(), name) != kinds->names().end();
}

/// In order, those for every kind first or last.
template <class T>
std::vector<T> chosen(const std::vector<Registry::Entry<T>>& entries, std::string_view kind, bool general_first) {
  std::vector<T> general;
  std::vector<T> special;
  for (const auto& entry : entries) {
    if (!entry.kinds) general.push_back(entry.what);
    if (is_for(entry.kinds, kind)) special.push_back(entry.what);
  }
  std::vector<T>& first = general_first ? general : special;
  std::ranges::copy(general_first ? special : general, std::back_inserter(first));
  return std::move(first);
}

std::string quoted_kind(std::string_view name) { return "\"" + std::string{name} + "\""; }

}  // namespace

void Registry::require_open() const {
  if (is_built_) throw std::logic_error("handlers are registered before the start, and this has been started");
}

void Registry::check(const std::optional<Kinds>& kinds, std::string_view what, const Names& known) const {
  if (!kinds) return;
  for (const std::string& name : kinds->names()) {
    if (name == unclassified) continue;
    if (!classifier) {
      throw std::invalid_argument(std::string{what} + " is for peers of the kind " + quoted_kind(name) +
                                  ", and there is no classifier that could name it");
    }
    if (declared && !known.contains(name)) {
      throw std::invalid_argument(std::string{what} + " is for peers of the kind " + quoted_kind(name) +
                                  ", which is not among those that the classifier declares");
    }
  }
}

Registry::Names Registry::check_all() const {
  Names known{std::string{unclassified}};
  if (declared) known.insert(declared->names().begin(), declared->names().end());
  Names named = known;
  const auto look = [&](const std::optional<Kinds>& kinds, std::string_view what) {
    check(kinds, what, known);
    if (kinds) named.insert(kinds->names().begin(), kinds->names().end());
  };
  for (const auto& entry : messages) look(entry.kinds, "a message handler");
  for (const auto& entry : after_receive) look(entry.kinds, "an after_receive hook");
  for (const auto& entry : before_send) look(entry.kinds, "a before_send hook");
  for (const auto& entry : filters) look(entry.kinds, "a filter");
  for (const auto& entry : framings) look(entry.first, "a framing");
  return named;
}

void Registry::check_handled(const Table& table) const {
  if (!declared) return;
  for (const std::string& name : declared->names()) {
    if (name != unclassified && table.kinds.find(name)->second.handlers.empty()) {
      throw std::invalid_argument("the classifier declares the kind " + quoted_kind(name) +
                                  ", and no message handler is for it");
    }
  }
}

void Registry::fill(KindTable& kind) const {
  kind.handlers = chosen(messages, kind.name, true);
  kind.after_receive = chosen(after_receive, kind.name, true);
  kind.before_send = chosen(before_send, kind.name, false);
  for (const auto& entry : filters) {
    if (is_for(entry.kinds, kind.name)) kind.filters.push_back(entry.what);
  }
  for (const auto& [kinds, framing] : framings) {
    if (is_for(kinds, kind.name)) kind.framing = framing;
  }
}

std::shared_ptr<const Table> Registry::build(Duration silence_max) {
  require_open();
  const Names names = check_all();
  auto table = std::make_shared<Table>();
  for (const std::string& name : names) {
    KindTable& kind = table->kinds[name];
    kind.name = name;
    fill(kind);
  }
  fill(table->other);
  table->has_declared_kinds = declared.has_value();
  check_handled(*table);

  table->connect = connect;
  table->disconnect = disconnect;
  table->error = error;
  for (const Idle& each : idle) {
    table->idle.push_back(each.handler);
    table->silence.tell_after.push_back(each.after);
  }
  table->silence.silence_max = silence_max;
  for (const auto& entry : filters) {
    if (!entry.kinds) table->filters.push_back(entry.what);
  }
  table->classifier = classifier;
  table->has_before_send = !before_send.empty();
  table->has_filters = !filters.empty();
  is_built_ = true;
  return table;
}

}  // namespace parley::app::detail
