// How a panel of each kind speaks and hears.
#pragma once

#include "../alarm_receiver/protocol.hpp"

#include <parley/parley.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

class Voice {
 public:
  Voice(parley::Connection connection, std::string_view kind) : connection_{std::move(connection)}, kind_{kind} {
    if (kind == panels::checked) crc_ = panels::crc_filter()();
  }

  boost::asio::awaitable<void> introduce(std::string first_message) {
    co_await say(std::move(first_message));
    if (kind_ == panels::records) connection_.reframe(panels::record_framing());
  }

  boost::asio::awaitable<void> say(std::string text) {
    if (crc_) text = crc_->encode(text).message().text();
    co_await connection_.send(text, patience);
  }

  /// A message of the kind's form that is damaged, or none that is known.
  boost::asio::awaitable<void> say_garbage() {
    std::string garbage = "1 nonsense";
    if (crc_) garbage = crc_->encode("1 test").message().text() + "0";
    co_await connection_.send(garbage, patience);
  }

  /// The beginning of a message, and then the end.
  boost::asio::awaitable<void> say_half() {
    connection_.reframe(parley::Raw{});
    co_await connection_.send("1 te", patience);
    co_await connection_.close(patience);
  }

  boost::asio::awaitable<std::string> hear() {
    const parley::Message message = co_await connection_.receive(patience);
    co_return crc_ ? crc_->decode(message).message().text() : message.text();
  }

  /// Hears whatever comes, until the receiver ends it. Throws Error where it does not.
  boost::asio::awaitable<void> hear_out() {
    const parley::Deadline deadline{patience};
    try {
      for (;;) (void)co_await connection_.receive(deadline);
    } catch (const parley::Error& e) {
      if (e.code() == parley::error::timed_out) throw;
    }
  }

  boost::asio::awaitable<void> close() { co_await connection_.close(patience); }

 private:
  /// For what happens at once on any machine: only what does not happen takes so long.
  static constexpr std::chrono::seconds patience{60};

  parley::Connection connection_;
  std::string_view kind_;
  std::unique_ptr<parley::app::Filter> crc_;
};
