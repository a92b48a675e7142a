// Checks one end of a session by the bytes that it says and hears, in the order in which it does; it knows nothing of
// the core. For yamux: never more is sent than the windows that have come allow; no more credit is given out than the
// largest window; at rest, none is lost. For both: frames are well formed, channels are opened once and only used while
// they are, ends are said once.
//
// Used by the simulator and by fuzz targets, so it needs neither GoogleTest nor the core's headers.
#pragma once

#include <parley/wire/tcpchan_frame.hpp>
#include <parley/wire/yamux_frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace parley::test {

/// Frames out of bytes, cut anywhere; payload is passed over. What is counted of it is counted with its header, as
/// windows do.
template <class Rules>
class MuxFrameReader {
 public:
  std::vector<typename Rules::Frame> read(std::span<const std::byte> bytes) {
    std::vector<typename Rules::Frame> frames;
    for (std::size_t i = 0; i < bytes.size();) {
      if (body_left_ != 0) {
        const std::size_t size = std::min(body_left_, bytes.size() - i);
        body_left_ -= size;
        i += size;
        continue;
      }
      header_.push_back(bytes[i++]);
      if (header_.size() < Rules::header_size(header_)) continue;
      frames.push_back(Rules::Frame::decode(header_.data()));
      header_.clear();
      body_left_ = Rules::body_size(frames.back());
    }
    return frames;
  }

 private:
  std::vector<std::byte> header_;
  std::size_t body_left_ = 0;
};

class YamuxWireChecker {
 public:
  /// `window_max`: of the end that is checked.
  YamuxWireChecker(bool is_client, std::uint64_t window_max)
      : own_parity_{is_client ? 1U : 0U}, window_max_{window_max} {}

  void said(std::span<const std::byte> bytes) {
    for (const auto& frame : said_.read(bytes)) on_said(frame);
  }
  void heard(std::span<const std::byte> bytes) {
    for (const auto& frame : heard_.read(bytes)) on_heard(frame);
  }

  /// What is wrong; empty: nothing so far.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  /// When everything that was said has been heard, and all that came consumed: of each open channel at least half a
  /// window has to be the peer's.
  void expect_no_credit_lost() {
    for (const auto& [id, channel] : channels_) {
      if (!channel.is_over() && !channel.heard_fin && channel.may_hear < 131'072) {
        fail("at rest the peer may send " + std::to_string(channel.may_hear) + " bytes", id);
      }
    }
  }
  [[nodiscard]] std::uint64_t payload_said() const noexcept { return payload_said_; }

 private:
  using Frame = wire::YamuxFrame;
  using Type = wire::YamuxType;
  using Flags = wire::YamuxFlags;

  struct Rules {
    using Frame = wire::YamuxFrame;
    static std::size_t header_size(std::span<const std::byte> /*begun*/) { return Frame::header_size; }
    static std::size_t body_size(const Frame& frame) { return frame.type == Type::data ? frame.length : 0; }
  };

  struct Channel {
    std::uint64_t may_say = 262'144;
    std::uint64_t may_hear = 262'144;
    bool said_fin = false;
    bool heard_fin = false;
    bool said_rst = false;
    bool heard_rst = false;  // what was said before it may still be on its way out
    [[nodiscard]] bool is_over() const { return said_rst || heard_rst || (said_fin && heard_fin); }
  };

  void on_said(const Frame& frame) {
    if (frame.version != 0 || static_cast<int>(frame.type) > 3) return fail("says nonsense", frame.id);
    if (frame.type == Type::ping || frame.type == Type::go_away) {
      if (frame.id != 0) fail("names a channel where there is none", frame.id);
      return;
    }
    if (frame.has(Flags::syn)) {
      if (frame.id % 2 != own_parity_ || frame.id == 0) fail("opens a number that is not its own", frame.id);
      if (!channels_.try_emplace(frame.id).second) fail("opens twice", frame.id);
    }
    const auto found = channels_.find(frame.id);
    if (found == channels_.end()) {
      if (!frame.has(Flags::rst)) fail("speaks on a channel that is not there", frame.id);
      return;
    }
    Channel& channel = found->second;
    if (channel.heard_rst) return;
    if (channel.said_rst) return fail("speaks on a channel that it has reset", frame.id);
    if (frame.type == Type::data) {
      payload_said_ += frame.length;
      if (channel.said_fin && frame.length != 0) fail("says more behind its end", frame.id);
      if (frame.length > channel.may_say) {
        fail("says " + std::to_string(frame.length) + " bytes with a window of " + std::to_string(channel.may_say),
             frame.id);
      }
      if (frame.length > 64 * 1024) fail("says more at once than it should", frame.id);
      channel.may_say -= frame.length;
    } else {
      channel.may_hear += frame.length;
      if (channel.may_hear > window_max_) fail("grants " + std::to_string(channel.may_hear) + " bytes", frame.id);
    }
    if (frame.has(Flags::fin) && std::exchange(channel.said_fin, true)) fail("ends twice", frame.id);
    if (frame.has(Flags::rst)) channel.said_rst = true;
  }

