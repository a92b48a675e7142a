// Classification: what a peer is, told by the first that it sends.
//
//   server.classify([](const parley::Message& first) {
//     return first.view().starts_with("!!") ? "panel" : parley::app::unclassified;
//   });
//   server.classify(parley::app::ByPrefix{{"!!", "panel"}, {"M:", "meter"}});
//
// A classifier sees what the peer has sent, with what its framing leaves of it, after the filters that are for all
// kinds and before the hooks. It is asked when a message has come and the peer has no kind yet; what was sent to the
// peer before does not matter. One that takes a std::span<const Message> gets all that has come so far, and may say
// `not_yet`: the messages are held, and handled in order once the peer has its kind.
#pragma once

#include <parley/app/kinds.hpp>
#include <parley/detail/export.hpp>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::app {

/// The type of `not_yet`.
struct NotYet {};
/// The verdict that asks for another message.
inline constexpr NotYet not_yet{};

/// What a classifier says of a peer.
class Verdict {
 public:
  /// Which of the three it is.
  enum class What : std::uint8_t {
    kind,     ///< text() is what the peer is
    open,     ///< not_yet: another message has to come
    refused,  ///< the peer is sent away: text() is why
  };

  /// A kind, by its name; it converts from whatever a name may be.
  Verdict(std::string_view kind) : text_{kind} {}                 // NOLINT(google-explicit-constructor)
  Verdict(const char* kind) : Verdict{std::string_view{kind}} {}  // NOLINT(google-explicit-constructor)
  Verdict(std::string kind) : text_{std::move(kind)} {}           // NOLINT(google-explicit-constructor)
  /// Nothing can be said yet.
  Verdict(NotYet) : what_{What::open} {}  // NOLINT(google-explicit-constructor)
  /// The peer is told to on_error with error::peer_refused and this reason, and closed.
  [[nodiscard]] static Verdict refused(std::string reason) {
    Verdict verdict{std::move(reason)};
    verdict.what_ = What::refused;
    return verdict;
  }

  /// Which of the three it is.
  [[nodiscard]] What what() const noexcept { return what_; }
  /// The kind, or the reason.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  What what_ = What::kind;
  std::string text_;
};

/// A classifier that is a table: the longest prefix of the first message decides. It knows the kinds that there are, so
/// that start() can compare them with the handlers.
class PARLEY_EXPORT ByPrefix {
 public:
  /// A prefix, in bytes, and the kind of who begins with it.
  using Entry = std::pair<std::string_view, std::string_view>;

  /// Peers that begin with no prefix of the table are `otherwise`. Throws std::invalid_argument for a prefix that is
  /// there twice.
  ByPrefix(std::initializer_list<Entry> table, std::string_view otherwise = unclassified);
  /// The same for a table that the program has only when it runs.
  explicit ByPrefix(std::span<const Entry> table, std::string_view otherwise = unclassified);

  /// The kind for this first message.
  [[nodiscard]] std::string_view kind_of(std::string_view first) const noexcept;
  /// All that kind_of may give, each once.
  [[nodiscard]] Kinds kinds() const;

 private:
  struct Row {
    std::string prefix;
    std::string kind;
  };
  std::vector<Row> rows_;  // longer prefixes first
  std::string otherwise_;
};

}  // namespace parley::app
