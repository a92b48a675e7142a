// Hooks: functions between the wire and the handlers, in order of registration.
//
//   server.after_receive([](parley::Message m) { return parley::Message{upper(m.view())}; });          // changes it
//   server.after_receive("panel", [](parley::Message m) -> std::optional<parley::Message> { … });       // or drops it
//   server.before_send([](parley::app::Peer& p, parley::Message m) -> parley::app::Hooked { … });       // or anything
//
// A hook takes the message, or the peer and the message; it returns a Message, an optional one (nothing: dropped), or a
// Hooked. It is a plain function and must not take long: it runs where the message is being received or sent. Hooks of
// one direction of one peer run one at a time; a before_send hook runs on the thread that sends, and must not itself
// send to a peer.
//
// A hook that throws: the message is given up as by Hooked::refuse with the exception's text.
#pragma once

#include <parley/message.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace parley::app {

/// What a hook has made of a message.
class Hooked {
 public:
  /// What becomes of it.
  enum class What : std::uint8_t {
    passed,    ///< the next hook gets it, and then the handlers or the wire
    dropped,   ///< it is gone, and counted
    answered,  ///< it is gone, and the peer is sent message() in place of it; on receiving alone
    refused,   ///< it is gone; on receiving on_error is told, on sending the send fails, each with reason()
    failed,    ///< as refused, and the peer is closed
  };

  /// Goes on as this message, which may be another.
  Hooked(Message message) : message_{std::move(message)} {}  // NOLINT(google-explicit-constructor)
  /// Is dropped, and counted in Stats::messages_dropped. The send of such a message succeeds.
  [[nodiscard]] static Hooked drop() { return {What::dropped, {}, {}}; }
  /// Is dropped, and the peer is answered, through its before_send hooks. (From before_send: the send fails.)
  [[nodiscard]] static Hooked answer(Message with) { return {What::answered, std::move(with), {}}; }
  /// Is given up with error::message_refused and this reason. The peer stays.
  [[nodiscard]] static Hooked refuse(std::string reason) { return {What::refused, {}, std::move(reason)}; }
  /// Is given up, and the peer is closed, with error::message_refused and this reason.
  [[nodiscard]] static Hooked fail(std::string reason) { return {What::failed, {}, std::move(reason)}; }

  /// What becomes of the message.
  [[nodiscard]] What what() const noexcept { return what_; }
  /// With passed and answered.
  [[nodiscard]] Message& message() noexcept { return message_; }
  /// With refused and failed.
  [[nodiscard]] std::string& reason() noexcept { return reason_; }

 private:
  Hooked(What what, Message message, std::string reason)
      : what_{what}, message_{std::move(message)}, reason_{std::move(reason)} {}

  What what_ = What::passed;
  Message message_;
  std::string reason_;
};

}  // namespace parley::app
