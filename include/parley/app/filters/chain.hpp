// Several filters, one behind the other.
//
// What comes in runs through them from the first to the last, what goes out from the last to the first: the first is
// nearest to the wire, so that a chain undoes what the same chain has done.
//
//   MakeFilter both = chain({start_end_filter({}), checksum_filter({.kind = ChecksumKind::crc16_modbus})});
//   out: body -> body crc -> STX body crc ETX       in: the other way round
#pragma once

#include <parley/app/filter.hpp>
#include <parley/detail/export.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace parley::app {

/// The filters of one peer, themselves a filter. Thread rules are those of Filter.
class PARLEY_EXPORT FilterChain final : public Filter {
 public:
  /// Without filters: every message goes on as it is.
  FilterChain() noexcept = default;
  /// One filter of each. Throws std::invalid_argument for one that is empty or makes nothing.
  explicit FilterChain(std::span<const MakeFilter> filters);

  /// Ends with the first filter that does not let the message go on. If a later one cannot do without it
  /// (needs_every_message), a dropped message is a failure: error::malformed.
  [[nodiscard]] FilterResult decode(Message message) override;

  /// As decode, from the last filter to the first. Those that had encoded the message already hear of it by not_sent(),
  /// also where a filter throws.
  [[nodiscard]] FilterResult encode(Message message) override;

  /// To be called, too, by whoever drives the chain and could not send what `encode` gave.
  void not_sent() override;

  /// Whether one of the filters does.
  [[nodiscard]] bool needs_every_message() const override;

  /// There is nothing to do for any message.
  [[nodiscard]] bool empty() const noexcept { return filters_.empty(); }

 private:
  [[nodiscard]] bool is_needed_behind(std::size_t index) const;

  std::vector<std::unique_ptr<Filter>> filters_;
};

/// Makes a FilterChain for each peer. Throws std::invalid_argument for a filter that is empty.
[[nodiscard]] PARLEY_EXPORT MakeFilter chain(std::vector<MakeFilter> filters);

}  // namespace parley::app
