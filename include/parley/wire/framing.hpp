// How messages are told apart on a stream of bytes: an option struct for each framing, and Framing, which holds one.
//
//   Framing a;                                        // LengthPrefixed{}: a u32, big-endian, then the body
//   Framing b = Separator{"\r\n"};
//   Framing c = std::make_shared<MyFraming>();        // your own: derive from CustomFraming
//
// Both ends must be given the same framing: nothing on the wire says which one is in use. The bytes are described in
// docs/protocols/framing.md. Options that make no sense are std::invalid_argument when the Framing is made.
//
// A Framing is a value without state: one serves any number of connections. What decodes and encodes one connection's
// bytes is made from it by make_decoder (any_decoder.hpp) and make_encoder (any_encoder.hpp).
//
// Inside a co_await expression name these options first (`Separator lines{"\r\n"};`): GCC 12 destroys a temporary
// aggregate with non-trivial members twice there.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/error.hpp>
#include <parley/time.hpp>
#include <parley/wire/bytes.hpp>
#include <parley/wire/envelope.hpp>
#include <parley/wire/frame_decoder.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace parley {

/// A length of `width` bytes, then that many bytes of body. Empty messages are messages.
struct LengthPrefixed {
  std::size_t width = 4;             ///< bytes of the length: 1, 2, 4 or 8
  ByteOrder order = ByteOrder::big;  ///< of the length
  /// The length on the wire is the size of the body plus this: the header's size for protocols whose length counts its
  /// own header, negative for those that leave out something every body has.
  std::int64_t offset = 0;

  bool operator==(const LengthPrefixed&) const = default;
};

/// A length as a base-128 varint, as protobuf writes delimited messages, then that many bytes of body. At most 10
/// bytes of length; longer-than-necessary ones are understood and never sent.
struct VarintPrefixed {
  bool operator==(const VarintPrefixed&) const = default;
};

/// A body, then the separator. A body that contains the separator cannot be sent (error::unframeable).
struct Separator {
  std::string bytes = "\n";  ///< 1 to 256 bytes, of any value
  /// A received message includes its separator. A message sent may include it or not: the separator is added unless
  /// the message ends with it already, so that what was received can be sent on unchanged.
  bool keep = false;
  /// Send bodies that contain the separator all the same; the peer sees such a body as several messages.
  bool allow_in_body = false;

  bool operator==(const Separator&) const = default;
};

/// Messages of exactly `size` bytes. A shorter body is padded behind; a longer one cannot be sent (error::unframeable).
struct FixedLength {
  std::size_t size = 0;  ///< bytes on the wire: at least 1, at most the limit on messages
  char pad = ' ';        ///< the byte that fills what a short body leaves
  /// Remove the trailing `pad` bytes of received messages, those that the sender's own body ended with included.
  bool strip = false;

  bool operator==(const FixedLength&) const = default;
};

/// One message for each direction: everything up to the end of the stream. Sending it ends the sending direction, so
/// the transport must be able to half-close. A second message is error::send_ended, an empty one error::unframeable.
struct UntilEof {
  bool operator==(const UntilEof&) const = default;
};

/// No framing: whatever one read gave is a message, at most the limit on messages at a time. How bytes fall into
/// messages depends on the network. An empty message is error::unframeable.
struct Raw {
  bool operator==(const Raw&) const = default;
};

/// A message is what comes until nothing has come for `gap`, or until the stream ends: for devices that pause between
/// messages and mark them in no other way. No byte is lost; where messages end depends on the network and on how busy
/// both programs are, so that a pause of the peer's may be overlooked and one of the network's taken for its own. A
/// peer that does not pause before the limit on messages is error::message_too_large: Raw is for those. Messages are
/// sent as they are, one behind the other: leave a pause between two yourself. An empty one is error::unframeable.
struct IdleGap {
  /// Silence that ends a message: more than nothing, at most 24 hours. The pauses within a message, the network's
  /// included, have to be shorter, and those between two messages longer.
  Duration gap = std::chrono::milliseconds{100};

  bool operator==(const IdleGap&) const = default;
};

