#include <parley/codec/shapes.hpp>

#include "codec/base64.hpp"
#include "codec/words.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace parley::codec {

// --- single values ---------------------------------------------------------------------------------------------------

void BooleanShape::describe(std::string& out) const { out += "true or false"; }

bool BooleanShape::boolean(void* object, bool value, Decoder&) const {
  *static_cast<bool*>(object) = value;
  return true;
}

void NullShape::describe(std::string& out) const { out += "null"; }
bool NullShape::null(void*, Decoder&) const { return true; }

void StringShape::describe(std::string& out) const { out += "a string"; }

bool StringShape::string(void* object, std::string_view value, Decoder& decoder) const {
  if (!decoder.charge(value.size())) return false;
  static_cast<std::string*>(object)->assign(value);
  return true;
}

void BytesShape::describe(std::string& out) const { out += "a byte string"; }

bool BytesShape::bytes(void* object, std::span<const std::byte> value, Decoder& decoder) const {
  if (is_message_) {
    *static_cast<Message*>(object) = decoder.payload().share(value);
    return true;
  }
  if (!decoder.charge(value.size())) return false;
  static_cast<std::vector<std::byte>*>(object)->assign(value.begin(), value.end());
  return true;
}

bool BytesShape::string(void* object, std::string_view value, Decoder& decoder) const {
  if (!decoder.rules().text_only) return Shape::string(object, value, decoder);
  if (!decoder.charge(value.size())) return false;
  std::vector<std::byte> decoded;
  if (!decode_base64(value, decoded)) return decoder.fail("expected base64, found " + found_string(value));
  if (is_message_) {
    *static_cast<Message*>(object) = Message{std::move(decoded)};
  } else {
    *static_cast<std::vector<std::byte>*>(object) = std::move(decoded);
  }
  return true;
}

// --- one value or another --------------------------------------------------------------------------------------------

void OptionalShape::describe(std::string& out) const {
  inner_.describe(out);
  out += " or null";
}

bool OptionalShape::null(void* object, Decoder&) const {
  reset_(object);
  return true;
}
bool OptionalShape::boolean(void* object, bool value, Decoder& decoder) const {
  return inner_.boolean(emplace_(object), value, decoder);
}
bool OptionalShape::integer(void* object, std::int64_t value, Decoder& decoder) const {
  return inner_.integer(emplace_(object), value, decoder);
}
bool OptionalShape::big_integer(void* object, std::uint64_t value, Decoder& decoder) const {
  return inner_.big_integer(emplace_(object), value, decoder);
}
bool OptionalShape::real(void* object, double value, Decoder& decoder) const {
  return inner_.real(emplace_(object), value, decoder);
}
bool OptionalShape::string(void* object, std::string_view value, Decoder& decoder) const {
  return inner_.string(emplace_(object), value, decoder);
}
bool OptionalShape::bytes(void* object, std::span<const std::byte> value, Decoder& decoder) const {
  return inner_.bytes(emplace_(object), value, decoder);
}
bool OptionalShape::begin_array(void* object, std::size_t count, Decoder& decoder) const {
  return inner_.begin_array(emplace_(object), count, decoder);
}
bool OptionalShape::begin_map(void* object, std::size_t count, Decoder& decoder) const {
  return inner_.begin_map(emplace_(object), count, decoder);
}

void VariantShape::describe(std::string& out) const {
  for (std::size_t i = 0; i < alternatives_.size(); ++i) {
    if (i > 0) out += i + 1 == alternatives_.size() ? " or " : ", ";
    alternatives_[i].shape->describe(out);
  }
}

const VariantShape::Alternative* VariantShape::taker_of(Kind kind) const noexcept {
  const auto found = std::find_if(alternatives_.begin(), alternatives_.end(),
                                  [kind](const Alternative& each) { return (each.kinds & kind) != 0; });
  return found == alternatives_.end() ? nullptr : &*found;
}

