// SchemaWriter. Names are those of C++, in which nothing has to be escaped for JSON.
#include <parley/codec/schema.hpp>

#include <boost/core/demangle.hpp>

#include <algorithm>

namespace parley::codec {
namespace {

constexpr std::size_t definition_name_size_max = 64;

/// "Item" of "shop::Item", and of "shop::Pair<int, shop::Item>" what a reference may have of that.
std::string short_name(const std::string& full) {
  const std::size_t scope = full.rfind("::", full.find('<'));
  std::string name = full.substr(scope == std::string::npos ? 0 : scope + 2, definition_name_size_max);
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  std::replace_if(
      name.begin(), name.end(), [&](char c) { return !is_plain(c); }, '_');
  return name;
}

}  // namespace

// --- single values ---------------------------------------------------------------------------------------------------

void SchemaWriter::anything() { text_ += "{}"; }
void SchemaWriter::null() { text_ += R"({"type":"null"})"; }
void SchemaWriter::boolean() { text_ += R"({"type":"boolean"})"; }
void SchemaWriter::number() { text_ += R"({"type":"number"})"; }
void SchemaWriter::string() { text_ += R"({"type":"string"})"; }
void SchemaWriter::bytes() { text_ += R"({"type":"string","contentEncoding":"base64"})"; }

void SchemaWriter::integer(std::int64_t least, std::uint64_t most) {
  text_ += R"({"type":"integer","minimum":)" + std::to_string(least) + R"(,"maximum":)" + std::to_string(most) + '}';
}

void SchemaWriter::name(std::span<const std::string_view> names) {
  text_ += R"({"enum":)";
  put_names(names);
  text_ += '}';
}

// --- several ---------------------------------------------------------------------------------------------------------

void SchemaWriter::array(Part element) {
  text_ += R"({"type":"array","items":)";
  element(*this);
  text_ += '}';
}

void SchemaWriter::tuple(std::span<const Part> elements) {
  const std::string count = std::to_string(elements.size());
  text_ += R"({"type":"array")";
  if (!elements.empty()) {
    text_ += R"(,"prefixItems":)";
    put_parts(elements);
    text_ += R"(,"minItems":)" + count;
  }
  text_ += R"(,"maxItems":)" + count + '}';
}

void SchemaWriter::map(Part value) {
  text_ += R"({"type":"object","additionalProperties":)";
  value(*this);
  text_ += '}';
}

void SchemaWriter::map(Part value, std::string_view key_pattern) {
  text_ += R"({"type":"object","propertyNames":{"pattern":")";
  text_ += key_pattern;
  text_ += R"("},"additionalProperties":)";
  value(*this);
  text_ += '}';
}

void SchemaWriter::map(Part value, std::span<const std::string_view> keys) {
  text_ += R"({"type":"object","propertyNames":{"enum":)";
  put_names(keys);
  text_ += R"(},"additionalProperties":)";
  value(*this);
  text_ += '}';
}

void SchemaWriter::either(std::span<const Part> all) {
  text_ += R"({"anyOf":)";
  put_parts(all);
  text_ += '}';
}

void SchemaWriter::object(const std::type_info& type, std::span<const Member> members) {
  if (text_.empty()) {
    definitions_.push_back({type, {}, members});
    return put_members(members);
  }
  auto known = std::find_if(definitions_.begin(), definitions_.end(),
                            [&](const Definition& each) { return each.type == std::type_index{type}; });
  if (known == definitions_.end()) {
    definitions_.push_back({type, name_for(type), members});
    known = definitions_.end() - 1;
  }
  text_ += known->name.empty() ? R"({"$ref":"#"})" : R"({"$ref":"#/$defs/)" + known->name + R"("})";
}

/// No two of them have the same.
std::string SchemaWriter::name_for(const std::type_info& type) const {
  const std::string plain = short_name(boost::core::demangle(type.name()));
  const auto is_taken = [this](const std::string& name) {
    return std::any_of(definitions_.begin(), definitions_.end(),
                       [&](const Definition& each) { return each.name == name; });
  };
  std::string name = plain;
  for (int i = 2; is_taken(name); ++i) name = plain + '_' + std::to_string(i);
  return name;
}

std::string SchemaWriter::text() && {
  const std::size_t begin = !definitions_.empty() && definitions_.front().name.empty() ? 1 : 0;
  if (definitions_.size() == begin) return std::move(text_);
  text_.pop_back();
  text_ += R"(,"$defs":{)";
  // Those that are described may refer to further ones.
  for (std::size_t i = begin; i < definitions_.size(); ++i) {
    text_ += (i == begin ? "\"" : ",\"") + definitions_[i].name + "\":";
    put_members(definitions_[i].members);
  }
  text_ += "}}";
  return std::move(text_);
}

// --- lists -----------------------------------------------------------------------------------------------------------

void SchemaWriter::put_parts(std::span<const Part> all) {
  text_ += '[';
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0) text_ += ',';
    all[i](*this);
  }
  text_ += ']';
}

void SchemaWriter::put_names(std::span<const std::string_view> all) {
  text_ += '[';
  for (std::size_t i = 0; i < all.size(); ++i) {
    text_ += i == 0 ? "\"" : ",\"";
    text_ += all[i];
    text_ += '"';
  }
  text_ += ']';
}

void SchemaWriter::put_members(std::span<const Member> all) {
  text_ += R"({"type":"object","properties":{)";
  std::vector<std::string_view> required;
  for (std::size_t i = 0; i < all.size(); ++i) {
    text_ += i == 0 ? "\"" : ",\"";
    text_ += all[i].name;
    text_ += "\":";
    all[i].part(*this);
    if (!all[i].may_lack) required.push_back(all[i].name);
  }
  text_ += '}';
  if (!required.empty()) {
    text_ += R"(,"required":)";
    put_names(required);
  }
  text_ += '}';
}

}  // namespace parley::codec
