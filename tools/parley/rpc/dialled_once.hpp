// A client that connects, or says why not: a command does not wait for a server that is not there.
#pragma once

#include "exit_code.hpp"
#include "rpc/options.hpp"

#include <parley/rpc/client.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <string>

namespace parley::tool {

/// Whether it is connected; if not, why.
struct Dialled {
  ExitCode code = ExitCode::ok;
  std::string sentence{};
};

[[nodiscard]] rpc::Client make_client(const boost::asio::any_io_executor& executor, const AskingOptions& options);

/// Throws parley::Error for files that cannot be used. The options must outlive it.
[[nodiscard]] boost::asio::awaitable<Dialled> dial_once(rpc::Client& client, const AskingOptions& options);

}  // namespace parley::tool
