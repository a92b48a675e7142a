#include <parley/app/handlers.hpp>

#include "app/registry.hpp"
#include "detail/long_time.hpp"

#include <algorithm>
#include <stdexcept>

namespace parley::app {

void Handlers::add_connect(detail::EventHandler handler) {
  registry_->require_open();
  registry_->connect.push_back(std::move(handler));
}

void Handlers::add_disconnect(detail::EventHandler handler) {
  registry_->require_open();
  registry_->disconnect.push_back(std::move(handler));
}

void Handlers::add_error(detail::EventHandler handler) {
  registry_->require_open();
  registry_->error.push_back(std::move(handler));
}

void Handlers::add_idle(Duration after, detail::EventHandler handler) {
  registry_->require_open();
  if (after <= Duration{0}) throw std::invalid_argument("on_idle needs a time above 0 after which a peer is idle");
  after = parley::detail::at_most_longest(after);
  auto& idle = registry_->idle;
  idle.insert(std::ranges::upper_bound(idle, after, {}, &detail::Registry::Idle::after), {after, std::move(handler)});
}

void Handlers::add_message(ForKinds kinds, detail::MessageHandler handler) {
  registry_->require_open();
  registry_->messages.push_back({std::move(kinds), std::move(handler)});
}

void Handlers::set_classifier(detail::Classifier classifier, std::optional<Kinds> declared) {
  registry_->require_open();
  if (registry_->classifier) throw std::invalid_argument("there is a classifier already, and there can be only one");
  registry_->classifier = std::move(classifier);
  registry_->declared = std::move(declared);
}

void Handlers::classify(ByPrefix table) {
  Kinds kinds = table.kinds();
  classify([table = std::move(table)](const Message& first) { return table.kind_of(first.view()); }, std::move(kinds));
}

void Handlers::framing(const Kinds& kinds, const Framing& framing) {
  registry_->require_open();
  registry_->framings.emplace_back(kinds, framing);
}

void Handlers::filter(MakeFilter make) {
  registry_->require_open();
  if (!make) throw std::invalid_argument("a filter needs a function that makes it for each peer");
  registry_->filters.push_back({std::nullopt, std::move(make)});
}

void Handlers::filter(const Kinds& kinds, MakeFilter make) {
  registry_->require_open();
  if (!make) throw std::invalid_argument("a filter needs a function that makes it for each peer");
  registry_->filters.push_back({kinds, std::move(make)});
}

void Handlers::add_after_receive(ForKinds kinds, detail::Hook hook) {
  registry_->require_open();
  registry_->after_receive.push_back({std::move(kinds), std::move(hook)});
}

void Handlers::add_before_send(ForKinds kinds, detail::Hook hook) {
  registry_->require_open();
  registry_->before_send.push_back({std::move(kinds), std::move(hook)});
}

}  // namespace parley::app