bool VariantShape::null(void* object, Decoder& decoder) const {
  const Alternative* const taker = taker_of(kind_null);
  return taker ? taker->shape->null(taker->emplace(object), decoder) : Shape::null(object, decoder);
}
bool VariantShape::boolean(void* object, bool value, Decoder& decoder) const {
  const Alternative* const taker = taker_of(kind_boolean);
  return taker ? taker->shape->boolean(taker->emplace(object), value, decoder) : Shape::boolean(object, value, decoder);
}
bool VariantShape::integer(void* object, std::int64_t value, Decoder& decoder) const {
  const Alternative* const taker = taker_of(kind_integer);
  return taker ? taker->shape->integer(taker->emplace(object), value, decoder) : Shape::integer(object, value, decoder);
}
bool VariantShape::big_integer(void* object, std::uint64_t value, Decoder& decoder) const {
  const Alternative* const taker = taker_of(kind_integer);
  return taker ? taker->shape->big_integer(taker->emplace(object), value, decoder)
               : Shape::big_integer(object, value, decoder);
}
bool VariantShape::real(void* object, double value, Decoder& decoder) const {
  const Alternative* const taker = taker_of(kind_real);
  return taker ? taker->shape->real(taker->emplace(object), value, decoder) : Shape::real(object, value, decoder);
}
bool VariantShape::string(void* object, std::string_view value, Decoder& decoder) const {
  const Alternative* taker = taker_of(kind_string);
  if (taker == nullptr && decoder.rules().text_only) taker = taker_of(kind_bytes);
  return taker ? taker->shape->string(taker->emplace(object), value, decoder) : Shape::string(object, value, decoder);
}
bool VariantShape::bytes(void* object, std::span<const std::byte> value, Decoder& decoder) const {
  const Alternative* const taker = taker_of(kind_bytes);
  return taker ? taker->shape->bytes(taker->emplace(object), value, decoder) : Shape::bytes(object, value, decoder);
}
bool VariantShape::begin_array(void* object, std::size_t count, Decoder& decoder) const {
  const Alternative* const taker = taker_of(kind_array);
  return taker ? taker->shape->begin_array(taker->emplace(object), count, decoder)
               : Shape::begin_array(object, count, decoder);
}
bool VariantShape::begin_map(void* object, std::size_t count, Decoder& decoder) const {
  const Alternative* const taker = taker_of(kind_object);
  return taker ? taker->shape->begin_map(taker->emplace(object), count, decoder)
               : Shape::begin_map(object, count, decoder);
}

// --- elements --------------------------------------------------------------------------------------------------------

namespace {
/// Memory taken on a count's word alone.
constexpr std::size_t reserve_size_max = 64 * limits::kib;
}  // namespace

void SequenceShape::describe(std::string& out) const { out += "an array"; }

bool SequenceShape::begin_array(void* object, std::size_t count, Decoder& decoder) const {
  if (!decoder.charge(empty_size_) || !decoder.open_array(*this, object)) return false;
  reserve_(object, std::min(count, reserve_size_max / element_size_));
  return true;
}

bool SequenceShape::element(Frame& frame, Decoder& decoder) const {
  ++frame.count;
  if (!decoder.charge(element_size_)) return false;
  frame.slot = append_(frame.object);
  return true;
}

void BooleanAppender::describe(std::string& out) const { out += "true or false"; }

bool BooleanAppender::boolean(void* object, bool value, Decoder&) const {
  static_cast<std::vector<bool>*>(object)->push_back(value);
  return true;
}

void TupleShape::describe(std::string& out) const {
  out += "an array of ";
  out += std::to_string(count_);
}

bool TupleShape::begin_array(void* object, std::size_t, Decoder& decoder) const {
  return decoder.open_array(*this, object);
}

bool TupleShape::element(Frame& frame, Decoder& decoder) const {
  if (frame.count == count_) {
    const std::string count = std::to_string(count_);
    return decoder.fail_container("expected an array of " + count + ", found more elements");
  }
  frame.slot = at_(frame.object, frame.count++);
  return true;
}

bool TupleShape::end(Frame& frame, Decoder& decoder) const {
  if (frame.count == count_) return true;
  return decoder.fail_container("expected an array of " + std::to_string(count_) + ", found " +
                                std::to_string(frame.count) + (frame.count == 1 ? " element" : " elements"));
}

// --- fields ----------------------------------------------------------------------------------------------------------

namespace {

const Field* fields_of(const Frame& frame) noexcept { return static_cast<const Field*>(frame.key); }

/// Names are short: two loads that overlap are cheaper than a call.
template <class Word>
bool same_ends(const char* a, const char* b, std::size_t size) noexcept {
  Word first_a, first_b, last_a, last_b;
  std::memcpy(&first_a, a, sizeof(Word));
  std::memcpy(&first_b, b, sizeof(Word));
  std::memcpy(&last_a, a + size - sizeof(Word), sizeof(Word));
  std::memcpy(&last_b, b + size - sizeof(Word), sizeof(Word));
  return ((first_a ^ first_b) | (last_a ^ last_b)) == 0;
}

bool same(std::string_view a, std::string_view b) noexcept {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  if (size > 16) return a == b;
  if (size >= 8) return same_ends<std::uint64_t>(a.data(), b.data(), size);
  if (size >= 4) return same_ends<std::uint32_t>(a.data(), b.data(), size);
  for (std::size_t i = 0; i < size; ++i)
    if (a[i] != b[i]) return false;
  return true;
}

}  // namespace

