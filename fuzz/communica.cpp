// communica's stream protocol. Input: role of the peer (u8, odd: server) || stream, up to its end.
//
// The greeting and each frame are read from every front of the rest, in heap blocks of the exact size: before there is
// enough nothing may be known, and nothing may change behind that. What was decoded is spelled in one way only.
// Metadata that is read can be answered, and the answer is the request's but for the type.
#include "framing_input.hpp"
#include "require.hpp"

#include <parley/wire/communica_assembly.hpp>
#include <parley/wire/communica_frame.hpp>
#include <parley/wire/communica_greeting.hpp>
#include <parley/wire/request_metadata.hpp>
#include <parley/wire/utf8.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::fuzz {
namespace {

using wire::CommunicaAssembly;
using wire::CommunicaCode;
using wire::CommunicaFrames;
using wire::CommunicaGreeting;
using wire::CommunicaRole;
using wire::CommunicaStep;

constexpr wire::CommunicaLimits limits{.metadata_size_max = 512, .data_size_max = 1024};

std::vector<std::byte> exact(std::string_view text) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(text.data());
  return {bytes, bytes + text.size()};
}

void require_told(error code, std::string_view why) { require(code != error{} && !why.empty()); }

/// Reads the greeting; false where there is none.
bool greeted(std::string_view& rest, CommunicaRole from) {
  const CommunicaGreeting whole = wire::read_greeting(exact(rest), false, from);
  for (std::size_t size = 0; size < rest.size() && size < 256; ++size) {
    const CommunicaGreeting part = wire::read_greeting(exact(rest.substr(0, size)), false, from);
    if (part.outcome == CommunicaGreeting::Outcome::need) continue;
    require(part.outcome == whole.outcome && part.consumed == whole.consumed && part.client_id == whole.client_id);
    break;
  }
  if (whole.outcome == CommunicaGreeting::Outcome::error) require_told(whole.code, whole.why);
  if (whole.outcome != CommunicaGreeting::Outcome::greeting) {
    const CommunicaGreeting last = wire::read_greeting(exact(rest), true, from);
    require(last.outcome != CommunicaGreeting::Outcome::need);
    require(wire::is_utf8(last.reason));
    return false;
  }
  require(wire::is_utf8(whole.client_id));
  if (from == CommunicaRole::client) {
    const std::string again = wire::client_greeting(whole.client_id);
    require(wire::read_greeting(exact(again), false, from).client_id == whole.client_id);
  }
  rest.remove_prefix(whole.consumed);
  return true;
}

void read_metadata(std::string_view text) {
  std::string decoded;
  const wire::RequestMetadataScan scan = wire::scan_metadata(text, decoded);
  if (!scan) return require(scan.offset <= text.size());
  const wire::RequestMetadata& request = scan.metadata;
  require(wire::is_utf8(request.id) && wire::is_utf8(request.route));
  std::string answer(text.size() + wire::answer_growth_max, '?');
  answer.resize(wire::put_answer_metadata(answer.data(), text, request, wire::RequestType::answer));
  std::string decoded_too;
  const wire::RequestMetadataScan again = wire::scan_metadata(answer, decoded_too);
  require(bool{again} && again.metadata.type == wire::RequestType::answer);
  require(again.metadata.id == request.id && again.metadata.route == request.route);
  if (request.has_route) require(wire::quoted_route(request.route).size() >= request.route.size() + 2);
}

std::string header_of(const CommunicaStep& step) {
  std::array<std::byte, CommunicaFrames::chunk_header_size> out{};
  const std::size_t data_size = step.consumed - step.data_begin;
  std::size_t size = 0;
  switch (step.frame) {
    case CommunicaCode::message:
      size = CommunicaFrames::put_message_header(out.data(), step.metadata_size, data_size);
      break;
    case CommunicaCode::chunk:
      size = CommunicaFrames::put_chunk_header(out.data(), step.chunk_index, step.chunk_count, step.metadata_size,
                                               data_size);
      break;
    case CommunicaCode::close_notice: size = CommunicaFrames::put_close_notice(out.data()); break;
  }
  return {reinterpret_cast<const char*>(out.data()), size};
}

bool same(const CommunicaStep& a, const CommunicaStep& b) {
  return a.outcome == b.outcome && a.frame == b.frame && a.code == b.code && a.consumed == b.consumed &&
         a.metadata_begin == b.metadata_begin && a.metadata_size == b.metadata_size && a.data_begin == b.data_begin &&
         a.chunk_index == b.chunk_index && a.chunk_count == b.chunk_count && std::string_view{a.why} == b.why;
}

CommunicaStep decode_growing(const CommunicaFrames& frames, std::string_view rest) {
  const CommunicaStep whole = frames.decode(exact(rest));
  std::size_t needed = 0;
  for (std::size_t size = 0; size <= rest.size(); ++size) {
    const CommunicaStep step = frames.decode(exact(rest.substr(0, size)));
    if (step.outcome != CommunicaStep::Outcome::need) {
      require(size >= needed && same(step, whole));
      return whole;
    }
    require(step.need > size && step.need >= needed);
    needed = step.need;
  }
  require(whole.outcome == CommunicaStep::Outcome::need);
  return whole;
}

void read_frames(std::string_view rest) {
  const CommunicaFrames frames{limits};
  CommunicaAssembly assembly{limits};
  while (!rest.empty()) {
    const CommunicaStep step = decode_growing(frames, rest);
    if (step.outcome == CommunicaStep::Outcome::error) {
      require_told(step.code, step.why);
      if (wire::begins_rejection(exact(rest))) {
        require(wire::read_rejection(exact(rest), true).outcome != CommunicaGreeting::Outcome::need);
      }
    }
    if (step.outcome != CommunicaStep::Outcome::frame) return;
    require(step.consumed <= rest.size());
    require(rest.starts_with(header_of(step)));
    const std::string_view frame = rest.substr(0, step.consumed);
    rest.remove_prefix(step.consumed);
    if (step.frame == CommunicaCode::close_notice) return;
    require(step.metadata_size <= limits.metadata_size_max);
    require(step.consumed - step.data_begin <= limits.data_size_max);
    if (step.frame == CommunicaCode::message) {
      read_metadata(frame.substr(step.metadata_begin, step.metadata_size));
      continue;
    }
    const CommunicaAssembly::Result result = assembly.add(step, exact(frame));
    if (result.code != error{}) return require_told(result.code, result.why);
    require(assembly.data().size() <= limits.data_size_max);
    if (result.is_complete) read_metadata(assembly.metadata());
  }
}

}  // namespace
}  // namespace parley::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::fuzz::Input input{data, size};
  const auto from = input.u8() % 2 == 0 ? parley::wire::CommunicaRole::client : parley::wire::CommunicaRole::server;
  std::string_view rest = input.rest();
  if (parley::fuzz::greeted(rest, from)) parley::fuzz::read_frames(rest);
  return 0;
}
