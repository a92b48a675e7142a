// A completion handler of known signature and any type, as it crosses into compiled code.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/system/error_code.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace parley::detail {

/// asio::any_completion_handler, but with the handler's executor found once, where its type is known: looking it up
/// through Boost 1.81's erased handler takes memory each time, and gives an executor one cannot post to.
template <class... Results>
class Handler {
 public:
  using cancellation_slot_type = boost::asio::cancellation_slot;

  template <class Concrete>
  requires(!std::same_as<std::remove_cvref_t<Concrete>, Handler>) explicit Handler(Concrete&& concrete)
      : executor_{executor_of(concrete)}, erased_{erase(std::forward<Concrete>(concrete))} {}
  Handler(Handler&&) noexcept = default;
  // Boost 1.81: any_completion_handler's move assignment calls itself; swap is what works.
  Handler& operator=(Handler&& other) noexcept {
    std::swap(executor_, other.executor_);
    erased_.swap(other.erased_);
    return *this;
  }
  ~Handler() = default;

  void operator()(boost::system::error_code ec, Results... results) && {
    std::move(erased_)(ec, std::move(results)...);
  }

  /// The handler's own, or `fallback` where it has none.
  [[nodiscard]] boost::asio::any_io_executor executor_or(const boost::asio::any_io_executor& fallback) const noexcept {
    return executor_ ? executor_ : fallback;
  }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
    return erased_.get_cancellation_slot();
  }

 private:
  using Erased = boost::asio::any_completion_handler<void(boost::system::error_code, Results...)>;

  template <class Concrete>
  using ExecutorOf = boost::asio::associated_executor_t<std::remove_cvref_t<Concrete>, boost::asio::any_io_executor>;
  template <class Concrete>
  static constexpr bool is_ordinary = std::constructible_from<boost::asio::any_io_executor, ExecutorOf<Concrete>>;

  template <class Concrete>
  static boost::asio::any_io_executor executor_of(const Concrete& concrete) {
    if constexpr (is_ordinary<Concrete>) {
      return boost::asio::get_associated_executor(concrete, boost::asio::any_io_executor{});
    } else {
      return {};
    }
  }

  /// A handler whose executor can only dispatch (a user's any_completion_handler) finds its own way there.
  template <class Concrete>
  static Erased erase(Concrete&& concrete) {
    if constexpr (is_ordinary<Concrete>) {
      return Erased{std::forward<Concrete>(concrete)};
    } else {
      const auto slot = boost::asio::get_associated_cancellation_slot(concrete);
      auto redispatch = [concrete = std::remove_cvref_t<Concrete>{std::forward<Concrete>(concrete)}](
                            boost::system::error_code ec, Results... results) mutable {
        const auto executor = boost::asio::get_associated_executor(concrete);
        executor.execute([concrete = std::move(concrete), ec, ... results = std::move(results)]() mutable {
          std::move(concrete)(ec, std::move(results)...);
        });
      };
      return Erased{boost::asio::bind_cancellation_slot(slot, std::move(redispatch))};
    }
  }

  boost::asio::any_io_executor executor_;
  Erased erased_;
};

}  // namespace parley::detail

template <class... Results, class Candidate>
struct boost::asio::associated_executor<parley::detail::Handler<Results...>, Candidate> {
  using type = any_io_executor;
  static type get(const parley::detail::Handler<Results...>& handler,
                  const Candidate& candidate = Candidate()) noexcept {
    // An erased handler that holds this one asks with a candidate that says too little to be kept; nobody uses the
    // answer.
    if constexpr (std::convertible_to<Candidate, any_io_executor>) {
      return handler.executor_or(candidate);
    } else {
      return handler.executor_or({});
    }
  }
};
