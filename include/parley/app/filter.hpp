// Filter: what is done to every message of a peer on its way in and on its way out, in one place: a checksum that is
// added and checked, start and end bytes, compression, encryption, translation.
//
//   class Upper final : public parley::app::Filter {
//    public:
//     FilterResult decode(Message message) override { return message; }
//     FilterResult encode(Message message) override { return upper_case(message); }
//   };
//   MakeFilter upper = [] { return std::make_unique<Upper>(); };
//
// A filter is the state of one peer, made with its connection and gone with it: what is given to servers and clients is
// therefore a MakeFilter. It is called by one thread at a time, and neither waits nor sends. Those of the library are
// in app/filters; several make a FilterChain.
#pragma once

#include <parley/message.hpp>

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace parley::app {

/// What a filter makes of a message.
class FilterResult {
 public:
  /// Which of the three.
  enum class Kind : std::uint8_t {
    message,  ///< The message goes on, changed or not.
    dropped,  ///< It is left out, counted and told; the peer stays.
    failed,   ///< Decoding: the peer is given up. Encoding: the message is refused, and the peer stays.
  };

  /// The message goes on.
  FilterResult(Message message) noexcept  // NOLINT(google-explicit-constructor): a message is the result that it is
      : message_{std::move(message)} {}

  /// `reason` is a sentence with the numbers in it and without the peer, which is added.
  [[nodiscard]] static FilterResult dropped(std::string reason) {
    return FilterResult{Kind::dropped, {}, std::move(reason)};
  }
  /// As `dropped`; `code` is not 0.
  [[nodiscard]] static FilterResult failed(boost::system::error_code code, std::string sentence) {
    return FilterResult{Kind::failed, code, std::move(sentence)};
  }

  /// Which it is; the members below mean something for some.
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_message() const noexcept { return kind_ == Kind::message; }
  /// Of `message`; empty otherwise.
  [[nodiscard]] Message& message() noexcept { return message_; }
  [[nodiscard]] const Message& message() const noexcept { return message_; }
  /// Of `failed`; 0 otherwise.
  [[nodiscard]] boost::system::error_code code() const noexcept { return code_; }
  /// Of `dropped` and `failed`; empty otherwise.
  [[nodiscard]] const std::string& sentence() const noexcept { return sentence_; }

 private:
  FilterResult(Kind kind, boost::system::error_code code, std::string sentence) noexcept
      : kind_{kind}, code_{code}, sentence_{std::move(sentence)} {}

  Kind kind_ = Kind::message;
  boost::system::error_code code_;
  Message message_;
  std::string sentence_;
};

/// Both directions of one peer.
class Filter {
 public:
  Filter() = default;
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  virtual ~Filter() = default;

  /// One message as it was received. What a peer sends is hostile until it is checked: sizes are bounded before memory
  /// is taken, and nothing is thrown for it. After `failed` no further message is decoded.
  [[nodiscard]] virtual FilterResult decode(Message message) = 0;

  /// One message that is to be sent.
  [[nodiscard]] virtual FilterResult encode(Message message) = 0;

  /// The message that `encode` gave last does not go out: what comes behind this filter has refused it, or has thrown.
  /// Filters whose next messages build on those before them must forget it.
  virtual void not_sent() {}

  /// The messages a peer sends build on those before them, so that none may be left out before this filter sees it.
  [[nodiscard]] virtual bool needs_every_message() const { return false; }
};

/// Makes the filter of a new peer, never null. May be called from any thread, by several at once.
using MakeFilter = std::function<std::unique_ptr<Filter>()>;

/// What the filters of the library do about a received message that is not as it should be.
enum class OnBadMessage : std::uint8_t {
  fail_peer,  ///< FilterResult::failed, with error::malformed unless the filter says another code.
  drop,       ///< FilterResult::dropped: for lines with noise on them, where the next message may be whole again.
};

}  // namespace parley::app
