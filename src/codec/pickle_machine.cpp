#include "codec/pickle_machine.hpp"

#include "codec/words.hpp"

#include <parley/wire/bytes.hpp>
#include <parley/wire/utf8.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace parley::codec::pickle {
namespace {

using Tag = Value::Tag;

Value value_of(Tag tag) {
  Value value;
  value.tag = tag;
  return value;
}

std::string hexadecimal(std::uint8_t byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {'0', 'x', digits[byte >> 4], digits[byte & 15]};
}

std::string_view text_of(const Value& value) { return {reinterpret_cast<const char*>(value.data), value.size}; }

}  // namespace

const char* refusal_of(std::uint8_t opcode) noexcept {
  switch (opcode) {
    case op_global:
    case op_stack_global: return "names code";
    case op_reduce:
    case op_inst:
    case op_obj:
    case op_newobj:
    case op_newobj_ex: return "calls code";
    case op_build: return "sets the state of an object";
    case op_ext1:
    case op_ext2:
    case op_ext4: return "names code by a registered number";
    case op_persid:
    case op_binpersid: return "refers to an object outside of it";
    case op_empty_set:
    case op_additems:
    case op_frozenset: return "has a set in it";
    case op_next_buffer:
    case op_readonly_buffer: return "refers to a buffer outside of it";
    default: return nullptr;
  }
}

bool Machine::run() {
  if (!header()) return false;
  while (!stopped_) {
    instruction_ = at_;
    std::uint8_t opcode = 0;
    if (!take(opcode) || !step(opcode)) return false;
  }
  instruction_ = at_;
  if (left() > 0) return fail(std::to_string(left()) + " more bytes follow after the pickle");
  if (stack_.size() != 1 || !marks_.empty()) return fail("the pickle ends with other than one value");
  return true;
}

bool Machine::header() {
  if (program_.size() < 2 || std::to_integer<std::uint8_t>(program_[0]) != op_proto)
    return fail("no pickle of protocol 2 to 5: those begin with 0x80");
  const auto version = std::to_integer<unsigned>(program_[1]);
  if (version < 2 || version > 5) return fail("pickle protocol " + std::to_string(version) + "; 2 to 5 are supported");
  at_ = 2;
  return true;
}

bool Machine::step(std::uint8_t opcode) {
  switch (opcode) {
    case op_proto: return fail("a second beginning inside the pickle");
    case op_frame: return skip_frame();
    case op_stop: return stopped_ = true;
    case op_none: return push(value_of(Tag::none));
    case op_newtrue:
    case op_newfalse: {
      Value value = value_of(Tag::boolean);
      value.boolean = opcode == op_newtrue;
      return push(value);
    }
    case op_mark: {
      if (!charge(sizeof(std::size_t))) return false;
      marks_.push_back(stack_.size());
      return true;
    }
    case op_pop: return pop();
    case op_pop_mark: {
      std::size_t first = 0;
      if (!pop_mark(first)) return false;
      stack_.resize(first);
      return true;
    }
    case op_dup: return duplicate();
    default: return step_number(opcode);
  }
}

bool Machine::step_number(std::uint8_t opcode) {
  switch (opcode) {
    case op_binint1: {
      std::uint8_t number = 0;
      return take(number) && push_integer(number);
    }
    case op_binint2: {
      std::uint16_t number = 0;
      return take(number) && push_integer(number);
    }
    case op_binint: {
      std::uint32_t number = 0;
      return take(number) && push_integer(static_cast<std::int32_t>(number));
    }
    case op_long1: {
      std::uint8_t size = 0;
      return take(size) && push_long(size);
    }
    case op_long4: {
      std::uint32_t size = 0;
      return take(size) && push_long(size);
    }
    case op_binfloat: {
      if (left() < 8) return fail("the pickle ends inside a number");
      Value value = value_of(Tag::real);
      value.real = std::bit_cast<double>(wire::load_big<std::uint64_t>(program_.data() + at_));
      at_ += 8;
      return push(value);
    }
    default: return step_text(opcode);
  }
}

bool Machine::step_text(std::uint8_t opcode) {
  switch (opcode) {
    case op_short_binunicode: return push_sized<std::uint8_t>(Tag::text);
    case op_binunicode: return push_sized<std::uint32_t>(Tag::text);
    case op_binunicode8: return push_sized<std::uint64_t>(Tag::text);
    case op_short_binbytes: return push_sized<std::uint8_t>(Tag::bytes);
    case op_binbytes: return push_sized<std::uint32_t>(Tag::bytes);
    case op_binbytes8:
    case op_bytearray8: return push_sized<std::uint64_t>(Tag::bytes);
    default: return step_container(opcode);
  }
}

