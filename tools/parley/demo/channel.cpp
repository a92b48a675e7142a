#include "channel.hpp"

#include <parley/transport/adapter.hpp>
#include <parley/wire/framing.hpp>

#include <boost/asio/local/stream_protocol.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace parley::tool::demo {

Connection adopt_channel(const boost::asio::any_io_executor& executor, int descriptor) {
  using boost::asio::local::stream_protocol;
  stream_protocol::socket socket{executor, stream_protocol{}, descriptor};
  ConnectionOptions options;
  options.framing = Separator{};
  return Connection{transport::make_stream(std::move(socket)), std::move(options)};
}

Connection narrator_channel(const boost::asio::any_io_executor& executor) {
  const int descriptor = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "standard input");
  return adopt_channel(executor, descriptor);
}

}  // namespace parley::tool::demo
