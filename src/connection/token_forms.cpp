// The compiled side of the operations that take a completion token.
#include "connection/state.hpp"

#include <parley/connection/connection.hpp>

#include <boost/asio/associator.hpp>

#include <stdexcept>
#include <utility>

namespace parley::detail {
namespace {

using boost::system::error_code;

/// Turns the one message of a receive into what another operation promises. Everything associated with the handler
/// (executor, cancellation slot, allocator) stays so.
template <class Inner, class Function>
struct Converting {
  Inner inner;
  Function convert;
  void operator()(error_code ec, Message message) { convert(std::move(inner), ec, std::move(message)); }
};

template <class Inner, class Function>
Converting(Inner, Function) -> Converting<Inner, Function>;

}  // namespace
}  // namespace parley::detail

namespace boost::asio {

template <template <class, class> class Associator, class Inner, class Function, class Default>
struct associator<Associator, parley::detail::Converting<Inner, Function>, Default> : Associator<Inner, Default> {
  static auto get(const parley::detail::Converting<Inner, Function>& handler,
                  const Default& fallback = Default()) noexcept {
    return Associator<Inner, Default>::get(handler.inner, fallback);
  }
};

}  // namespace boost::asio

namespace parley::detail {

void start_receive(std::shared_ptr<ConnectionState> state, Deadline deadline, Handler<Message> handler) {
  state->receive(deadline, std::move(handler));
}

void start_next(std::shared_ptr<ConnectionState> state, Deadline deadline, Handler<std::optional<Message>> handler) {
  auto convert = [](auto next, error_code ec, Message message) {
    if (ec == error::closed) {
      std::move(next)(error_code{}, std::nullopt);
    } else if (ec) {
      std::move(next)(ec, std::nullopt);
    } else {
      std::move(next)(ec, std::optional{std::move(message)});
    }
  };
  state->receive(deadline, Handler<Message>{Converting{std::move(handler), std::move(convert)}});
}

void start_receive_batch(std::shared_ptr<ConnectionState> state, std::size_t count_max, Deadline deadline,
                         Handler<std::vector<Message>> handler) {
  if (count_max == 0) throw std::invalid_argument("receive_batch needs room for at least one message");
  auto convert = [state, count_max](auto batch, error_code ec, Message first) {
    std::vector<Message> messages;
    if (!ec) {
      messages.push_back(std::move(first));
      state->take_more(messages, count_max);
    }
    std::move(batch)(ec, std::move(messages));
  };
  state->receive(deadline, Handler<Message>{Converting{std::move(handler), std::move(convert)}});
}

void start_send(std::shared_ptr<ConnectionState> state, Message message, Deadline deadline, Handler<> handler) {
  state->send(std::move(message), deadline, std::move(handler));
}

void start_flush(std::shared_ptr<ConnectionState> state, Deadline deadline, Handler<> handler) {
  state->flush(deadline, std::move(handler));
}

void start_close(std::shared_ptr<ConnectionState> state, Deadline deadline, Handler<CloseReport> handler) {
  state->close(deadline, std::move(handler));
}

}  // namespace parley::detail