bool Machine::step_container(std::uint8_t opcode) {
  switch (opcode) {
    case op_empty_list: return collect(Tag::list, stack_.size());
    case op_empty_tuple: return collect(Tag::tuple, stack_.size());
    case op_empty_dict: return collect(Tag::dict, stack_.size());
    case op_list: return collect_marked(Tag::list);
    case op_tuple: return collect_marked(Tag::tuple);
    case op_dict: return collect_marked(Tag::dict);
    case op_tuple1: return collect_last(1);
    case op_tuple2: return collect_last(2);
    case op_tuple3: return collect_last(3);
    case op_append: return append_last(Tag::list, 1, "append");
    case op_appends: return append_marked(Tag::list, "append");
    case op_setitem: return append_last(Tag::dict, 2, "set an item");
    case op_setitems: return append_marked(Tag::dict, "set an item");
    default: return step_memo(opcode);
  }
}

bool Machine::step_memo(std::uint8_t opcode) {
  switch (opcode) {
    case op_memoize: return remember(memo_.size());
    case op_binput: {
      std::uint8_t number = 0;
      return take(number) && remember(number);
    }
    case op_long_binput: {
      std::uint32_t number = 0;
      return take(number) && remember(number);
    }
    case op_binget: {
      std::uint8_t number = 0;
      return take(number) && recall(number);
    }
    case op_long_binget: {
      std::uint32_t number = 0;
      return take(number) && recall(number);
    }
    default: return refuse(opcode);
  }
}

bool Machine::refuse(std::uint8_t opcode) {
  const char* const refusal = refusal_of(opcode);
  if (refusal == nullptr) return fail(hexadecimal(opcode) + " is no opcode of pickle protocols 2 to 5");
  std::string code;
  if (opcode == op_stack_global && loose_count() >= 2 && stack_.back().tag == Tag::text &&
      stack_[stack_.size() - 2].tag == Tag::text) {
    code = std::string{text_of(stack_[stack_.size() - 2])} + '.' + std::string{text_of(stack_.back())};
  } else if (opcode == op_global) {
    code = named_code();
  }
  if (!code.empty()) code = ' ' + quoted(code);
  std::string hint = code == " \"_codecs.encode\"" ? "; protocol 2 does so for bytes, 3 and later do not" : "";
  return fail("the pickle " + std::string{refusal} + code + ", which is never done here" + hint);
}

std::string Machine::named_code() const {
  const std::string_view rest{reinterpret_cast<const char*>(program_.data()) + at_, left()};
  const std::size_t end_of_module = rest.find('\n');
  if (end_of_module == std::string_view::npos) return {};
  const std::string_view name = rest.substr(end_of_module + 1);
  const std::size_t end_of_name = name.find('\n');
  if (end_of_name == std::string_view::npos) return {};
  return std::string{rest.substr(0, end_of_module)} + '.' + std::string{name.substr(0, end_of_name)};
}

// --- values ----------------------------------------------------------------------------------------------------------

template <class Unsigned>
bool Machine::take(Unsigned& number) {
  if (left() < sizeof number) return fail("the pickle ends too early");
  number = wire::load_little<Unsigned>(program_.data() + at_);
  at_ += sizeof number;
  return true;
}

/// Frames only help readers of files: their sizes say nothing that is needed here.
bool Machine::skip_frame() {
  std::uint64_t size = 0;
  if (!take(size)) return false;
  return size <= left() || fail("a frame of " + std::to_string(size) + " bytes is announced, but only " +
                                std::to_string(left()) + " bytes follow");
}

template <class Size>
bool Machine::push_sized(Value::Tag tag) {
  Size size = 0;
  if (!take(size)) return false;
  if (size > left())
    return fail("a string of " + std::to_string(size) + " bytes is announced, but only " + std::to_string(left()) +
                " bytes follow");
  Value value = value_of(tag);
  value.data = program_.data() + at_;
  value.size = static_cast<std::size_t>(size);
  value.is_utf8 = tag == Tag::text && wire::is_utf8(text_of(value));
  at_ += value.size;
  return push(value);
}

