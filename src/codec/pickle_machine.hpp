// The stack machine that a pickle is a program for, with only those instructions that make data.
//
// A program pushes values, collects them into lists, tuples and dicts, and remembers some in a memo from where they can
// be pushed again. Values are small: texts and byte strings are views of the payload, containers are numbers of entries
// in one table. A container may be in many places, also in itself, so a result can stand for far more than the
// program's size: the Decoder that is given the result counts what it takes. The machine's own memory is counted here.
#pragma once

#include "codec/pickle_opcodes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::codec::pickle {

struct Value {
  enum class Tag : std::uint8_t { none, boolean, integer, big_integer, real, text, bytes, list, tuple, dict };

  Tag tag = Tag::none;
  bool is_utf8 = false;  ///< of text; looked at once, in however many places it is
  union {
    bool boolean;
    std::int64_t integer = 0;
    std::uint64_t big_integer;
    double real;
    const std::byte* data;
    std::size_t container;  ///< its number
  };
  std::size_t size = 0;  ///< of text and bytes
};

class Machine {
 public:
  /// `memory_max` bounds stack, memo and containers together, in bytes.
  Machine(std::span<const std::byte> program, std::size_t memory_max) noexcept
      : program_{program}, memory_left_{memory_max} {}

  /// Runs to the end. False when the program is refused: then sentence() and offset().
  bool run();

  [[nodiscard]] const Value& result() const noexcept { return stack_.back(); }
  /// Elements of a list or tuple; of a dict, keys and values in turn.
  [[nodiscard]] const std::vector<Value>& elements(const Value& container) const noexcept {
    return containers_[container.container];
  }

  [[nodiscard]] const std::string& sentence() const noexcept { return sentence_; }
  [[nodiscard]] std::size_t offset() const noexcept { return instruction_; }

 private:
  bool header();
  bool step(std::uint8_t opcode);
  bool step_number(std::uint8_t opcode);
  bool step_text(std::uint8_t opcode);
  bool step_container(std::uint8_t opcode);
  bool step_memo(std::uint8_t opcode);
  bool refuse(std::uint8_t opcode);
  [[nodiscard]] std::string named_code() const;

  template <class Unsigned>
  bool take(Unsigned& number);
  bool skip_frame();
  template <class Size>
  bool push_sized(Value::Tag tag);
  bool push_long(std::size_t size);
  bool push(const Value& value);
  bool push_integer(std::int64_t value);

  bool pop();
  bool pop_mark(std::size_t& first);
  bool duplicate();
  bool collect(Value::Tag tag, std::size_t first);
  bool collect_last(std::size_t count);
  bool collect_marked(Value::Tag tag);
  bool append(Value::Tag tag, std::size_t first, const char* what);
  bool append_last(Value::Tag tag, std::size_t count, const char* what);
  bool append_marked(Value::Tag tag, const char* what);
  bool remember(std::size_t number);
  bool recall(std::size_t number);

  /// Values above the last mark.
  [[nodiscard]] std::size_t loose_count() const noexcept {
    return stack_.size() - (marks_.empty() ? 0 : marks_.back());
  }
  [[nodiscard]] std::size_t left() const noexcept { return program_.size() - at_; }
  bool charge(std::size_t size);
  bool fail(std::string sentence);

  std::span<const std::byte> program_;
  std::size_t at_ = 0;
  std::size_t instruction_ = 0;
  std::size_t memory_left_;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Value> memo_;
  std::vector<std::vector<Value>> containers_;
  bool stopped_ = false;
  std::string sentence_;
};

}  // namespace parley::codec::pickle