void StructShape::describe(std::string& out) const { out += "an object"; }

bool StructShape::begin_map(void* object, std::size_t, Decoder& decoder) const {
  return decoder.open_map(*this, object, fields_());
}

std::size_t StructShape::find(const Field* fields, std::string_view key, std::size_t likely) const noexcept {
  if (likely < count_ && same(fields[likely].name, key)) return likely;
  std::size_t i = 0;
  while (i < count_ && !same(fields[i].name, key)) ++i;
  return i;
}

bool StructShape::key(Frame& frame, std::string_view key, Decoder& decoder) const {
  const Field* const fields = fields_of(frame);
  const std::size_t i = find(fields, key, frame.count);  // most senders keep the order
  if (i == count_) return unknown(frame, key, decoder);
  const std::uint64_t bit = std::uint64_t{1} << i;
  if ((frame.seen & bit) != 0) return decoder.fail_field(key, "the field is there twice");
  frame.seen |= bit;
  frame.count = i + 1;
  frame.slot = {fields[i].shape, static_cast<char*>(frame.object) + fields[i].offset};
  return true;
}

bool StructShape::unknown(Frame& frame, std::string_view key, Decoder& decoder) const {
  if (decoder.rules().strict) return decoder.fail_field(key, "unknown field");
  frame.slot = {&skipping(), nullptr};
  return true;
}

bool StructShape::end(Frame& frame, Decoder& decoder) const {
  const Field* const fields = fields_of(frame);
  for (std::size_t i = 0; i < count_; ++i)
    if ((frame.seen >> i & 1) == 0 && !fields[i].may_lack) return decoder.fail_field(fields[i].name, "missing");
  return true;
}

void StructShape::append_step(const Frame& frame, std::string& path) const {
  if (frame.slot.shape == &skipping()) {
    path += ".(unknown field)";
  } else if (frame.count > 0) {
    append_key(path, fields_of(frame)[frame.count - 1].name);
  }
}

// --- names -----------------------------------------------------------------------------------------------------------

std::size_t index_of(std::span<const std::string_view> names, std::string_view name) noexcept {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::string none_of(std::span<const std::string_view> names) {
  std::string text = "none of ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += ", ";
    text += names[i];
  }
  return text;
}

void EnumShape::describe(std::string& out) const { out += "a name"; }

bool EnumShape::string(void* object, std::string_view value, Decoder& decoder) const {
  const std::size_t i = index_of(names_, value);
  if (i == names_.size()) return decoder.fail(quoted(value) + " is " + none_of(names_));
  store_(object, i);
  return true;
}

// --- failures --------------------------------------------------------------------------------------------------------

namespace {

template <class T>
bool fail_range_of(Decoder& decoder, T found, std::int64_t min, std::uint64_t max) {
  return decoder.fail(std::to_string(found) + " is out of range (" + std::to_string(min) + " to " +
                      std::to_string(max) + ")");
}

template <class T>
bool fail_key_of(Decoder& decoder, std::string_view expected, T found, const std::string& in_words) {
  return decoder.fail_step(key_step(found), "expected " + std::string{expected} + " as key, found " + in_words);
}

}  // namespace

bool fail_range(Decoder& decoder, std::int64_t found, std::int64_t min, std::uint64_t max) {
  return fail_range_of(decoder, found, min, max);
}
bool fail_range(Decoder& decoder, std::uint64_t found, std::int64_t min, std::uint64_t max) {
  return fail_range_of(decoder, found, min, max);
}
bool fail_real_range(Decoder& decoder, double found) {
  return decoder.fail(number_text(found) + " is out of range (a float ends at 3.4028235e+38)");
}

std::string key_step(std::string_view key) {
  std::string step;
  append_key(step, key);
  return step;
}
std::string key_step(std::int64_t key) { return '[' + std::to_string(key) + ']'; }
std::string key_step(std::uint64_t key) { return '[' + std::to_string(key) + ']'; }

bool fail_key(Decoder& decoder, std::string_view expected, std::string_view found) {
  return fail_key_of(decoder, expected, found, found_string(found));
}
bool fail_key(Decoder& decoder, std::string_view expected, std::int64_t found) {
  return fail_key_of(decoder, expected, found, found_integer(found));
}
bool fail_key(Decoder& decoder, std::string_view expected, std::uint64_t found) {
  return fail_key_of(decoder, expected, found, found_integer(found));
}

}  // namespace parley::codec
