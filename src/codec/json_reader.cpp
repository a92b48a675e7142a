// Boost.JSON's parser, whose events go to a Decoder.
#include "codec/ending.hpp"
#include "codec/words.hpp"

#include <parley/codec/json.hpp>

#include <boost/json/basic_parser_impl.hpp>

#include <charconv>
#include <cmath>

namespace parley::codec {
namespace {

using boost::system::error_code;

/// Text that comes in parts when it has escapes in it, and as one view of the payload otherwise.
class Text {
 public:
  void add(std::string_view part) { parts_ += part; }
  std::string_view finish(std::string_view last) {
    if (is_done_) parts_.clear();
    is_done_ = false;
    if (parts_.empty()) return last;
    parts_ += last;
    is_done_ = true;
    return parts_;
  }
  void begin() {
    if (is_done_) parts_.clear();
    is_done_ = false;
  }

 private:
  std::string parts_;
  bool is_done_ = false;  // what is there belongs to an earlier text
};

constexpr auto no_limit = static_cast<std::size_t>(-1);

class Events {
 public:
  static constexpr std::size_t max_object_size = no_limit;
  static constexpr std::size_t max_array_size = no_limit;
  static constexpr std::size_t max_key_size = no_limit;
  static constexpr std::size_t max_string_size = no_limit;

  explicit Events(Decoder& decoder) noexcept : decoder_{decoder} {}

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& ec) { return go_on(decoder_.begin_map(0), ec); }
  bool on_object_end(std::size_t, error_code& ec) { return go_on(decoder_.end(), ec); }
  bool on_array_begin(error_code& ec) { return go_on(decoder_.begin_array(0), ec); }
  bool on_array_end(std::size_t, error_code& ec) { return go_on(decoder_.end(), ec); }
  bool on_key_part(std::string_view part, std::size_t, error_code&) { return add(part); }
  bool on_key(std::string_view last, std::size_t, error_code& ec) {
    return go_on(decoder_.checked_key(text_.finish(last)), ec);
  }
  bool on_string_part(std::string_view part, std::size_t, error_code&) { return add(part); }
  bool on_string(std::string_view last, std::size_t, error_code& ec) {
    return go_on(decoder_.checked_string(text_.finish(last)), ec);
  }
  bool on_number_part(std::string_view part, error_code&) { return add(part); }
  bool on_int64(std::int64_t value, std::string_view last, error_code& ec) {
    static_cast<void>(text_.finish(last));
    return go_on(decoder_.integer(value), ec);
  }
  bool on_uint64(std::uint64_t value, std::string_view last, error_code& ec) {
    static_cast<void>(text_.finish(last));
    return go_on(decoder_.integer(value), ec);
  }
  bool on_double(double value, std::string_view last, error_code& ec) {
    return go_on(real(value, text_.finish(last)), ec);
  }
  bool on_bool(bool value, error_code& ec) { return go_on(decoder_.boolean(value), ec); }
  bool on_null(error_code& ec) { return go_on(decoder_.null(), ec); }
  bool on_comment_part(std::string_view, error_code&) { return true; }
  bool on_comment(std::string_view, error_code&) { return true; }

 private:
  static bool go_on(bool good, error_code& ec) {
    if (!good) ec = error::payload_rejected;
    return good;
  }

  bool add(std::string_view part) {
    text_.begin();
    text_.add(part);
    return true;
  }

  /// Read once more: Boost 1.81 rounds some numbers to a neighbour of the right one.
  bool real(double estimate, std::string_view text) {
    double exact = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), exact);
    if (result.ec == std::errc{}) return decoder_.real(exact);
    if (std::abs(estimate) < 1) return decoder_.real(estimate);
    return decoder_.fail("number " + std::string{text.substr(0, 32)} + " is out of range");
  }

  Decoder& decoder_;
  Text text_;
};

/// For the place of an error: accepts everything.
struct NoEvents {
  static constexpr std::size_t max_object_size = no_limit;
  static constexpr std::size_t max_array_size = no_limit;
  static constexpr std::size_t max_key_size = no_limit;
  static constexpr std::size_t max_string_size = no_limit;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t, error_code&) { return true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t, error_code&) { return true; }
  bool on_key_part(std::string_view, std::size_t, error_code&) { return true; }
  bool on_key(std::string_view, std::size_t, error_code&) { return true; }
  bool on_string_part(std::string_view, std::size_t, error_code&) { return true; }
  bool on_string(std::string_view, std::size_t, error_code&) { return true; }
  bool on_number_part(std::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t, std::string_view, error_code&) { return true; }
  bool on_uint64(std::uint64_t, std::string_view, error_code&) { return true; }
  bool on_double(double, std::string_view, error_code&) { return true; }
  bool on_bool(bool, error_code&) { return true; }
  bool on_null(error_code&) { return true; }
  bool on_comment_part(std::string_view, error_code&) { return true; }
  bool on_comment(std::string_view, error_code&) { return true; }
};

boost::json::parse_options options_for(const Rules& rules) {
  boost::json::parse_options options;
  options.max_depth = rules.depth_max + 1;  // so that it is the Decoder that finds it too deep, and says where
  return options;
}

/// The parser does not say where it failed, so it is given the text once more, in ever smaller pieces.
std::size_t offset_of_error(std::string_view text, const Rules& rules) {
  std::size_t good = 0;
  for (const std::size_t step : {std::size_t{4096}, std::size_t{1}}) {
    boost::json::basic_parser<NoEvents> parser{options_for(rules)};
    error_code ec;
    if (good > 0) parser.write_some(true, text.data(), good, ec);
    while (!ec && good < text.size()) {
      const std::size_t size = std::min(step, text.size() - good);
      if (parser.write_some(true, text.data() + good, size, ec) < size && !ec) break;
      if (!ec) good += size;
    }
  }
  return good;
}

}  // namespace

std::string parse_json(const Payload& payload, Slot root, const Rules& rules) {
  Decoder decoder{root, payload, rules};
  boost::json::basic_parser<Events> parser{options_for(rules), decoder};
  const std::string_view text = payload.view();
  error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (ec && !decoder.failed()) {
    const bool incomplete = ec == boost::json::error::incomplete;
    decoder.fail_format(incomplete ? text.size() : offset_of_error(text, rules),
                        incomplete ? "the JSON ends too early" : "not JSON (" + ec.message() + ")");
  } else if (!ec && used < text.size()) {
    decoder.fail_format(used, "more follows after the value");
  }
  return ending_of(decoder, Json::name);
}

}  // namespace parley::codec
