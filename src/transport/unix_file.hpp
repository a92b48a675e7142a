// The file of a Unix socket: made without stepping on anybody, and removed only if it is still ours.
#pragma once

#include <parley/endpoint.hpp>
#include <parley/transport/options.hpp>

#include <sys/types.h>

#include <string>

namespace parley::transport {

/// The file that a socket was bound to; which one it is, is known by device and inode. Empty for an abstract name.
class UnixFile {
 public:
  UnixFile() noexcept = default;
  explicit UnixFile(std::string path);

  /// Unlinks the file, unless another has taken its place or this is a forked child of the process that made it.
  void remove() noexcept;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  pid_t maker_ = 0;
};

/// Binds the descriptor and listens. Removes a file left by a listener that is gone. Throws parley::Error.
[[nodiscard]] UnixFile listen_unix(int descriptor, const Endpoint& endpoint, const TransportOptions& options);

}  // namespace parley::transport
