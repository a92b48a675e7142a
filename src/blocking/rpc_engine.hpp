// Engine: what a blocking client or server of requests leads to: a thread, and the Node that lives there.
//
// The client or server holds it, and so does who waits, until the wait is over: so nobody waits for a thread that has
// gone. Requesters know it without holding it.
#pragma once

#include "blocking/private_thread.hpp"
#include "rpc/node.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace parley::rpc::blocking::detail {

class Engine {
 public:
  using error_code = boost::system::error_code;

  /// Throws std::system_error when there is no thread to be had.
  [[nodiscard]] static std::shared_ptr<Engine> make();
  /// The client or server goes: what is under way has limits::linger to end.
  static void end(std::shared_ptr<Engine> engine) noexcept;

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] boost::asio::any_io_executor executor() { return thread_.executor(); }
  [[nodiscard]] rpc::detail::Node& node() const noexcept { return *node_; }
  [[nodiscard]] const std::shared_ptr<rpc::detail::Node>& shared_node() const noexcept { return node_; }
  /// Once, before anything else.
  void lives_by(std::shared_ptr<rpc::detail::Node> node) { node_ = std::move(node); }

  /// As PrivateThread::await. Throws std::invalid_argument in the thread itself, as in a handler.
  template <class... Results, class Start>
  std::tuple<error_code, Results...> await(std::string_view operation, Start start) {
    if (thread_.is_calling()) refuse(operation);
    return thread_.await<Results...>(std::move(start));
  }

  [[nodiscard]] Event next_event(Deadline deadline, error_code& ec);
  [[nodiscard]] CloseReport close(std::string_view operation, Deadline deadline);
  void notify_fork(boost::asio::execution_context::fork_event event) { thread_.notify_fork(event); }

  /// The throwing form of an operation, made of the other one.
  template <class Call>
  auto or_throw(std::string_view operation, Call call) {
    error_code ec;
    if constexpr (std::is_void_v<decltype(call(ec))>) {
      call(ec);
      if (ec) node_->throw_error(operation, ec);
    } else {
      auto result = call(ec);
      if (ec) node_->throw_error(operation, ec);
      return result;
    }
  }

 private:
  Engine() = default;
  ~Engine() = default;
  static void destroy(Engine* engine);
  [[noreturn]] static void refuse(std::string_view operation);

  parley::blocking::detail::PrivateThread thread_{"parley-rpc"};
  std::shared_ptr<rpc::detail::Node> node_;
};

}  // namespace parley::rpc::blocking::detail
