#include <parley/error.hpp>

#include <utility>

namespace parley {
namespace {

const char* sentence(error e) noexcept {
  switch (e) {
    case error::closed: return "the connection is closed";
    case error::truncated: return "the stream ended inside a message";
    case error::message_too_large: return "the message exceeds the size limit";
    case error::malformed: return "the bytes received break the rules of the framing";
    case error::timed_out: return "the deadline passed";
    case error::full: return "the queue is full";
    case error::unframeable: return "the framing cannot carry this message";
    case error::send_ended: return "this direction of the connection has ended; nothing more can be sent";
    case error::no_listener: return "nothing listens at this endpoint";
    case error::too_many_connections: return "the limit on open connections is reached";
    case error::unavailable: return "the scheme is not available in this build";
    case error::no_address: return "the host has no usable address";
    case error::payload_rejected: return "the payload is not what was asked for";
    case error::untrusted_peer: return "the peer's certificate is not acceptable";
    case error::refused_by_peer: return "the peer refused the handshake";
    case error::handshake_failed: return "the handshake with the peer failed";
    case error::unknown_peer: return "there is no such peer";
    case error::duplicate_identity: return "another peer has the same identity";
    case error::peer_refused: return "the peer was not let in";
    case error::peer_silent: return "the peer has been silent for too long";
    case error::peer_too_slow: return "the peer takes its messages too slowly";
    case error::unacknowledged: return "the message was not acknowledged";
    case error::channel_reset: return "the peer has reset the channel";
    case error::channel_refused: return "the peer has refused the channel";
    case error::session_ended: return "the session of the channel has ended";
    case error::ended_by_peer: return "the peer has ended the session with an error";
    case error::going_away: return "the peer takes no new channels";
    case error::channels_exhausted: return "the numbers of channels are used up";
    case error::window_exceeded: return "the peer sent more than the channel's window allowed";
    case error::too_many_channels: return "the peer opened too many channels";
    case error::too_many_resets: return "the peer opened and reset too many channels";
    case error::unread_limit: return "too many bytes of channels are unread";
    case error::flooded: return "the peer provokes answers and does not read them";
    case error::no_such_route: return "the other side has no handler by this name";
    case error::handler_failed: return "the handler of the request has failed";
    case error::overloaded: return "more is asked than may wait";
    case error::disconnected: return "the connection was lost before the answer came";
    case error::message_refused: return "a hook or filter refused the message";
    case error::not_classified: return "the peer could not be classified";
    case error::unknown_kind: return "no handler is for this kind of peer";
  }
  return "unknown parley error";
}

class Category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "parley"; }
  [[nodiscard]] std::string message(int value) const override { return sentence(static_cast<error>(value)); }
  [[nodiscard]] const char* message(int value, char*, std::size_t) const noexcept override {
    return sentence(static_cast<error>(value));
  }
};

}  // namespace

const boost::system::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

Error::Error(boost::system::error_code code, std::string sentence)
    : system_error(code), sentence_(std::move(sentence)) {}

}  // namespace parley
