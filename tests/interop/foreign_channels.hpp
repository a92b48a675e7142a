// One foreign program and one mux::Session, brought together over TCP: the program does the job that it is told, and
// has to be content with us.
#pragma once

#include <parley/transport/acceptor.hpp>
#include <parley/transport/connect.hpp>

#include "interop/channel_services.hpp"
#include "interop/echoing.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::interop {

using ChannelTalk = std::function<asio::awaitable<void>(Session&)>;

/// How to start the program: in this role, at HOST:PORT, with its job.
using JobCommand = std::function<std::vector<std::string>(Role, const std::string&, const std::vector<std::string>&)>;

class ForeignChannels : public ::testing::Test {
 protected:
  ForeignChannels(Role role, JobCommand command) : role_{role}, command_{std::move(command)} {}

  /// Runs the program with its job, and `talk` with the session.
  support::ChildResult meet(const std::vector<std::string>& job, const ChannelTalk& talk) {
    std::optional<transport::Acceptor> acceptor;
    Endpoint where{"tcp://127.0.0.1:0"};
    if (role_ == Role::client) {
      acceptor.emplace(context.get_executor(), where);
      where = acceptor->local_endpoint();
    }
    support::ChildProcess program{command(where, job)};
    if (role_ == Role::server) where = listening_endpoint(program, where);
    support::ChildResult result = finish(context, converse(acceptor ? &*acceptor : nullptr, where, talk), program);
    EXPECT_EQ(result.code, 0) << result.errors;
    return result;
  }

  /// The program opens channels, until it is through.
  void serve(const std::vector<std::string>& job) {
    meet(job, [this](Session& session) -> asio::awaitable<void> {
      serve_channels(session, served);
      co_await served.through();
    });
    EXPECT_THAT(served.failures, ::testing::IsEmpty());
    ASSERT_TRUE(served.closing);
    EXPECT_TRUE(served.closing->is_clean()) << served.closing->channels_cut << " channels cut";
  }

  /// The program takes what we open.
  support::ChildResult ask(const ChannelTalk& talk) {
    return meet({"serve"}, [&talk](Session& session) -> asio::awaitable<void> {
      co_await talk(session);
      const mux::SessionCloseReport report = co_await session.close(support::hang_bound);
      EXPECT_TRUE(report.is_clean()) << report.channels_cut << " channels cut";
    });
  }

  /// The program echoes on so many channels of ours at once.
  void echoes_at_once(std::size_t count) {
    ask([count](Session& session) -> asio::awaitable<void> {
      std::size_t open_at_once = 0;
      const std::size_t right_count = co_await ask_for_echoes(session, count, open_at_once);
      EXPECT_EQ(open_at_once, count);
      EXPECT_EQ(right_count, count);
    });
  }

  /// The program opens so many at once, and gets its echoes.
  void gets_echoes_at_once(std::size_t count) {
    options.accept_backlog = count;  // not every program waits for its channels to be accepted
    serve({"echo", std::to_string(count)});
    EXPECT_EQ(served.open_max, count);
  }

  [[nodiscard]] std::vector<std::string> command(const Endpoint& where, const std::vector<std::string>& job) const {
    return command_(role_, address_of(where), job);
  }
  [[nodiscard]] Role role() const noexcept { return role_; }

  // In this order: what runs on the context refers to what is served.
  asio::io_context context;
  Served served{context};
  mux::Options options;

 private:
  asio::awaitable<void> converse(transport::Acceptor* acceptor, Endpoint where, const ChannelTalk& talk) {
    transport::Stream stream;
    if (acceptor != nullptr) {
      stream = co_await acceptor->async_accept(asio::use_awaitable);
    } else {
      transport::StreamConnectOptions how;
      how.deadline(support::hang_bound);
      stream = co_await transport::async_connect(context.get_executor(), where, how, asio::use_awaitable);
    }
    session_.emplace(std::move(stream), acceptor != nullptr ? mux::Role::server : mux::Role::client, options);
    co_await talk(*session_);
  }

  Role role_;
  JobCommand command_;
  std::optional<Session> session_;
};

}  // namespace parley::interop
