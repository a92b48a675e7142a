// What the two ends say at the beginning of a channel, before the bytes of the connection: docs/protocols/tunnel.md.
//
// Neither reads more than is said, so that what follows is left in the channel.
#pragma once

#include "common_options.hpp"

#include <parley/transport/stream.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string>

namespace parley::tool {

/// What a gateway answers.
enum class Verdict : std::uint8_t {
  connected = 0,  ///< bytes follow
  not_allowed,    ///< it is not on the gateway's list
  failed,         ///< the gateway could not connect to it
  malformed,      ///< what was asked is no endpoint, or was not asked in time
  too_many,       ///< the gateway has as many connections as it may
};

struct Answer {
  Verdict verdict = Verdict::connected;
  std::string sentence;  ///< why not
};

struct Asked {
  boost::system::error_code code;  ///< timed_out, message_too_large, or why the channel ended
  std::string text;                ///< where to; anything a peer may send
};

// Each takes at most that time; error::timed_out: the channel is good for nothing more then.

/// Section 1.
[[nodiscard]] boost::asio::awaitable<boost::system::error_code> ask(transport::Stream& channel, std::string text,
                                                                    Seconds patience);
/// What the peer asks.
[[nodiscard]] boost::asio::awaitable<Asked> hear(transport::Stream& channel, Seconds patience);

/// Section 2. A sentence that is too long is cut.
[[nodiscard]] boost::asio::awaitable<boost::system::error_code> reply(transport::Stream& channel, Answer answer,
                                                                      Seconds patience);
/// The gateway's answer; why there is none: error::malformed for one that makes no sense.
[[nodiscard]] boost::asio::awaitable<boost::system::error_code> read_answer(transport::Stream& channel, Answer& answer,
                                                                            Seconds patience);

}  // namespace parley::tool
