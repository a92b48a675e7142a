// Hands a result to a completion handler in the one way the library promises: as by `post`, through the handler's
// associated executor, or `fallback` where it has none. So a token form never completes inside its initiating call.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>

namespace parley::detail {

template <class Handler, class... Results>
void post_completion(Handler&& handler, const boost::asio::any_io_executor& fallback, Results... results) {
  auto executor = boost::asio::get_associated_executor(handler, fallback);
  auto complete = [handler = std::decay_t<Handler>{std::forward<Handler>(handler)},
                   results = std::tuple<Results...>{std::move(results)...}]() mutable {
    std::apply([&](auto&... each) { std::move(handler)(std::move(each)...); }, results);
  };
  if constexpr (std::same_as<decltype(executor), boost::asio::any_io_executor>) {
    boost::asio::post(executor, std::move(complete));
  } else {
    // The executor of an any_completion_handler can only dispatch, so the post is to the fallback, and goes on from
    // there.
    boost::asio::post(fallback, boost::asio::bind_executor(std::move(executor), std::move(complete)));
  }
}

}  // namespace parley::detail
