// Every bound and default of the library, in one place.
#pragma once

#include <chrono>
#include <cstddef>

namespace parley::limits {

/// Units, in bytes.
inline constexpr std::size_t kib = 1024;
inline constexpr std::size_t mib = 1024 * kib;

/// Largest message accepted or sent unless an option says otherwise, in bytes of body.
inline constexpr std::size_t message_size_max = 64 * mib;

/// A connection's outgoing queue: `send` waits above either mark, and goes on below half of it.
inline constexpr std::size_t send_high_water_size = 1 * mib;
inline constexpr std::size_t send_high_water_count = 65'536;

/// `post` queues past the mark up to this many bytes.
inline constexpr std::size_t send_hard_limit_size = 256 * mib;

/// Received bytes kept for an application that does not receive; above it the stream is not read.
inline constexpr std::size_t receive_high_water_size = 256 * kib;

/// Largest single read from a stream.
inline constexpr std::size_t read_size = 256 * kib;

/// How long queued bytes are still written after the last handle of a connection has gone.
inline constexpr std::chrono::milliseconds linger{1000};

/// Pending connections the kernel keeps for a listener.
inline constexpr int backlog = 4096;

/// Connections a listener keeps open at a time.
inline constexpr std::size_t connections_max = 16'384;

/// How deeply arrays and objects may be nested in a payload, decoded or encoded.
inline constexpr std::size_t payload_depth_max = 64;

/// Memory a decoded value may take, in bytes: a small payload can announce, or repeat, a large one.
inline constexpr std::size_t decoded_size_max = 256 * mib;

/// How long a TLS or WebSocket handshake may take, each.
inline constexpr std::chrono::milliseconds handshake_time_max{10'000};

/// Handshakes that an acceptor has under way at a time.
inline constexpr std::size_t handshakes_max = 256;

/// When so many are under way and another connection comes, for how long a peer must have been silent to have its own
/// ended for it: since it connected, or since it last said something. The first word comes with the connection; the
/// next may have a long way to go.
inline constexpr std::chrono::milliseconds handshake_first_word_after{250};
inline constexpr std::chrono::milliseconds handshake_next_word_after{1000};

/// How long a socket waits for an acknowledgement, and how often it sends a message that wants one.
inline constexpr std::chrono::milliseconds resend_after{5000};
inline constexpr unsigned sent_max = 6;

/// Messages, and their bytes, that a socket has sent and not seen acknowledged.
inline constexpr std::size_t unacknowledged_count_max = 65'536;
inline constexpr std::size_t unacknowledged_size_max = 64 * mib;

/// Ids of received messages that a socket remembers.
inline constexpr std::size_t duplicates_max = 65'536;

/// Between two heartbeats, and for how long a peer may be silent.
inline constexpr std::chrono::milliseconds heartbeat_interval{5000};
inline constexpr std::chrono::milliseconds silence_max{15'000};

/// From a connection to the end of the greeting.
inline constexpr std::chrono::milliseconds greeting_time_max{15'000};

/// Peers of a socket at a time.
inline constexpr std::size_t peers_max = 16'384;

/// Events that wait to be taken; then the oldest are dropped, and counted.
inline constexpr std::size_t events_max = 4096;

/// Bytes of the messages that those carry.
inline constexpr std::size_t events_size_max = 16 * 1024 * 1024;

/// What comes before a request's or an answer's payload, in bytes.
inline constexpr std::size_t metadata_size_max = 64 * kib;

/// How long a request waits for its answer.
inline constexpr std::chrono::milliseconds request_time_max{60'000};

/// Requests to one peer that wait for their answers.
inline constexpr std::size_t calls_max = 65'536;

/// Messages that wait for a peer to connect again, and their bytes.
inline constexpr std::size_t kept_count_max = 65'536;
inline constexpr std::size_t kept_size_max = 64 * mib;

/// Requests of one peer at work at a time, those that wait for their turn, and the bytes of these.
inline constexpr std::size_t handlers_max = 1024;
inline constexpr std::size_t waiting_requests_max = 16'384;
inline constexpr std::size_t waiting_requests_size_max = 64 * mib;

/// Answers that wait to be written to a peer, in bytes, and how long it may take none of them.
inline constexpr std::size_t answers_size_max = 16 * mib;
inline constexpr std::chrono::milliseconds stall_time_max{30'000};

/// Connections to a server that have not said who they are.
inline constexpr std::size_t strangers_max = 1024;

/// How long a server remembers a client that is not connected.
inline constexpr std::chrono::milliseconds absence_max{60'000};

/// Messages of a peer that wait until its kind is known, their bytes, and for how long.
inline constexpr std::size_t held_count_max = 16;
inline constexpr std::size_t held_size_max = 64 * kib;
inline constexpr std::chrono::milliseconds classification_time_max{30'000};

/// Bytes that the history of a peer keeps, where it is asked for, and the largest first message that is remembered.
inline constexpr std::size_t history_size_max = 64 * kib;
inline constexpr std::size_t first_message_size_max = 4 * kib;

/// How long a server that was told to stop by a signal waits for what is under way.
inline constexpr std::chrono::milliseconds drain_time_max{10'000};

/// How long one attempt of a client to connect may take.
inline constexpr std::chrono::milliseconds attempt_time_max{5'000};

/// How long nothing may come from an address before its connection at a udp listener ends.
inline constexpr std::chrono::milliseconds datagram_idle_time_max{60'000};

/// Received datagrams that all connections of a udp listener together keep, in bytes.
inline constexpr std::size_t datagrams_unread_size_max = 64 * mib;

}  // namespace parley::limits
