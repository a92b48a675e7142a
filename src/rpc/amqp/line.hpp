// AmqpLine: a channel at a broker, and what is said there in this protocol's terms.
#pragma once

#include "rpc/amqp/broker.hpp"

#include <parley/message.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace parley::rpc::detail {

/// A message for a queue.
struct AmqpLetter {
  std::string queue;
  std::string_view type;
  Message body{};
  std::string reply_to{};
  std::string message_id{};
  std::string expiration{};
  bool is_persistent = false;
  bool is_mandatory = false;
};

class AmqpLine {
 public:
  AmqpLine(std::shared_ptr<Broker> broker, std::string exchange)
      : broker_{std::move(broker)}, exchange_{std::move(exchange)} {}

  /// False where there is no channel to be had.
  bool open(const std::shared_ptr<Broker::User>& user) {
    channel_ = broker_->open_channel(user);
    return static_cast<bool>(channel_);
  }
  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(channel_); }
  /// Its commands mean nothing any more.
  void lose() noexcept { channel_ = {}; }
  [[nodiscard]] Broker& broker() const noexcept { return *broker_; }

  // Commands, answered by events of the channel. Errors show themselves there.

  void declare_exchange();
  enum class Queue : std::uint8_t { durable, exclusive };
  /// Declares and binds it by its own name. The token of the answer that says how many read it.
  wire::AmqpToken declare_queue(const std::string& name, Queue kind);
  void purge_queue(const std::string& name);
  /// The token of the answer.
  wire::AmqpToken remove_queue(const std::string& name);
  void consume(const std::string& queue, std::string_view tag, bool no_ack);
  void cancel(std::string_view tag);
  void qos(std::uint16_t count);
  void confirm();
  /// The number by which it is confirmed; 0: it was not said.
  std::uint64_t publish(const AmqpLetter& letter);
  void acknowledge(std::uint64_t delivery_tag);

 private:
  template <class Say>
  void say(Say&& command) {
    if (!channel_) return;
    broker_->use([&](wire::AmqpClient& client) { command(client); });
  }

  const std::shared_ptr<Broker> broker_;
  const std::string exchange_;
  wire::AmqpChannel channel_{};
  wire::AmqpToken last_token_ = 0;
};

}  // namespace parley::rpc::detail
