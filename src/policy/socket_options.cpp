#include <parley/policy/socket_options.hpp>

#include <stdexcept>

namespace parley::policy {

void check(const SocketOptions& options) {
  const auto refuse = [](const char* why) { throw std::invalid_argument(why); };
  if (options.send_high_water_size == 0 || options.send_high_water_count == 0) {
    refuse("a send high-water mark of 0 would let no message through; it must be at least 1");
  }
  if (options.receive_high_water_size == 0) {
    refuse("a receive high-water mark of 0 would let nothing in; it must be at least 1");
  }
  if (options.delivery == Delivery::at_least_once) {
    if (options.send_mode == SendMode::publish) {
      refuse("publishing cannot promise at-least-once: nobody says who is to acknowledge");
    }
    if (options.overflow == Overflow::drop_oldest) {
      refuse("at-least-once and drop_oldest contradict each other: what was accepted would be dropped");
    }
    if (options.sent_max == 0) refuse("sent_max must be at least 1");
    if (options.resend_after <= std::chrono::milliseconds::zero()) refuse("resend_after must be above zero");
    if (options.unacknowledged_count_max == 0 || options.unacknowledged_size_max == 0) {
      refuse("a limit of 0 unacknowledged messages would let none through; it must be at least 1");
    }
  }
  if (options.acknowledge == Acknowledge::by_application && options.duplicates_max == 0) {
    refuse("acknowledging by the application needs ids of received messages to be remembered (duplicates_max)");
  }
  if (options.peers_max == 0) refuse("peers_max must be at least 1");
}

}  // namespace parley::policy
