// What a tunnel and a gateway have in common: the connections that are open, what is counted of them, and leaving.
//
//   Carrier::Place place{carrier, peer, to};             // one of the connections, from here on
//   Relay relay{near, far, carrier.traffic()};
//   const Carrier::Carrying carrying{carrier, relay};    // begins to pass on what comes up
//   carrier.note_opened(place);
//   co_await carrier.carry_down(place, relay);           // to its end
#pragma once

#include "command_loop.hpp"
#include "tunnel/console.hpp"
#include "tunnel/options.hpp"
#include "tunnel/relay.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace parley::tool {

class Carrier {
  /// What each connection enters itself in. Those that still wait when the loop goes outlive the carrier.
  struct Book {
    explicit Book(const boost::asio::any_io_executor& executor)
        : changed{executor, boost::asio::steady_timer::time_point::max()} {}

    CarrierTotals totals;
    std::set<Relay*> relays;
    boost::asio::steady_timer changed;  // cancelled when a connection is over
  };
  using BookPtr = std::shared_ptr<Book>;

 public:
  /// One connection, counted as long as this is there.
  class Place {
   public:
    Place(Carrier& carrier, std::string peer, std::string to);
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();

    CarriedConnection connection;

   private:
    BookPtr book_;
  };

  /// Registers a relay, for cut_all(), and starts its way up.
  class Carrying {
   public:
    Carrying(Carrier& carrier, Relay& relay);
    Carrying(const Carrying&) = delete;
    Carrying& operator=(const Carrying&) = delete;
    ~Carrying();

   private:
    BookPtr book_;
    Relay& relay_;
  };

  /// `session_count` says how many there are now. What is referred to must outlive it.
  Carrier(CommandLoop& loop, CarrierConsole& console, const CarrierOptions& options,
          std::function<std::size_t()> session_count);
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
  ~Carrier() = default;

  [[nodiscard]] bool is_full() const noexcept { return book_->totals.open >= options_.connections_max; }
  /// Until there are fewer than there may be.
  [[nodiscard]] boost::asio::awaitable<void> room();

  void note_opened(const Place& place);
  void note_refused(const Place& place, std::string_view sentence);
  [[nodiscard]] boost::asio::awaitable<void> carry_down(Place& place, Relay& relay);

  [[nodiscard]] Traffic& traffic() noexcept { return book_->totals.traffic; }

  /// Tells the totals in the interval that was asked for, and at each SIGUSR1.
  void watch_totals();

  /// Waits until nothing is open, and cuts at the deadline what still is.
  [[nodiscard]] boost::asio::awaitable<void> drain();
  void tell_totals();

 private:
  [[nodiscard]] boost::asio::awaitable<void> none_open(Deadline deadline);
  [[nodiscard]] boost::asio::awaitable<void> tell_at_intervals();
  [[nodiscard]] boost::asio::awaitable<void> tell_at_signals();
  void cut_all();

  CommandLoop& loop_;
  CarrierConsole& console_;
  const CarrierOptions& options_;
  std::function<std::size_t()> session_count_;
  BookPtr book_;
  std::uint64_t last_number_ = 0;
  bool told_that_full_ = false;
  boost::asio::signal_set asked_for_totals_;
};

}  // namespace parley::tool
