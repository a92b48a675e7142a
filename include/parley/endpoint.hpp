// Where a peer is: a URL that says everything needed to reach it, and that can be handed to another process as text.
//
//   tcp://host:port              unix:///absolute/path        inproc://name
//   tcp://[::1]:port             unix://name                  (a name in the temporary folder)
//   tcp://*:0                    unix://@name                 (an abstract name, Linux only)
//   tls://host:port              ws://host:port/path          wss://host:port/path
//   udp://host:port
//
//   mux+tcp://host:port          mux+tls://host:port          mux+unix:///absolute/path
//   local://name                 (a Unix socket where programs of communica's look for it)
//
// mux+… are channels of one connection shared by all who connect there: yamux, or with `?dialect=tcpchan` (and
// `&magic=0x…`) TCPChan. The parameters of udp:// are those of transport/udp_options.hpp. amqp is known by name: it
// parses, prints and compares. `available()` says whether this build can connect or bind an endpoint.
//
// local://Name is read as unix:///tmp/communica/name.sock, or what the temporary folder is: see Endpoint::local().
//
// Every endpoint has one canonical spelling, made when it is parsed: scheme and host in lower case, the port written
// out, IPv6 addresses as RFC 5952 has them, percent-encoding only where it is needed. Equality, order and hash are
// those of that spelling. So parse(serialize(e)) == e, always.
//
// An Endpoint is an immutable value of two pointers; copies share one block. It may be read from any thread.
#pragma once

#include <parley/detail/export.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace parley {

/// What an endpoint's URL begins with, and so how its peer is reached.
enum class Scheme : std::uint8_t {
  /// A TCP connection to host and port.
  tcp,
  /// A Unix domain stream socket. (Not called `unix`: GNU dialects define that word as a macro.)
  unix_socket,
  /// A peer in this process, by name.
  inproc,
  /// TLS over TCP.
  tls,
  /// WebSocket; the default port is 80, the default path `/`.
  ws,
  /// WebSocket over TLS; the default port is 443, the default path `/`.
  wss,
  /// Datagrams.
  udp,
  /// An AMQP 0-9-1 broker; the default port is 5672, and the path names the virtual host.
  amqp,
  /// A channel of a multiplexer over TCP, TLS or a Unix socket.
  mux_tcp,
  mux_tls,
  mux_unix,
  /// An AMQP 0-9-1 broker over TLS; the default port is 5671.
  amqps,
};

/// The scheme as it is written before `://`.
[[nodiscard]] PARLEY_EXPORT std::string_view to_string(Scheme scheme) noexcept;

/// Whether this build can connect and bind endpoints of this scheme.
[[nodiscard]] PARLEY_EXPORT bool is_available(Scheme scheme) noexcept;

/// Text that is not an endpoint: what is wrong with it, and where. A password in it is shown as `***`, control and
/// non-ASCII bytes as `\xNN`, and long text is cut around the place.
class PARLEY_EXPORT EndpointError : public std::invalid_argument {
 public:
  /// No error yet: something for `Endpoint::parse` to fill.
  EndpointError();
  /// `position` as position() gives it, `reason` as reason() does.
  EndpointError(std::string_view text, std::size_t position, std::string_view reason);

  // what(): one line, such as
  //
  //   endpoint "tcp://host:99999": port 99999 is above 65535 (at character 11)

  /// Offset in bytes, from 0, into the text as it was given; its length if something is missing at the end.
  [[nodiscard]] std::size_t position() const noexcept { return position_; }

  /// What is wrong, without the text and the place.
  [[nodiscard]] const std::string& reason() const noexcept;

  /// Two lines for a terminal, without a newline at the end: the text, and a caret under the place with the reason.
  [[nodiscard]] const std::string& diagram() const noexcept;

 private:
  struct Account;
  explicit EndpointError(std::shared_ptr<const Account> account, std::size_t position);

  std::shared_ptr<const Account> account_;
  std::size_t position_ = 0;
};

/// Where a peer is, as a URL; see the top of this header.
class PARLEY_EXPORT Endpoint {
 public:
  /// Longest text accepted, and longest canonical form, in bytes.
  static constexpr std::size_t text_size_max = 4096;
  /// Longest path of a Unix socket, and longest abstract name, in bytes: what the kernel's address can hold.
  static constexpr std::size_t unix_path_size_max = 107;
  /// Longest host name in bytes, and longest part of it between dots.
  static constexpr std::size_t host_size_max = 253;
  static constexpr std::size_t host_label_size_max = 63;

  /// One `key=value` of the part after `?`, decoded. A key may occur more than once.
  struct Parameter {
    std::string key;    ///< before the `=`
    std::string value;  ///< behind it; empty when there is none

    friend bool operator==(const Parameter&, const Parameter&) = default;
  };

  /// Implicit, so that `connect("tcp://127.0.0.1:8888")` reads as it should. Throws EndpointError.
  Endpoint(std::string_view text);    // NOLINT(google-explicit-constructor)
  Endpoint(const std::string& text);  // NOLINT(google-explicit-constructor)
  Endpoint(const char* text);         // NOLINT(google-explicit-constructor)

  // There is no empty endpoint: use std::optional<Endpoint>. Moving copies, so a moved-from endpoint is whole.
  Endpoint(const Endpoint&) noexcept = default;
  Endpoint& operator=(const Endpoint&) noexcept = default;
  ~Endpoint() = default;

