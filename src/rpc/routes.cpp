#include <parley/rpc/routes.hpp>

#include <parley/wire/request_metadata.hpp>
#include <parley/wire/utf8.hpp>

#include <stdexcept>

namespace parley::rpc {
namespace {

[[noreturn]] void refuse(const std::string& names) {
  throw std::invalid_argument{"more than one handler for the same requests: " + names};
}

void put_entry(std::string& out, const std::string& quoted_name, const RouteInfo& info) {
  out += out.size() > 1 ? ",{\"name\":" : "{\"name\":";
  out += quoted_name;
  out += ",\"codec\":" + (info.codec.empty() ? "null" : wire::quoted_route(info.codec));
  out += ",\"takes\":" + info.takes + ",\"gives\":" + info.gives + '}';
}

}  // namespace

Routes& Routes::add(std::string name, Route route) {
  if (name == routes_route) throw std::invalid_argument{'"' + name + "\" lists the routes, and takes no handler"};
  if (!wire::is_utf8(name)) throw std::invalid_argument{"the name of a route has to be UTF-8"};
  const auto [at, is_new] = named_.try_emplace(std::move(name), std::move(route));
  if (!is_new) refuse('"' + at->first + '"');
  return *this;
}

Routes& Routes::add_unnamed(Route route) {
  if (unnamed_) refuse("those without a route");
  unnamed_ = std::move(route);
  return *this;
}

Routes& Routes::merge(Routes others) {
  std::string both;
  const auto note = [&both](const std::string& name) { both += (both.empty() ? "" : ", ") + name; };
  for (const auto& [name, route] : others.named_) {
    if (named_.contains(name)) note('"' + name + '"');
  }
  if (unnamed_ && others.unnamed_) note("those without a route");
  if (!both.empty()) refuse(both);
  named_.merge(others.named_);
  if (others.unnamed_) unnamed_ = std::move(others.unnamed_);
  return *this;
}

std::string Routes::to_json() const {
  std::string out = "[";
  for (const auto& [name, route] : named_) put_entry(out, wire::quoted_route(name), route.info);
  if (unnamed_) put_entry(out, "null", unnamed_->info);
  return out += ']';
}

const Route* Routes::find(std::string_view name) const noexcept {
  const auto found = named_.find(name);
  return found == named_.end() ? nullptr : &found->second;
}

}  // namespace parley::rpc
