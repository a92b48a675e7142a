// AmqpMemories: a server's memory of each client that it has met at an address, by the client's name there. Clients
// that are away are remembered as long as there is room: a message may be delivered again after any time.
#pragma once

#include "rpc/amqp/memory.hpp"

#include <parley/limits.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>

namespace parley::rpc::detail {

class AmqpMemories {
 public:
  /// So much, in bytes, and so many that are away.
  explicit AmqpMemories(std::size_t size_max = limits::kept_size_max,
                        std::size_t count_max = limits::peers_max) noexcept
      : size_max_{size_max}, count_max_{count_max} {}

  /// That of the client which comes now. It is there as long as anybody holds this.
  [[nodiscard]] std::shared_ptr<AmqpMemory> of(const std::string& name) {
    Entry& entry = entries_[name];
    if (!entry.memory) entry.memory = std::make_shared<AmqpMemory>();
    entry.came = ++last_came_;
    const std::shared_ptr<AmqpMemory> memory = entry.memory;
    forget_those_away();
    return memory;
  }
  [[nodiscard]] std::size_t count() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::shared_ptr<AmqpMemory> memory{};
    std::uint64_t came = 0;  // the higher, the later
    [[nodiscard]] bool is_away() const noexcept { return memory.use_count() == 1; }
  };

  /// First the one that came longest ago.
  void forget_those_away() {
    std::size_t size = 0;
    std::size_t count = 0;
    for (const auto& [name, entry] : entries_) {
      if (!entry.is_away()) continue;
      size += entry.memory->size();
      ++count;
    }
    while (count > 0 && (size > size_max_ || count > count_max_)) {
      const auto rank = [](const auto& each) {
        return each.second.is_away() ? each.second.came : std::numeric_limits<std::uint64_t>::max();
      };
      const auto first = std::min_element(entries_.begin(), entries_.end(),
                                          [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
      size -= std::min(size, first->second.memory->size());
      --count;
      entries_.erase(first);
    }
  }

  const std::size_t size_max_;
  const std::size_t count_max_;
  std::map<std::string, Entry> entries_;
  std::uint64_t last_came_ = 0;
};

}  // namespace parley::rpc::detail