/// A framing of your own. The object is shared by all connections that use it, from any thread: it keeps no state; the
/// decoders it makes may. examples/2_recipes/start_end_checksum.hpp is a complete one.
class CustomFraming {
 public:
  CustomFraming() = default;
  CustomFraming(const CustomFraming&) = delete;
  CustomFraming& operator=(const CustomFraming&) = delete;
  virtual ~CustomFraming() = default;

  /// A decoder for one direction of one connection; never null. Bodies over `message_size_max` bytes are to be
  /// answered with error::message_too_large, as soon as it is certain.
  [[nodiscard]] virtual std::unique_ptr<wire::FrameDecoder> make_decoder(std::size_t message_size_max) const = 0;

  /// Says what goes around `body`; `out` comes cleared. Small headers and trailers are built in `out.scratch`, others
  /// must lie in memory that outlives the call's use, such as constants. The limit on size was checked already.
  /// An error refuses the message and leaves the connection as it was.
  [[nodiscard]] virtual boost::system::error_code encode(std::span<const std::byte> body,
                                                         wire::Envelope& out) const = 0;

  /// For people: in logs and errors.
  [[nodiscard]] virtual std::string name() const = 0;

  /// Whether an Envelope may have `ends_stream` set: refused on transports that cannot close one direction alone.
  [[nodiscard]] virtual bool needs_half_close() const { return false; }
  /// Whether the decoder looks at `now` or has deadlines; where it does not, the clock need not be read.
  [[nodiscard]] virtual bool uses_time() const { return false; }
};

/// Any framing, as a value. Compares equal when it is the same kind with the same options, or the same custom object.
class PARLEY_EXPORT Framing {
 public:
  /// The option structs; a custom framing by pointer, never null.
  using Options = std::variant<LengthPrefixed, VarintPrefixed, Separator, FixedLength, UntilEof, Raw, IdleGap,
                               std::shared_ptr<const CustomFraming>>;

  /// LengthPrefixed{}.
  Framing() noexcept = default;

  // NOLINTBEGIN(google-explicit-constructor): an option struct *is* a framing.
  /// All throw std::invalid_argument for options out of range.
  Framing(LengthPrefixed options);
  Framing(VarintPrefixed options) noexcept;
  Framing(Separator options);
  Framing(FixedLength options);
  Framing(UntilEof options) noexcept;
  Framing(Raw options) noexcept;
  Framing(IdleGap options);
  Framing(std::shared_ptr<const CustomFraming> custom);
  template <std::derived_from<CustomFraming> Custom>
  Framing(std::shared_ptr<Custom> custom) : Framing{std::shared_ptr<const CustomFraming>{std::move(custom)}} {}
  // NOLINTEND(google-explicit-constructor)

  /// The text form of framing_text.hpp; a custom framing's own name.
  [[nodiscard]] std::string name() const;

  /// The framing ends the sending direction by itself: the transport must be able to half-close.
  [[nodiscard]] bool needs_half_close() const;

  /// Decoding depends on time: `decode` wants the real `now`, and `next_deadline` must be obeyed.
  [[nodiscard]] bool uses_time() const;

  /// Which framing it is, and with which options.
  [[nodiscard]] const Options& options() const noexcept { return options_; }

  bool operator==(const Framing&) const = default;

 private:
  Options options_;
};

}  // namespace parley

namespace parley::wire {

/// No body is larger than this whatever a limit says, so that sums of sizes cannot overflow.
inline constexpr std::size_t body_size_max = std::numeric_limits<std::size_t>::max() / 2 - 1024;

/// The longest separator, in bytes.
inline constexpr std::size_t separator_size_max = 256;

/// The longest silence that an IdleGap may wait for.
inline constexpr Duration idle_gap_max = std::chrono::hours{24};

/// Each throws std::invalid_argument with a sentence when an option is out of range.
PARLEY_EXPORT void check(const LengthPrefixed& options);
PARLEY_EXPORT void check(const Separator& options);
PARLEY_EXPORT void check(const FixedLength& options);
PARLEY_EXPORT void check(const IdleGap& options);

}  // namespace parley::wire
