// Operations that wait for something other than I/O.
#pragma once

#include "detail/context_service.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/prefer.hpp>

#include <cstdint>
#include <tuple>
#include <utility>

namespace parley::detail {

/// An operation that waits: its handler, its deadline, and the executor of the handler held at work. `Empty...` are the
/// results, value-initialised, that go with an error.
template <class Handler, class... Empty>
struct Waiter {
  using EmptyResults = std::tuple<Empty...>;

  Waiter(std::uint64_t id_, Handler&& handler_, const boost::asio::any_io_executor& io)
      : id{id_},
        handler{std::move(handler_)},
        work{boost::asio::prefer(boost::asio::get_associated_executor(handler, io),
                                 boost::asio::execution::outstanding_work.tracked)} {}
  std::uint64_t id;
  Handler handler;
  boost::asio::any_io_executor work;
  DeadlineId deadline;
  TimePoint since{};  // when the wait began; only where there is a deadline

  /// The whole of a wait that ends by its deadline.
  [[nodiscard]] Duration time_allowed() const noexcept {
    return deadline.when > since ? deadline.when - since : Duration{0};
  }
};

}  // namespace parley::detail
