// Pickles to events: the machine runs, and its result is walked.
#include "codec/ending.hpp"
#include "codec/parsers.hpp"
#include "codec/pickle_machine.hpp"

#include <parley/codec/python_pickle.hpp>

namespace parley::codec {
namespace {

using pickle::Machine;
using pickle::Value;

std::span<const std::byte> bytes_of(const Value& value) { return {value.data, value.size}; }
std::string_view text_of(const Value& value) { return {reinterpret_cast<const char*>(value.data), value.size}; }

class Walker {
 public:
  Walker(const Machine& machine, Decoder& decoder) noexcept : machine_{machine}, decoder_{decoder} {}

  bool value(const Value& value) {
    switch (value.tag) {
      case Value::Tag::none: return decoder_.null();
      case Value::Tag::boolean: return decoder_.boolean(value.boolean);
      case Value::Tag::integer: return decoder_.integer(value.integer);
      case Value::Tag::big_integer: return decoder_.integer(value.big_integer);
      case Value::Tag::real: return decoder_.real(value.real);
      case Value::Tag::text:
        return value.is_utf8 ? decoder_.checked_string(text_of(value)) : decoder_.string(text_of(value));
      case Value::Tag::bytes: return decoder_.bytes(bytes_of(value));
      case Value::Tag::list:
      case Value::Tag::tuple: return array(machine_.elements(value));
      case Value::Tag::dict: return map(machine_.elements(value));
    }
    return false;
  }

 private:
  bool array(const std::vector<Value>& elements) {
    if (!decoder_.begin_array(elements.size())) return false;
    for (const Value& each : elements)
      if (!value(each)) return false;
    return decoder_.end();
  }

  bool map(const std::vector<Value>& elements) {
    if (!decoder_.begin_map(elements.size() / 2)) return false;
    for (std::size_t i = 0; i < elements.size(); i += 2)
      if (!key(elements[i]) || !value(elements[i + 1])) return false;
    return decoder_.end();
  }

  bool key(const Value& key) {
    switch (key.tag) {
      case Value::Tag::text: return key.is_utf8 ? decoder_.checked_key(text_of(key)) : decoder_.key(text_of(key));
      case Value::Tag::integer: return decoder_.key(key.integer);
      case Value::Tag::big_integer: return decoder_.key(key.big_integer);
      default: return decoder_.fail_container("a key that is neither a string nor an integer");
    }
  }

  const Machine& machine_;
  Decoder& decoder_;
};

}  // namespace

bool read_pickle(const Payload& payload, Decoder& decoder) {
  Machine machine{payload.bytes(), decoder.rules().size_max};
  if (!machine.run()) return decoder.fail_format(machine.offset(), machine.sentence());
  return Walker{machine, decoder}.value(machine.result());
}

std::string parse_python_pickle(const Payload& payload, Slot root, const Rules& rules) {
  Decoder decoder{root, payload, rules};
  read_pickle(payload, decoder);
  return ending_of(decoder, "a Python pickle");
}

}  // namespace parley::codec