  /// The same without throwing: empty when the text is not an endpoint, and then `*why` (if given) says why.
  [[nodiscard]] static std::optional<Endpoint> parse(std::string_view text, EndpointError* why = nullptr);

  // From parts, not percent-encoded. Throw EndpointError when the parts cannot make an endpoint.

  /// `host` is a name, `*`, or an address; an IPv6 address goes with or without brackets, a zone after a plain `%`.
  [[nodiscard]] static Endpoint tcp(std::string_view host, std::uint16_t port);
  /// The same for datagrams.
  [[nodiscard]] static Endpoint udp(std::string_view host, std::uint16_t port);
  /// `path` is absolute.
  [[nodiscard]] static Endpoint unix_path(std::string_view path);
  /// A name in the temporary folder, without `/`.
  [[nodiscard]] static Endpoint unix_name(std::string_view name);
  /// An abstract name, without the leading NUL or `@`.
  [[nodiscard]] static Endpoint unix_abstract(std::string_view name);
  /// A name in this process: any text that is not empty.
  [[nodiscard]] static Endpoint inproc(std::string_view name);
  /// The Unix socket that programs of communica's have by this name: the file `name.sock`, the name in lower case, in
  /// the folder `communica` of the temporary folder. That is the first of $TMPDIR, $TEMP, $TMP, /tmp, /var/tmp,
  /// /usr/tmp and the current folder that can be written to, read at this call; so programs with another environment
  /// may mean another file. Who binds such an endpoint makes the folder, for this user alone, if it is not there.
  /// `name` is ASCII without '/'.
  [[nodiscard]] static Endpoint local(std::string_view name);

  // The parts, decoded. A part that the scheme does not have is empty (or 0). Views live as long as any copy of this
  // endpoint does.

  /// How the peer is reached, and whether this build can.
  [[nodiscard]] Scheme scheme() const noexcept;
  [[nodiscard]] bool available() const noexcept { return is_available(scheme()); }

  /// A name or address in lower case, IPv6 without brackets; `*` means every address, of both families where possible.
  [[nodiscard]] std::string_view host() const noexcept;
  /// Whether the host is `*`, `0.0.0.0` or `::`: good to bind, not to connect.
  [[nodiscard]] bool is_wildcard() const noexcept;
  /// Whether the endpoint has a host and a port at all.
  [[nodiscard]] bool has_port() const noexcept;
  /// 0 asks for any free port, and is for binding only.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// The same endpoint at another port. Throws std::invalid_argument if this one has none.
  [[nodiscard]] Endpoint with_port(std::uint16_t port) const;

  /// ws, wss: the path, from its `/`. amqp: `/` and the virtual host, or empty. unix: the path of the first form.
  [[nodiscard]] std::string_view path() const noexcept;
  /// inproc: the name. unix: the name of the second and third forms, without `@`.
  [[nodiscard]] std::string_view name() const noexcept;
  /// Whether this is `unix://@name`.
  [[nodiscard]] bool is_abstract() const noexcept;
  /// What goes into the address of a Unix socket: the path; for `unix://name` the path in the temporary folder, which
  /// is $TMPDIR if that is an absolute path and /tmp otherwise, read at this call; for an abstract name, a NUL and the
  /// name. Throws EndpointError if the folder makes it longer than `unix_path_size_max`, and std::invalid_argument if
  /// this is no Unix endpoint.
  [[nodiscard]] std::string unix_path() const;

  /// Of an endpoint that local() gives for it, now and here: that name, in lower case. Nothing for all others.
  [[nodiscard]] std::optional<std::string> local_name() const;

  /// The part after `?`, in the order written. tcp, unix and inproc have none; they refuse what they would ignore.
  [[nodiscard]] std::span<const Parameter> parameters() const noexcept;
  /// The value of the first parameter with this key.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view key) const noexcept;

  /// Before the `@`, where the scheme has that; the password in the clear.
  [[nodiscard]] std::string_view user() const noexcept;
  [[nodiscard]] std::string_view password() const noexcept;

  /// For people and logs: the canonical form, with `***` for the password. (A secret put into a parameter or a path
  /// is not recognised as one.)
  [[nodiscard]] std::string to_string() const;

  /// For handing to another process: the canonical form with everything in it, the password included.
  [[nodiscard]] std::string serialize() const;

  friend bool operator==(const Endpoint& a, const Endpoint& b) noexcept {
    return a.parts_ == b.parts_ || a.canonical() == b.canonical();
  }
  friend std::strong_ordering operator<=>(const Endpoint& a, const Endpoint& b) noexcept {
    return a.canonical() <=> b.canonical();
  }
  /// Prints to_string().
  friend std::ostream& operator<<(std::ostream& out, const Endpoint& endpoint) { return endpoint.print(out); }

 private:
  struct Parts;
  friend class EndpointParser;
  friend struct std::hash<Endpoint>;

  explicit Endpoint(std::shared_ptr<const Parts> parts) noexcept;

  [[nodiscard]] std::string_view canonical() const noexcept;
  std::ostream& print(std::ostream& out) const;

  std::shared_ptr<const Parts> parts_;
};

}  // namespace parley

/// Of the canonical spelling, so that equal endpoints hash alike.
template <>
struct std::hash<parley::Endpoint> {
  /// Of the canonical spelling.
  [[nodiscard]] std::size_t operator()(const parley::Endpoint& endpoint) const noexcept {
    return std::hash<std::string_view>{}(endpoint.canonical());
  }
};