/// Two's complement of any size, little-endian.
bool Machine::push_long(std::size_t size) {
  if (size > left()) return fail("the pickle ends inside a number");
  const std::span<const std::byte> digits = program_.subspan(at_, size);
  at_ += size;
  const bool is_negative = size > 0 && std::to_integer<int>(digits.back() & std::byte{0x80}) != 0;
  const std::byte sign = is_negative ? std::byte{0xFF} : std::byte{0};
  std::uint64_t bits = is_negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = std::min<std::size_t>(size, 8); i > 0; --i)
    bits = bits << 8 | std::to_integer<std::uint64_t>(digits[i - 1]);
  const bool rest_is_sign = std::all_of(digits.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(size, 8)),
                                        digits.end(), [sign](std::byte each) { return each == sign; });
  const bool is_big = static_cast<std::int64_t>(bits) < 0 && !is_negative;
  if (!rest_is_sign || (is_negative && static_cast<std::int64_t>(bits) >= 0))
    return fail("an integer of " + std::to_string(size) + " bytes, which does not fit 64 bits");
  if (!is_big) return push_integer(static_cast<std::int64_t>(bits));
  Value value = value_of(Tag::big_integer);
  value.big_integer = bits;
  return push(value);
}

bool Machine::push(const Value& value) {
  if (!charge(sizeof value)) return false;
  stack_.push_back(value);
  return true;
}

bool Machine::push_integer(std::int64_t number) {
  Value value = value_of(Tag::integer);
  value.integer = number;
  return push(value);
}

// --- the stack -------------------------------------------------------------------------------------------------------

bool Machine::pop() {
  if (!marks_.empty() && marks_.back() == stack_.size()) {
    marks_.pop_back();
    return true;
  }
  if (stack_.empty()) return fail("the pickle takes a value from an empty stack");
  stack_.pop_back();
  return true;
}

bool Machine::pop_mark(std::size_t& first) {
  if (marks_.empty()) return fail("the pickle looks for a mark that is not there");
  first = marks_.back();
  marks_.pop_back();
  return true;
}

bool Machine::duplicate() {
  if (loose_count() == 0) return fail("the pickle takes a value from an empty stack");
  return push(Value{stack_.back()});
}

bool Machine::collect(Value::Tag tag, std::size_t first) {
  const std::size_t count = stack_.size() - first;
  if (tag == Tag::dict && count % 2 != 0) return fail("a dict has a key without a value");
  if (!charge(sizeof(std::vector<Value>) + count * sizeof(Value))) return false;
  Value container = value_of(tag);
  container.container = containers_.size();
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(first);
  containers_.emplace_back(begin, stack_.end());
  stack_.resize(first);
  return push(container);
}

bool Machine::collect_last(std::size_t count) {
  if (loose_count() < count) return fail("the pickle takes a value from an empty stack");
  return collect(Tag::tuple, stack_.size() - count);
}

bool Machine::collect_marked(Value::Tag tag) {
  std::size_t first = 0;
  return pop_mark(first) && collect(tag, first);
}

bool Machine::append(Value::Tag tag, std::size_t first, const char* what) {
  if (first == 0 || stack_[first - 1].tag != tag || (!marks_.empty() && marks_.back() == first))
    return fail(std::string{"the pickle tries to "} + what + " where there is no " +
                (tag == Tag::list ? "list" : "dict"));
  const std::size_t count = stack_.size() - first;
  if (tag == Tag::dict && count % 2 != 0) return fail("a dict has a key without a value");
  if (!charge(count * sizeof(Value))) return false;
  std::vector<Value>& elements = containers_[stack_[first - 1].container];
  elements.insert(elements.end(), stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
  stack_.resize(first);
  return true;
}

bool Machine::append_last(Value::Tag tag, std::size_t count, const char* what) {
  if (loose_count() < count) return fail("the pickle takes a value from an empty stack");
  return append(tag, stack_.size() - count, what);
}

bool Machine::append_marked(Value::Tag tag, const char* what) {
  std::size_t first = 0;
  return pop_mark(first) && append(tag, first, what);
}

// --- the memo --------------------------------------------------------------------------------------------------------

bool Machine::remember(std::size_t number) {
  if (loose_count() == 0) return fail("the pickle remembers a value from an empty stack");
  // Every number takes an instruction, so a program has fewer than it has bytes.
  if (number >= program_.size()) return fail("memo number " + std::to_string(number) + " is out of range");
  if (number >= memo_.size()) {
    if (!charge((number + 1 - memo_.size()) * sizeof(Value))) return false;
    memo_.resize(number + 1);
  }
  memo_[number] = stack_.back();
  return true;
}

bool Machine::recall(std::size_t number) {
  if (number >= memo_.size())
    return fail("the pickle recalls number " + std::to_string(number) + ", which it never remembered");
  return push(Value{memo_[number]});
}

bool Machine::charge(std::size_t size) {
  if (size > memory_left_) return fail("reading the pickle would take too much memory");
  memory_left_ -= size;
  return true;
}

bool Machine::fail(std::string sentence) {
  if (sentence_.empty()) sentence_ = std::move(sentence);
  return false;
}

}  // namespace parley::codec::pickle
