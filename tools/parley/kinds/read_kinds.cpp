#include "kinds/read_kinds.hpp"

#include "read_values.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace parley::tool {
namespace {

using Commands = decltype(PeerKinds::commands);

/// So that a name is one word wherever it is shown, and ends where the sign is.
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

struct Prefix {
  std::string bytes;
  std::string kind;
};

std::string read_kind(const std::string& option, const std::string& name) {
  if (name.empty() || name.find_first_not_of(name_characters) != std::string::npos)
    refuse(fmt::format("{}: a kind is named by letters, digits, -, _ and ., not by {}", option, excerpt(name)));
  return name;
}

/// The prefix may have the sign in it, a kind may not.
Prefix read_prefix(const std::string& text) {
  const std::size_t sign = text.rfind('=');
  if (sign == std::string::npos) refuse("--classify is PREFIX=KIND, not " + excerpt(text));
  const std::string kind = read_kind("--classify " + text, text.substr(sign + 1));
  if (sign == 0)
    refuse(fmt::format("--classify {} has no prefix; --otherwise {} is for peers that begin with none", text, kind));
  const std::optional<std::string> bytes = unquote(std::string_view{text}.substr(0, sign));
  if (!bytes)
    refuse(fmt::format("--classify {}: the escapes of a prefix are \\n \\r \\t \\0 \\\\ \\\" and \\xHH", text));
  return {*bytes, kind};
}

app::ByPrefix read_table(const KindWords& words) {
  std::vector<Prefix> prefixes;
  for (const std::string& text : words.classify) {
    Prefix prefix = read_prefix(text);
    const auto is_same = [&prefix](const Prefix& each) { return each.bytes == prefix.bytes; };
    if (std::any_of(prefixes.begin(), prefixes.end(), is_same))
      refuse(fmt::format("--classify has the prefix {} twice", quote(prefix.bytes)));
    prefixes.push_back(std::move(prefix));
  }
  std::vector<app::ByPrefix::Entry> table;
  for (const Prefix& each : prefixes) table.emplace_back(each.bytes, each.kind);
  if (!words.otherwise) return app::ByPrefix{table};
  return app::ByPrefix{table, read_kind("--otherwise", *words.otherwise)};
}

Commands read_commands(const KindWords& words) {
  Commands commands;
  for (const std::string& text : words.on) {
    const std::size_t sign = text.find('=');
    if (sign == std::string::npos || sign + 1 == text.size()) refuse("--on is KIND=COMMAND, not " + excerpt(text));
    const std::string kind = read_kind("--on", text.substr(0, sign));
    const bool is_new = commands.emplace(kind, text.substr(sign + 1)).second;
    if (!is_new) refuse(fmt::format("--on {} is given twice", kind));
  }
  return commands;
}

/// "panel", "panel and meter", "panel, meter and visitor".
std::string list_of(const std::vector<std::string>& names) {
  std::string list = names.front();
  for (std::size_t i = 1; i < names.size(); ++i) list += (i + 1 == names.size() ? " and " : ", ") + names[i];
  return list;
}

void check_all_are_answered(const std::vector<std::string>& kinds, const Commands& commands, bool names_the_rest) {
  for (const auto& [kind, command] : commands)
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
      refuse(fmt::format("--on {0}: --classify names no kind {0}; the kinds are {1}", kind, list_of(kinds)));
  for (const std::string& kind : kinds) {
    const bool may_be_sent_away = kind == app::unclassified && !names_the_rest;
    if (!commands.contains(kind) && !may_be_sent_away)
      refuse(fmt::format("no --on answers peers of the kind {0}; give --on {0}=COMMAND", kind));
  }
}

}  // namespace

std::optional<PeerKinds> read_kinds(const KindWords& words) {
  if (words.classify.empty()) {
    if (!words.on.empty())
      refuse("--on needs --classify PREFIX=KIND, which tells peers apart; to answer all alike there is --exec");
    if (words.otherwise) refuse("--otherwise is for peers that begin with no PREFIX of --classify, and none is given");
    return std::nullopt;
  }
  PeerKinds kinds{read_table(words), read_commands(words)};
  check_all_are_answered(kinds.table.kinds().names(), kinds.commands, words.otherwise.has_value());
  return kinds;
}

}  // namespace parley::tool