  void on_heard(const Frame& frame) {
    if (frame.type == Type::ping || frame.type == Type::go_away || static_cast<int>(frame.type) > 3) return;
    if (frame.has(Flags::syn)) channels_.try_emplace(frame.id);
    const auto found = channels_.find(frame.id);
    if (found == channels_.end()) return;
    Channel& channel = found->second;
    if (frame.type == Type::data) {
      channel.may_hear -= std::min<std::uint64_t>(frame.length, channel.may_hear);
    } else {
      channel.may_say += frame.length;
    }
    if (frame.has(Flags::fin)) channel.heard_fin = true;
    if (frame.has(Flags::rst)) channel.heard_rst = true;
  }

  void fail(const std::string& what, std::uint32_t id) {
    if (problem_.empty()) problem_ = what + ", channel " + std::to_string(id);
  }

  std::uint32_t own_parity_;
  std::uint64_t window_max_;
  MuxFrameReader<Rules> said_;
  MuxFrameReader<Rules> heard_;
  std::map<std::uint32_t, Channel> channels_;
  std::uint64_t payload_said_ = 0;
  std::string problem_;
};

class TcpChanWireChecker {
 public:
  TcpChanWireChecker(bool is_client, std::uint64_t /*window_max*/) : is_client_{is_client} {}

  void said(std::span<const std::byte> bytes) {
    for (const auto& frame : said_.read(bytes)) on_said(frame);
  }
  void heard(std::span<const std::byte> bytes) {
    for (const auto& frame : heard_.read(bytes)) on_heard(frame);
  }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  void expect_no_credit_lost() {}
  [[nodiscard]] std::uint64_t payload_said() const noexcept { return payload_said_; }

 private:
  using Frame = wire::TcpChanFrame;
  using Op = wire::TcpChanOp;

  struct Rules {
    using Frame = wire::TcpChanFrame;
    static std::size_t header_size(std::span<const std::byte> begun) {
      return begun.size() < 2 ? 2 : Frame::size_of(static_cast<Op>(begun[1]));
    }
    static std::size_t body_size(const Frame& frame) { return frame.length; }
  };

  void on_said(const Frame& frame) {
    if (frame.version != 0) fail("says another version", frame.number);
    if (frame.op == (is_client_ ? Op::handshake_request : Op::handshake_reply)) {
      is_ready_ = true;
      return;
    }
    if (!is_ready_) fail("says something before the handshake", frame.number);
    if (frame.op == Op::create && !open_.insert(frame.number).second) fail("opens twice", frame.number);
    if (frame.op == Op::payload) {
      payload_said_ += frame.length;
      if (!open_.contains(frame.number) && !closed_by_peer_.contains(frame.number))
        fail("speaks on a channel that is not there", frame.number);
    }
    if (frame.op == Op::close && open_.erase(frame.number) == 0 && !closed_by_peer_.contains(frame.number))
      fail("closes what is not there", frame.number);
  }

  void on_heard(const Frame& frame) {
    if (frame.op == Op::create) open_.insert(frame.number);
    // What was said before it may still be on its way out.
    if (frame.op == Op::close && open_.erase(frame.number) != 0) closed_by_peer_.insert(frame.number);
  }

  void fail(const std::string& what, std::uint32_t id) {
    if (problem_.empty()) problem_ = what + ", channel " + std::to_string(id);
  }

  bool is_client_;
  bool is_ready_ = false;
  MuxFrameReader<Rules> said_;
  MuxFrameReader<Rules> heard_;
  std::set<std::uint32_t> open_;
  std::set<std::uint32_t> closed_by_peer_;
  std::uint64_t payload_said_ = 0;
  std::string problem_;
};

}  // namespace parley::test
