// Goes once through a small JSON text (RFC 8259) of a protocol: takes the texts and whole numbers that are known there,
// and passes over everything else, checked. No document is made, and no memory taken but for texts with escapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::wire {

class JsonScanner {
 public:
  /// Values may be nested so deeply.
  static constexpr std::size_t depth_max = 32;

  /// `decoded` takes the texts that have escapes, one behind the other.
  JsonScanner(std::string_view text, std::string& decoded) : text_{text}, decoded_{decoded} {}

  /// What is wrong, as in "has no type"; empty if nothing is.
  [[nodiscard]] const char* what() const noexcept { return what_; }
  /// Where that is.
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::size_t position() const noexcept { return at_; }
  /// Ends the scan; false.
  bool fail(const char* what) noexcept { return fail(what, at_); }
  bool fail(const char* what, std::size_t offset) noexcept {
    what_ = what;
    offset_ = offset;
    return false;
  }

  // All of these are false when the scan has failed, and leave the position behind what they read.

  /// Bytes that are UTF-8; to be asked first.
  bool encoding();
  /// An object; `on_member` is called with each key, with the position at its value, which it has to read. (A key with
  /// escapes comes as it is written: it is none that a protocol knows.)
  template <class OnMember>
  bool object(OnMember&& on_member) {
    if (!expect('{', "is no JSON object")) return false;
    blanks();
    if (here() == '}') return ++at_, true;
    for (;;) {
      std::string_view key;
      if (!member_key(key) || !on_member(key)) return false;
      blanks();
      if (here() == '}') return ++at_, true;
      if (!expect(',', "lacks a comma or the end of the object")) return false;
    }
  }
  /// A text, decoded; lies in the scanned text or in `decoded`.
  bool text(std::string_view& to);
  /// A number without fraction and exponent that 32 bits can hold.
  bool whole_number(std::int32_t& to) noexcept;
  /// Whatever there is.
  bool value();
  /// Nothing but blanks.
  bool end();

 private:
  /// A text between its quotes.
  struct Quoted {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool has_escapes = false;
  };

  [[nodiscard]] char here() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  void blanks() noexcept;
  bool expect(char c, const char* what) noexcept;
  bool member_key(std::string_view& key) noexcept;
  bool quoted(Quoted& found) noexcept;
  bool escape() noexcept;
  bool code_unit(std::uint32_t& unit) noexcept;
  [[nodiscard]] std::uint32_t unit_at(std::size_t at) const noexcept;
  [[nodiscard]] std::string_view decode(const Quoted& found);
  bool key() noexcept;
  bool scalar() noexcept;
  bool word(std::string_view wanted) noexcept;
  bool digits() noexcept;
  bool number() noexcept;

  std::string_view text_;
  std::string& decoded_;
  std::size_t at_ = 0;
  bool has_decoded_ = false;
  const char* what_ = "";
  std::size_t offset_ = 0;
};

/// Whether `text` is one JSON value.
[[nodiscard]] bool is_json(std::string_view text);

/// `text` as JSON writes it, with its quotes; it has to be UTF-8.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace parley::wire
