// Deliveries: who is to be told of the bytes that a session has just taken in, and of what those who were told have
// begun and need not wait for. They are called one after the other from where the bytes were read, with the session's
// mutex released: a turn of the loop is saved for each, and what they write leaves with one write.
#pragma once

#include <parley/detail/call_on.hpp>
#include <parley/detail/handler.hpp>
#include <parley/mux/channel.hpp>
#include <parley/transport/stream.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

namespace parley::mux::detail {

struct WaitDelivery {
  boost::asio::any_io_executor executor;
  transport::WaitHandler handler;
  boost::system::error_code ec;
  void operator()() { std::move(handler)(ec); }
};

struct TransferDelivery {
  boost::asio::any_io_executor executor;
  transport::TransferHandler handler;
  boost::system::error_code ec;
  std::size_t size;
  void operator()() { std::move(handler)(ec, size); }
};

struct ChannelDelivery {
  boost::asio::any_io_executor executor;
  parley::detail::Handler<Channel> handler;
  Channel channel;
  void operator()() { std::move(handler)(boost::system::error_code{}, std::move(channel)); }
};

class Deliveries {
 public:
  template <class Delivery>
  void add(Delivery&& delivery) {
    all_.emplace_back(std::forward<Delivery>(delivery));
  }
  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
  void swap(Deliveries& other) noexcept { all_.swap(other.all_); }

  /// Calls them in order, each on its executor. What a handler throws leaves the loop when the last of them has been
  /// called, as Asio's contexts keep it until then; with an executor that does not, those behind it are posted.
  void run() {
    std::size_t next = 0;
    try {
      while (next < all_.size()) {
        send(all_[next++], [](const auto& executor, auto f) { parley::detail::call_on(executor, std::move(f)); });
      }
    } catch (...) {
      post_from(next);
      throw;
    }
    clear();
  }
  /// Leaves them to the loop.
  void post() { post_from(0); }

 private:
  using Any = std::variant<WaitDelivery, TransferDelivery, ChannelDelivery>;
  static constexpr std::size_t kept_max = 128;

  void post_from(std::size_t next) {
    while (next < all_.size()) {
      send(all_[next++], [](const auto& executor, auto f) { boost::asio::post(executor, std::move(f)); });
    }
    clear();
  }
  void clear() noexcept {
    all_.clear();
    if (all_.capacity() > kept_max) std::vector<Any>{}.swap(all_);
  }

  template <class How>
  static void send(Any& any, How how) {
    std::visit(
        [&](auto& delivery) {
          const boost::asio::any_io_executor executor = delivery.executor;
          how(executor, std::move(delivery));
        },
        any);
  }

  std::vector<Any> all_;
};

}  // namespace parley::mux::detail
