// SendBatch: messages of several connections on their way into one system call.
#pragma once

#include "transport/udp/write_batch.hpp"

#include <parley/message.hpp>

#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace parley::detail {

class UdpConnection;

class SendBatch {
 public:
  static constexpr std::size_t count_max = transport::WriteBatch::count_max;

  /// Messages of one connection, next to one another.
  struct Run {
    std::shared_ptr<UdpConnection> connection;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  struct Item {
    Message message;
    boost::system::error_code failure;  ///< it was dropped
  };

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] bool is_full() const noexcept { return count_ == count_max; }

  void begin_run(std::shared_ptr<UdpConnection> connection) {
    runs_[run_count_++] = {std::move(connection), count_, count_};
  }
  void add(Message&& message) noexcept {
    items_[count_++].message = std::move(message);
    ++runs_[run_count_ - 1].end;
  }

  [[nodiscard]] Item& operator[](std::size_t index) noexcept { return items_[index]; }
  [[nodiscard]] std::span<Run> runs() noexcept { return {runs_.data(), run_count_}; }

 private:
  std::array<Item, count_max> items_;
  std::array<Run, count_max> runs_;  // a connection that is asked has something
  std::size_t count_ = 0;
  std::size_t run_count_ = 0;
};

}  // namespace parley::detail
