#include "rpc/schema_words.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace parley::tool {
namespace {

namespace json = boost::json;

constexpr std::size_t words_size_max = 120;
constexpr int depth_max = 8;
constexpr std::string_view cut_short = "...";

class SchemaText {
 public:
  explicit SchemaText(const json::value& root) : root_{root} { schema(root, 0); }

  std::string text() && {
    if (!is_full()) return std::move(text_);
    text_.resize(words_size_max - cut_short.size());
    while (!text_.empty() && (static_cast<unsigned char>(text_.back()) & 0xc0U) == 0x80) text_.pop_back();
    if (!text_.empty() && static_cast<unsigned char>(text_.back()) >= 0xc0) text_.pop_back();
    return text_.append(cut_short);
  }

 private:
  [[nodiscard]] bool is_full() const noexcept { return text_.size() > words_size_max; }

  static const json::value* member(const json::value& of, std::string_view name) {
    const json::object* const object = of.if_object();
    return object == nullptr ? nullptr : object->if_contains(name);
  }

  void schema(const json::value& what, int depth) {
    if (is_full()) return;
    if (depth > depth_max) return void(text_ += cut_short);
    if (const json::value* const target = reference(what)) return schema(*target, depth + 1);
    if (const json::value* const names = member(what, "enum")) return list(*names, " | ", depth, &SchemaText::name);
    if (const json::value* const any = member(what, "anyOf")) return list(*any, " or ", depth, &SchemaText::schema);
    const json::value* const type = member(what, "type");
    if (type == nullptr || !type->is_string()) return void(text_ += "anything");
    const json::string& name = type->get_string();
    if (name == "object") return object(what, depth);
    if (name == "array") return array(what, depth);
    text_ += member(what, "contentEncoding") != nullptr ? "bytes" : std::string_view{name};
  }

  /// What it refers to: the whole, or something under "$defs".
  const json::value* reference(const json::value& what) const {
    const json::value* const to = member(what, "$ref");
    if (to == nullptr || !to->is_string()) return nullptr;
    const std::string_view path = to->get_string();
    if (path == "#") return &root_;
    constexpr std::string_view definitions = "#/$defs/";
    const json::value* const all = member(root_, "$defs");
    return all == nullptr || !path.starts_with(definitions) ? nullptr : member(*all, path.substr(definitions.size()));
  }

  using Part = void (SchemaText::*)(const json::value&, int);

  void list(const json::value& all, std::string_view between, int depth, Part part) {
    if (!all.is_array()) return void(text_ += "anything");
    bool is_first = true;
    for (const json::value& each : all.get_array()) {
      if (is_full()) return;
      if (!is_first) text_ += between;
      is_first = false;
      (this->*part)(each, depth + 1);
    }
  }

  void name(const json::value& what, int) { text_ += what.is_string() ? std::string_view{what.get_string()} : "..."; }

  void array(const json::value& what, int depth) {
    text_ += '[';
    if (const json::value* const items = member(what, "prefixItems")) {
      list(*items, ", ", depth, &SchemaText::schema);
    } else if (const json::value* const each = member(what, "items")) {
      schema(*each, depth + 1);
    }
    text_ += ']';
  }

  void object(const json::value& what, int depth) {
    const json::value* const members = member(what, "properties");
    const json::value* const others = member(what, "additionalProperties");
    text_ += '{';
    bool is_first = true;
    if (members != nullptr && members->is_object()) {
      for (const json::key_value_pair& each : members->get_object()) {
        if (is_full()) return;
        if (!is_first) text_ += ", ";
        is_first = false;
        text_ += each.key();
        text_ += is_required(what, each.key()) ? ": " : "?: ";
        schema(each.value(), depth + 1);
      }
    } else if (others != nullptr && others->is_object()) {
      text_ += "string: ";
      schema(*others, depth + 1);
    }
    text_ += '}';
  }

  static bool is_required(const json::value& what, std::string_view name) {
    const json::value* const required = member(what, "required");
    if (required == nullptr || !required->is_array()) return false;
    const json::array& names = required->get_array();
    return std::any_of(names.begin(), names.end(),
                       [name](const json::value& each) { return each.is_string() && each.get_string() == name; });
  }

  const json::value& root_;
  std::string text_;
};

}  // namespace

std::string schema_words(const json::value& schema) { return SchemaText{schema}.text(); }

}  // namespace parley::tool
