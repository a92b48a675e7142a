#include "transport/unix_file.hpp"

#include "transport/descriptor.hpp"
#include "transport/sentence.hpp"
#include "transport/socket_address.hpp"

#include <parley/error.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace parley::transport {
namespace {

using boost::system::error_code;

[[noreturn]] void fail(const Endpoint& endpoint, error_code ec, const std::string& why) {
  throw Error{ec, "cannot listen on " + endpoint.to_string() + ": " + why};
}

[[noreturn]] void fail(const Endpoint& endpoint, error_code ec) { fail(endpoint, ec, reason(ec)); }

bool same_file(const struct stat& a, const struct stat& b) noexcept {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// Between bind and listen a socket looks abandoned to others. Listeners of this library therefore take turns in a
/// folder; its own lock needs no extra file. Somebody who sits on the lock delays us for 100 ms at most.
class FolderTurn {
 public:
  explicit FolderTurn(const std::string& path) {
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    folder_ = Descriptor{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!folder_) return;
    constexpr timespec nap{0, 2'000'000};
    for (int tries = 0; tries < 50 && ::flock(folder_.get(), LOCK_EX | LOCK_NB) != 0; ++tries)
      ::nanosleep(&nap, nullptr);
  }

 private:
  Descriptor folder_;  // closing it unlocks
};

/// What connecting to a socket file says about who listens: 0 for somebody, else the error.
int probe(const SocketAddress& address) {
  const Descriptor prober{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!prober) return errno;
  return ::connect(prober.get(), address.data(), address.size) == 0 ? 0 : errno;
}

/// Removes the file in the way if it is a socket that nobody listens on. Returns if binding may be tried again.
void remove_stale(const Endpoint& endpoint, const std::string& path, const SocketAddress& address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return;
    fail(endpoint, last_errno());
  }
  if (!S_ISSOCK(found.st_mode)) fail(endpoint, from_errno(EADDRINUSE), "the path exists and is not a socket");

  const int answer = probe(address);
  if (answer == ENOENT) return;
  if (answer == 0 || answer == EAGAIN || answer == EPROTOTYPE) {
    fail(endpoint, from_errno(EADDRINUSE), "in use by a living listener");
  }
  if (answer != ECONNREFUSED) {
    fail(endpoint, from_errno(answer), "the socket file exists and cannot be probed: " + reason(from_errno(answer)));
  }
  // Only what was probed may go: it could have been replaced since.
  struct stat now {};
  if (::lstat(path.c_str(), &now) != 0 || !same_file(found, now)) return;
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    const error_code ec = last_errno();
    fail(endpoint, ec, "cannot remove the socket file of a listener that is gone: " + reason(ec));
  }
}

/// Only there, and only that one: elsewhere a folder that is missing is more likely a mistake.
void make_folder_of_local_name(const Endpoint& endpoint, const std::string& path) {
  if (!endpoint.local_name()) return;
  const std::string folder = path.substr(0, path.rfind('/'));
  if (::mkdir(folder.c_str(), S_IRWXU) == 0 || errno == EEXIST) return;
  const error_code ec = last_errno();
  fail(endpoint, ec, "the folder " + folder + " cannot be made: " + reason(ec));
}

void bind_path(int descriptor, const Endpoint& endpoint, const std::string& path) {
  const SocketAddress address = unix_address(endpoint);
  constexpr int tries_max = 3;  // others may come and go at the same path
  for (int tries = 0; tries < tries_max; ++tries) {
    if (::bind(descriptor, address.data(), address.size) == 0) return;
    if (errno != EADDRINUSE) fail(endpoint, last_errno());
    remove_stale(endpoint, path, address);
  }
  fail(endpoint, from_errno(EADDRINUSE));
}

}  // namespace

UnixFile::UnixFile(std::string path) : maker_{::getpid()} {
  struct stat made {};
  if (::lstat(path.c_str(), &made) != 0) return;
  path_ = std::move(path);
  device_ = made.st_dev;
  inode_ = made.st_ino;
}

void UnixFile::remove() noexcept {
  if (path_.empty() || maker_ != ::getpid()) return;
  struct stat now {};
  if (::lstat(path_.c_str(), &now) == 0 && now.st_dev == device_ && now.st_ino == inode_) ::unlink(path_.c_str());
  path_.clear();
}

UnixFile listen_unix(int descriptor, const Endpoint& endpoint, const TransportOptions& options) {
  const auto listen_now = [&] {
    if (::listen(descriptor, options.backlog) != 0) fail(endpoint, last_errno());
  };
  if (endpoint.is_abstract()) {
    const SocketAddress address = unix_address(endpoint);
    if (::bind(descriptor, address.data(), address.size) != 0) fail(endpoint, last_errno());
    listen_now();
    return {};
  }

  const std::string path = endpoint.unix_path();
  // bind() makes the file with the mode of the descriptor, less the umask: so it is never wider than asked. (Changing
  // the umask instead would change it for every thread.)
  if (options.unix_mode && ::fchmod(descriptor, *options.unix_mode) != 0) fail(endpoint, last_errno());
  make_folder_of_local_name(endpoint, path);
  const FolderTurn turn{path};
  bind_path(descriptor, endpoint, path);
  UnixFile file{path};
  try {
    // What the umask took away is given back before anybody can connect.
    if (options.unix_mode && ::chmod(path.c_str(), *options.unix_mode) != 0) fail(endpoint, last_errno());
    listen_now();
  } catch (...) {
    file.remove();
    throw;
  }
  return file;
}

}  // namespace parley::transport
