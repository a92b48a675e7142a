// Overseer: looks at the peers of one event loop when it is time to: at those that may have been silent for long, and
// at those that are still to be classified. One heap of deadlines for all of them.
#pragma once

#include "app/silence.hpp"
#include "detail/context_service.hpp"
#include "policy/deadline_heap.hpp"

#include <parley/time.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>

namespace parley::app::detail {

class PeerState;

class Overseer final : public parley::detail::ContextMember {
 public:
  explicit Overseer(boost::asio::any_io_executor executor);
  ~Overseer() override;

  // Any thread.

  /// A peer lives on this loop; where there are rules for silence, it is looked at then.
  void add_peer(const std::shared_ptr<PeerState>& peer, const SilenceRules& rules, TimePoint now);
  void watch_classification(const std::shared_ptr<PeerState>& peer, TimePoint deadline);
  /// One of them has gone: what is here of it takes no memory for long, and once all have, nothing is waited for.
  void forget_peer();

  void on_deadline(std::uint64_t token) override;
  void on_context_shutdown() noexcept override;

 private:
  struct Look {
    std::weak_ptr<PeerState> peer;
    std::optional<Silence> silence;  // nothing: at its classification
  };

  // With the mutex held.
  void add_locked(TimePoint when, Look look);
  void arm_locked();

  const boost::asio::any_io_executor executor_;
  std::mutex mutex_;
  parley::detail::ContextService* context_;
  policy::DeadlineHeap<Look> looks_;
  std::size_t peer_count_ = 0;
  std::size_t gone_count_ = 0;  // since the last time that all looks were of peers that are there
  parley::detail::DeadlineId armed_;
};

}  // namespace parley::app::detail
