// The HTTP exchange that begins a WebSocket (RFC 6455, section 4), for each side: bytes in, a verdict and bytes out.
#pragma once

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace parley::transport {

/// A request or an answer is read up to this size.
inline constexpr std::size_t upgrade_size_max = 16 * 1024;

struct UpgradeStep {
  enum class Kind {
    need,    ///< more bytes
    done,    ///< a WebSocket from here on
    failed,  ///< `code` and `sentence` say why
  };
  Kind kind = Kind::need;
  std::size_t consumed = 0;  ///< of the bytes given, when done
  std::string output;        ///< for the peer, also when it has failed
  boost::system::error_code code;
  std::string sentence;
};

class Upgrade {
 public:
  virtual ~Upgrade() = default;
  /// What to send before anything is received.
  [[nodiscard]] virtual std::string greeting() const { return {}; }
  /// `unread` is everything received so far.
  [[nodiscard]] virtual UpgradeStep feed(std::string_view unread) = 0;
};

struct ClientUpgrade {
  std::string host;    ///< with the port, unless it is the scheme's own
  std::string target;  ///< path and query
  std::string origin;  ///< empty: none
  std::string key;     ///< 16 random bytes in base64
};
[[nodiscard]] std::unique_ptr<Upgrade> make_upgrade(ClientUpgrade settings);

struct ServerUpgrade {
  /// The only one there is. Empty: any, and then it is the aiomsg protocol's own upgrade (docs/protocols/aiomsg.md
  /// section 6), which cares neither for the host nor for the minor version of HTTP, and knows fewer kinds of refusal.
  std::string path;
  std::function<bool(std::string_view origin)> accept_origin;
};
[[nodiscard]] std::unique_ptr<Upgrade> make_upgrade(ServerUpgrade settings);

}  // namespace parley::transport
