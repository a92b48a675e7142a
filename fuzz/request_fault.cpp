// What an answer that is an error carries. The input is such a text, as it comes; and also what a handler has thrown,
// to be told: its message, and the data that it gives with it.
//
// What is read can be told again, and is the same then. What is told can be read, whatever the handler has said.
#include "require.hpp"

#include <parley/wire/request_fault.hpp>
#include <parley/wire/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::fuzz {
namespace {

/// Longer ones are cut, and are not the same then.
constexpr std::size_t message_size_max = 64 * 1024;

/// In a heap block of the exact size.
std::optional<wire::RequestFault> read_exactly(std::string_view text) {
  const std::vector<char> block{text.begin(), text.end()};
  return wire::read_fault({block.data(), block.size()});
}

bool same(const wire::RequestFault& a, const wire::RequestFault& b) {
  return a.message == b.message && a.code == b.code && a.data == b.data && a.reason == b.reason;
}

void require_told_again(const wire::RequestFault& fault) {
  require(wire::is_utf8(fault.message) && wire::is_utf8(fault.reason));
  const auto again = read_exactly(wire::put_fault(fault));
  require(again && same(*again, fault));
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

void tell(std::string_view text) {
  const std::string whole{text};
  const auto rejection = read_exactly(wire::put_rejection(text));
  const auto fault = read_exactly(wire::put_fault({whole, 1, {}, {}}));
  require(rejection && fault && fault->message == rejection->message && fault->code == 1);
  require(wire::is_utf8(fault->message));
  if (wire::is_utf8(text) && text.size() <= message_size_max) require(fault->message == text);
  // Data is told as it is or not at all, and can be nothing else than data.
  const auto with_data = read_exactly(wire::put_fault({"m", {}, whole, {}}));
  require(with_data && with_data->message == "m" && !with_data->code && with_data->reason.empty());
  require(with_data->data.empty() || with_data->data == without_blanks(text));
}

}  // namespace
}  // namespace parley::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto fault = parley::fuzz::read_exactly(text);
  if (fault && size <= parley::fuzz::message_size_max) parley::fuzz::require_told_again(*fault);
  parley::fuzz::tell(text);
  return 0;
}
