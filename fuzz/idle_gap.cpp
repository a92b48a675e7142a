// Bytes and the moments at which they come: what is decoded must be what a plain account of the silences makes of it.
//
//   input: gap in ms (u8) || limit (u8) || events, each a kind (u8) and a number (u8)
//   kinds: 0 time passes by so many ms, 1 time goes back by as many, 2 so many bytes come, 3 the driver wakes,
//          4 the driver wakes at the decoder's own deadline
#include "framing_input.hpp"

#include <chrono>

namespace {

using parley::Duration;
using parley::TimePoint;
using parley::fuzz::require;
using parley::test::Decoded;
using Milliseconds = std::chrono::milliseconds;

/// The messages by the rule as users are told it.
class Account {
 public:
  Account(Duration gap, std::size_t limit) : gap_{gap}, limit_{limit} {}

  void bytes(TimePoint now, const std::string& chunk) {
    if (is_over()) return;
    begun_ += chunk;
    quiet_since_ = now;
  }
  void wake(TimePoint now) {
    if (is_over() || begun_.empty()) return;
    quiet_since_ = std::min(quiet_since_, now);
    if (now - quiet_since_ >= gap_) end();
  }
  void end() {
    if (is_over() || begun_.empty()) return;
    messages.push_back(begun_);
    begun_.clear();
  }

  [[nodiscard]] bool is_over() const { return begun_.size() > limit_; }
  [[nodiscard]] std::optional<TimePoint> next_deadline() const {
    return begun_.empty() ? std::nullopt : std::optional{quiet_since_ + gap_};
  }

  std::vector<std::string> messages{};

 private:
  Duration gap_;
  std::size_t limit_;
  std::string begun_{};
  TimePoint quiet_since_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  fuzz::Input input{data, size};
  const Duration gap = Milliseconds{1 + input.u8()};
  const std::size_t limit = std::max<std::size_t>(input.u8(), 1);
  test::ChunkedDecode decode{IdleGap{.gap = gap}, limit};
  Account account{gap, limit};
  TimePoint now{std::chrono::hours{24}};
  char next_byte = 0;

  for (std::string_view event = input.text(2); event.size() == 2; event = input.text(2)) {
    const auto number = static_cast<std::uint8_t>(event[1]);
    std::string chunk;
    switch (static_cast<std::uint8_t>(event[0]) % 5) {
      case 0: now += Milliseconds{number}; continue;
      case 1: now -= Milliseconds{number}; continue;
      case 2:
        for (int i = 0; i < number; ++i) chunk += next_byte++;
        break;
      case 4: now = account.next_deadline().value_or(now); break;
      default: break;
    }
    decode.set_time(now);
    decode.feed(chunk);
    chunk.empty() ? account.wake(now) : account.bytes(now, chunk);
    require(account.is_over() || decode.next_deadline() == account.next_deadline());
  }

  const Decoded& decoded = decode.finish();
  account.end();
  require(decoded.messages == account.messages);
  require(decoded.ending == (account.is_over() ? Decoded::Ending::error : Decoded::Ending::end));
  require(!account.is_over() || (decoded.code == error::message_too_large && decoded.error_size == limit + 1));
  return 0;
}
