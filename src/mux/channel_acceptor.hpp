// ChannelAcceptor: streams accepted as channels, of every session that peers begin at an endpoint.
//
// A session's channels are taken from it only while somebody waits for one, so that what a peer opens ahead of that is
// bounded by the session's own backlog. Sessions whose peer has not said a word are bounded too: the one that has been
// silent for longest makes way.
#pragma once

#include "mux/session_state.hpp"
#include "transport/acceptor_state.hpp"
#include "transport/pending_accept.hpp"

#include <parley/transport/acceptor.hpp>

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace parley::mux::detail {

class ChannelAcceptor final : public transport::detail::AcceptorState,
                              public std::enable_shared_from_this<ChannelAcceptor> {
 public:
  /// Throws as transport::Acceptor does.
  ChannelAcceptor(const boost::asio::any_io_executor& executor, const Endpoint& endpoint,
                  const TransportOptions& options);

  void accept(boost::asio::any_io_executor stream_executor, transport::AcceptHandler handler) override;
  transport::Stream try_accept() override;
  void on_trouble(transport::Acceptor::TroubleHandler handler) override { beneath_.on_trouble(std::move(handler)); }
  void on_refused(transport::Acceptor::RefusedHandler handler) override { beneath_.on_refused(std::move(handler)); }
  void close() noexcept override;

  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept override { return executor_; }
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return local_; }

 private:
  struct Accepted {
    std::shared_ptr<SessionState> session;
    bool is_asked = false;  // for its next channel
    bool is_heard = false;  // its peer has said something, as far as has been looked
  };

  // Mutex held.
  [[nodiscard]] Channel take(const boost::asio::any_io_executor& stream_executor);
  void want_session();
  /// For a session more, where many peers have said nothing yet.
  void make_way();
  void note_heard(Accepted& session) noexcept;
  void want_channels();
  void serve();

  void on_stream(boost::system::error_code ec, transport::Stream stream);
  void on_channel(const std::shared_ptr<SessionState>& session, boost::system::error_code ec, Channel channel);
  friend struct transport::detail::PendingAccept;
  void cancel(std::uint64_t id);

  static constexpr std::size_t unheard_max = 1024;

  const boost::asio::any_io_executor executor_;
  const Options options_;
  transport::Acceptor beneath_;
  const Endpoint local_;

  std::mutex mutex_;
  std::list<transport::detail::PendingAccept> pending_;
  std::vector<Accepted> sessions_;
  std::size_t heard_count_ = 0;  // of them
  std::deque<Channel> ready_;    // taken from a session, as others got there first; one for each session at most
  std::shared_ptr<SessionState> giving_;  // the last that gave one, and may have more
  std::uint64_t next_id_ = 0;
  bool is_accepting_ = false;
  bool is_closed_ = false;
};

}  // namespace parley::mux::detail
