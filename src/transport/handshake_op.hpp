// HandshakeOp: puts one layer after the other over a stream, and drives their handshakes, within one time for all.
//
// Everything runs on a strand of its own, so the executor need not be serial. `handler_` is there until the operation
// is over. A peer whose handshake has failed is told why and then listened to for a moment: closing a socket with
// unread bytes in it would reset the connection, and with it what the peer was told.
//
// Who has many under way may ask one whose peer is silent to make way for another.
#pragma once

#include "transport/layered_stream.hpp"

#include <parley/time.hpp>

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::transport {

/// One layer to put over the stream.
struct Handshake {
  Scheme scheme;     ///< of the endpoints from then on
  const char* name;  ///< for people: `TLS handshake`
  LayerMaker make;
};

/// The stream with all layers, or an error and a sentence about it (never empty) without the endpoint.
using HandshakeHandler =
    boost::asio::any_completion_handler<void(boost::system::error_code, Stream, std::string sentence)>;

class HandshakeOp : public std::enable_shared_from_this<HandshakeOp> {
 public:
  HandshakeOp(Stream lower, std::vector<Handshake> handshakes, Duration time_max, HandshakeHandler handler);

  /// Once, from any thread.
  void start();
  /// Any thread; the handler is told operation_aborted, unless it has been called.
  void cancel();

  /// Any thread: until when the peer may be silent though others wait for its place.
  [[nodiscard]] TimePoint patience_ends() const noexcept { return patience_ends_; }
  /// Any thread. Looks whether the peer has said something that nobody had the time for. If so, `stays` is called, as
  /// by `post`. If not, the stream is closed, and the handler told error::too_many_connections with this sentence.
  void make_way(std::string sentence, std::function<void()> stays);

 private:
  [[nodiscard]] bool is_over() const noexcept { return !handler_; }
  void begin_layer();
  void watch_time();
  void advance();
  void wait_for_more();
  void has_spoken();
  void layer_done();
  void fail(boost::system::error_code ec, std::string sentence);
  void finish(boost::system::error_code ec, Stream stream, std::string sentence);
  void take_leave();
  void listen_on();

  const boost::asio::any_io_executor executor_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  Stream stream_;  // as far as it is made
  std::vector<Handshake> handshakes_;
  std::size_t next_ = 0;
  const Duration time_max_;
  std::shared_ptr<LayeredState> layered_;  // the layer whose handshake is under way
  boost::asio::steady_timer timer_;
  boost::asio::cancellation_signal stop_waiting_;
  std::atomic<TimePoint> patience_ends_ = TimePoint::max();
  std::function<void()> stays_;  // there while make_way wants to know
  std::string way_sentence_;
  std::optional<HandshakeHandler> handler_;
  std::optional<boost::asio::executor_work_guard<boost::asio::any_completion_executor>> handler_work_;
};

}  // namespace parley::transport
