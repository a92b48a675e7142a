// Layer: a protocol between the plain bytes of a Stream and the bytes of the stream below it (TLS, WebSocket), as a
// state machine. It does no I/O and never waits; LayeredStream makes a Stream of it, HandshakeOp drives its handshake.
//
// Every call may take from and give to what is Below, whatever its own direction. After any error but would_block the
// layer is over, explain() says why, and what it has given (an alert, a refusal) should still be sent. Not for two
// threads at once.
#pragma once

#include <parley/time.hpp>
#include <parley/transport/tls_info.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace parley::transport {

/// What a layer sees of the stream below. Nothing here waits.
class Below {
 public:
  /// asio::error::would_block when there is nothing now, asio::error::eof at the end of the stream.
  virtual std::size_t take(std::span<std::byte> room, boost::system::error_code& ec) = 0;
  /// Takes all of it: what cannot leave at once is kept.
  virtual void give(std::span<const std::byte> bytes) = 0;
  /// What is given from here on only says that nothing follows; whether it arrives matters to nobody. Once.
  virtual void begin_farewell() {}
  /// Something given earlier is still kept. Answers that the peer can ask for without end must wait then.
  [[nodiscard]] virtual bool is_congested() const = 0;

 protected:
  ~Below() = default;
};

class Layer {
 public:
  /// The most that one write() encodes.
  static constexpr std::size_t write_size_max = 128 * 1024;

  virtual ~Layer() = default;

  /// would_block: more of the peer's bytes are needed. Nothing else may be called before it has succeeded.
  virtual void handshake(boost::system::error_code& ec) = 0;

  /// Fills `room` as far as there are bytes; `ec` says why it did not fill it: would_block, asio::error::eof when the
  /// peer has said that nothing follows, error::truncated when the stream ended without that. An end comes again with
  /// every further read. No error and room left: it has looked at enough that was not for the caller, and others are to
  /// have their turn before it goes on.
  virtual std::size_t read(std::span<std::byte> room, boost::system::error_code& ec) = 0;
  /// Encodes from the front of the buffers, of which not all are empty; returns how many bytes it took, at least one
  /// and at most `write_size_max`.
  virtual std::size_t write(std::span<const boost::asio::const_buffer> buffers, boost::system::error_code& ec) = 0;
  /// Tells the peer that nothing follows.
  virtual void end() noexcept = 0;

  /// How often heartbeat() is to be called after the handshake; zero: never.
  [[nodiscard]] virtual Duration heartbeat_interval() const noexcept { return Duration::zero(); }
  /// Another interval has passed. Looks for a sign of life from the peer, and asks for one where there is none; when
  /// that has not helped, `ec` and from then on read() say that the peer is gone.
  virtual void heartbeat(boost::system::error_code& ec) { ec = {}; }

  /// A sentence about the last error, without the peer's endpoint; empty where the code says all there is to say.
  [[nodiscard]] virtual const std::string& explain() const noexcept = 0;
  /// Of a layer that secures the stream, after the handshake.
  [[nodiscard]] virtual std::shared_ptr<const TlsInfo> tls_info() const { return nullptr; }
};

}  // namespace parley::transport
