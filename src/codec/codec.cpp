#include <parley/codec/codec.hpp>

#include <algorithm>
#include <utility>

namespace parley::codec {

void reject(std::string sentence) { throw Error{error::payload_rejected, std::move(sentence)}; }

void decode_into(Slot root, const Payload& payload, const Rules& rules, Parse parse) {
  Rules sensible = rules;
  sensible.depth_max = std::min(rules.depth_max, depth_limit);
  std::string sentence = parse(payload, root, sensible);
  if (!sentence.empty()) reject(std::move(sentence));
}

}  // namespace parley::codec
