// What the tests of the blocking facade share: a listener, and pairs of connections over every transport.
#pragma once

#include "support/temporary_folder.hpp"

#include <parley/blocking/connection.hpp>
#include <parley/blocking/listener.hpp>
#include <parley/error.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

namespace parley::blocking {

/// Long enough for whatever must come, on any machine.
inline constexpr std::chrono::seconds patience{20};
/// For what must not come.
inline constexpr std::chrono::milliseconds moment{20};
inline constexpr std::chrono::milliseconds at_once{0};

template <class Call>
boost::system::error_code code_of(Call call) {
  try {
    call();
  } catch (const Error& failure) {
    return failure.code();
  }
  return {};
}

template <class Call>
std::string sentence_of(Call call) {
  try {
    call();
  } catch (const Error& failure) {
    return failure.what();
  }
  return "nothing was thrown";
}

struct Pair {
  Connection client;
  Connection server;
};

inline Pair connect_pair(Listener& listener, ConnectOptions options = {}) {
  Connection client{listener.local_endpoint(), std::move(options)};
  return {std::move(client), listener.accept(patience)};
}

inline Pair tcp_pair(ConnectionOptions options = {}) {
  Listener listener{"tcp://127.0.0.1:0", {.connection = options}};
  return connect_pair(listener, ConnectOptions{}.connection(options));
}

class Blocking : public ::testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] Endpoint endpoint() const {
    if (GetParam() == "tcp") return Endpoint{"tcp://127.0.0.1:0"};
    if (GetParam() == "unix") return Endpoint{"unix://" + folder_.file("socket")};
    return Endpoint{"inproc://tests-of-blocking"};
  }
  Pair connected() { return connect_pair(listener_); }

  support::TemporaryFolder folder_;
  Listener listener_{endpoint()};
};

inline auto every_transport() { return ::testing::Values("tcp", "unix", "inproc"); }
inline std::string name_of(const ::testing::TestParamInfo<std::string>& each) { return each.param; }

}  // namespace parley::blocking
