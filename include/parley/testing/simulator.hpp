// Simulator: sockets on a network that exists only here, in a time that passes when it is told to.
//
//   Simulator net{seed, faults};
//   SimulatedSocket& server = net.add_socket({});
//   server.bind("tcp://server:1");
//   SimulatedSocket& client = net.add_socket({});
//   client.connect("tcp://server:1");
//   client.send("hello");
//   net.pass(1s);                          // delays, losses of connections, heartbeats, resends: all in microseconds
//   auto received = server.receive();
//
// What decides in a real Socket decides here: the same class, given other bytes, another clock and other dice. The same
// seed gives the same run to the last byte, in one thread, on any machine; so a seed that fails is all that is needed
// to see it fail again.
//
// Thread rule: one thread at a time.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>
#include <parley/identity.hpp>
#include <parley/message.hpp>
#include <parley/policy/socket_event.hpp>
#include <parley/policy/socket_options.hpp>
#include <parley/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace parley::testing {

/// What goes wrong, and how often. All zero: nothing does, and bytes arrive in the moment in which they are sent.
struct Faults {
  Duration delay_min{};        ///< of bytes on their way, and of connecting
  Duration delay_max{};        ///< each piece its own; those of one connection arrive in order
  double split = 0;            ///< probability that a write is cut into pieces that arrive one by one
  double refuse = 0;           ///< probability that an attempt to connect fails
  Duration cut_every{};        ///< a connection is cut about this often, what is on its way is lost; zero: never
  Duration half_open_every{};  ///< both ends of one stay as they are, and hear nothing any more; zero: never
  std::size_t buffer_size = 64 * 1024;  ///< bytes that a connection takes in each direction before nothing more fits
};

/// What has gone wrong so far.
struct FaultCounts {
  std::uint64_t delayed = 0;    ///< pieces
  std::uint64_t split = 0;      ///< writes
  std::uint64_t refused = 0;    ///< attempts to connect
  std::uint64_t cut = 0;        ///< connections
  std::uint64_t half_open = 0;  ///< connections
  std::uint64_t killed = 0;     ///< sockets
};

/// A message, and from whom. With Acknowledge::by_application, say `socket.acknowledge(received)` when it is done with.
struct SimulatedReceived {
  Message message;                              ///< what it carries
  Identity sender;                              ///< whose it is
  std::optional<std::array<std::byte, 16>> id;  ///< of those that are to be acknowledged
};

/// What has become of a send, or of an operation that ended later.
struct SimulatedOutcome {
  std::uint64_t operation;         ///< the number that send() gave
  boost::system::error_code code;  ///< none when it succeeded
};

/// What a socket had not got rid of when it closed.
struct SimulatedRemains {
  std::uint64_t unsent = 0;          ///< messages that were never wholly written
  std::uint64_t unacknowledged = 0;  ///< at-least-once: written, and not known to have arrived
  std::size_t unconfirmed_size = 0;  ///< bytes written that the peers had not read; they may be lost
};

class Simulator;

/// One of the sockets of a Simulator, which owns it.
class PARLEY_EXPORT SimulatedSocket {
 public:
  class Impl;
  /// By Simulator::add_socket.
  explicit SimulatedSocket(std::unique_ptr<Impl> impl) noexcept;
  ~SimulatedSocket();

  /// As Socket's. Endpoints are only compared: any text will do, and nothing is looked up.
  void bind(const Endpoint& endpoint);
  void connect(const Endpoint& endpoint);
  void disconnect(const Endpoint& endpoint);

  /// Without waiting: error::full where Socket::send would wait.
  boost::system::error_code try_send(Message message);
  boost::system::error_code try_send_to(const Identity& to, Message message);
  /// Waits where it has to; outcomes() has the operation when it has ended. Its number is the result.
  std::uint64_t send(Message message);
  std::uint64_t send_to(const Identity& to, Message message);
  /// The outcome is known when the peer has acknowledged.
  std::uint64_t send_confirmed(Message message);
  [[nodiscard]] std::vector<SimulatedOutcome> outcomes();

  /// Without waiting; nothing when there is none.
  [[nodiscard]] std::optional<SimulatedReceived> receive();
  /// As Received::acknowledge().
  void acknowledge(const SimulatedReceived& received);

  /// Without waiting; nothing when there is none.
  [[nodiscard]] std::optional<SocketEvent> next_event();

  /// Its own; the same in each life.
  [[nodiscard]] const Identity& identity() const;
  /// Those that have greeted and are there.
  [[nodiscard]] std::vector<Identity> peers() const;
  /// Bytes queued for a peer; 0 when it is not one.
  [[nodiscard]] std::size_t queue_size(const Identity& peer) const;
  /// Messages that wait for a peer.
  [[nodiscard]] std::size_t kept_count() const;

  /// Ends it in order, by `deadline` from now; has_closed() says when, and remains() with what left.
  void close(Duration deadline);
  [[nodiscard]] bool has_closed() const;
  [[nodiscard]] SimulatedRemains remains() const;

  /// As by SIGKILL: the peers' systems are told (unless the network loses that), what was queued is gone.
  void kill();
  /// A new life with the same options, identity and endpoints.
  void restart();
  [[nodiscard]] bool is_alive() const;

 private:
  friend class Simulator;
  std::unique_ptr<Impl> impl_;
};

/// The network; see the top of this header.
class PARLEY_EXPORT Simulator {
 public:
  /// The same seed, options and calls give the same run, wherever.
  explicit Simulator(std::uint64_t seed, const Faults& faults = {});
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;
  ~Simulator();

  /// Lives as long as the simulator. Throws std::invalid_argument as Socket's constructor does.
  SimulatedSocket& add_socket(const SocketOptions& options);

  /// Everything that happens within `span` happens.
  void pass(Duration span);
  [[nodiscard]] TimePoint now() const;

  /// From now on.
  void set_faults(const Faults& faults);
  /// Every connection between the two is cut now.
  void cut(const SimulatedSocket& a, const SimulatedSocket& b);
  [[nodiscard]] const FaultCounts& counts() const;

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::testing
