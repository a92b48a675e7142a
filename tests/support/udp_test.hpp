// A listener for datagrams and those who dial it, on one loop.
#pragma once

#include "support/connection_results.hpp"
#include "support/run_context.hpp"

#include <parley/connection/connect.hpp>
#include <parley/connection/listener.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <utility>

namespace parley::support {

class UdpTest : public ::testing::Test {
 protected:
  [[nodiscard]] Listener listen(ListenerOptions options = {}) {
    return Listener{context, "udp://127.0.0.1:0", std::move(options)};
  }
  Connection dial(const Endpoint& where, ConnectOptions options = {}) {
    std::optional<Outcome<Connection>> out;
    connect(context.get_executor(), where, std::move(options), store(out));
    return taken(out);
  }
  Connection accept(Listener& listener) {
    std::optional<Outcome<Connection>> in;
    listener.accept(Deadline{hang_bound / 2}, store(in));
    return taken(in);
  }
  Message receive(Connection& connection) {
    std::optional<Outcome<Message>> got;
    connection.receive(Deadline{hang_bound / 2}, store(got));
    return taken(got);
  }
  boost::system::error_code fail_to_receive(Connection& connection) {
    std::optional<Outcome<Message>> got;
    connection.receive(Deadline{hang_bound / 2}, store(got));
    EXPECT_TRUE(run_until(context, [&] { return got.has_value(); }));
    return got->code;
  }
  void flush(Connection& connection) {
    std::optional<boost::system::error_code> done;
    connection.flush(Deadline{hang_bound / 2}, store(done));
    EXPECT_TRUE(run_until(context, [&] { return done.has_value(); }));
    EXPECT_FALSE(*done) << done->message();
  }

  boost::asio::io_context context;

 private:
  /// Throws where there is nothing to go on with.
  template <class T>
  T taken(std::optional<Outcome<T>>& outcome) {
    if (!run_until(context, [&] { return outcome.has_value(); })) throw std::runtime_error("it hangs");
    if (outcome->code) throw boost::system::system_error(outcome->code);
    return std::move(outcome->value);
  }
};

}  // namespace parley::support
