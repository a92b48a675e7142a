// A framing of one's own: STX, the body, ETX, and a check byte, as many serial devices speak.
//
//   STX (0x02) || body || ETX (0x03) || check
//
// The check byte is the XOR of the body's bytes and ETX. A body cannot contain STX or ETX.
//
//   parley::Framing framing = std::make_shared<StartEndChecksum>();
#pragma once

#include <parley/wire/framing.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

inline constexpr std::byte stx{0x02};
inline constexpr std::byte etx{0x03};

/// One direction of one connection. Looks at each byte once, however they arrive. Invariant: `check_` is the XOR of
/// unread[1, searched_), which holds neither STX nor ETX; once `ended_`, unread[searched_] is the ETX.
class StartEndChecksumDecoder final : public parley::wire::FrameDecoder {
 public:
  explicit StartEndChecksumDecoder(std::size_t message_size_max) : size_max_{message_size_max} {}

  [[nodiscard]] parley::wire::DecodeStep decode(std::span<const std::byte> unread, bool eof,
                                                parley::TimePoint /*now*/) override {
    using parley::wire::DecodeStep;
    if (unread.empty()) return DecodeStep::incomplete(0, eof, shortest);
    if (unread[0] != stx) return DecodeStep::fail(parley::error::malformed, 0);

    // The limit is checked before each byte is counted, so that an endless body is refused and not gathered.
    for (; !ended_ && searched_ < unread.size(); ++searched_) {
      if (unread[searched_] == stx) return DecodeStep::fail(parley::error::malformed, searched_);
      ended_ = unread[searched_] == etx;
      if (ended_) break;
      if (searched_ > size_max_) return DecodeStep::fail(parley::error::message_too_large, 0, searched_);
      check_ ^= unread[searched_];
    }
    // Behind what was searched come at least ETX and the check byte.
    const std::size_t total = searched_ + 2;
    if (unread.size() < total) return DecodeStep::incomplete(unread.size(), eof, total);
    if (unread[searched_ + 1] != (check_ ^ etx)) return DecodeStep::fail(parley::error::malformed, searched_ + 1);

    const std::size_t body_size = searched_ - 1;
    searched_ = 1;
    check_ = {};
    ended_ = false;
    return DecodeStep::frame(1, body_size, total);
  }

 private:
  static constexpr std::size_t shortest = 3;  // STX, ETX and the check byte

  std::size_t size_max_;
  std::size_t searched_ = 1;
  std::byte check_{};
  bool ended_ = false;
};

class StartEndChecksum final : public parley::CustomFraming {
 public:
  [[nodiscard]] std::unique_ptr<parley::wire::FrameDecoder> make_decoder(std::size_t message_size_max) const override {
    return std::make_unique<StartEndChecksumDecoder>(message_size_max);
  }

  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte> body,
                                                 parley::wire::Envelope& out) const override {
    std::byte check = etx;
    for (const std::byte octet : body) {
      if (octet == stx || octet == etx) return parley::error::unframeable;
      check ^= octet;
    }
    // The envelope's own scratch holds what is written around the body, so nothing has to outlive this call.
    out.scratch[0] = stx;
    out.scratch[1] = etx;
    out.scratch[2] = check;
    out.header = std::span{out.scratch}.first(1);
    out.trailer = std::span{out.scratch}.subspan(1, 2);
    return {};
  }

  [[nodiscard]] std::string name() const override { return "stx-etx-xor"; }
};
