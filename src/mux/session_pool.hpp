// SessionPool: the sessions that a context has dialled, one for each endpoint and TLS context, so that whoever connects
// to a mux endpoint gets a channel of the session that is there already.
//
// A session is kept while it has channels, and for a while after the last one. Those who connect while it is being
// dialled wait for it, each until its own deadline.
#pragma once

#include "mux/session_state.hpp"

#include <parley/transport/connect.hpp>

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace parley::mux::detail {

/// One endpoint's session: being dialled, there, or gone.
class PooledSession : public std::enable_shared_from_this<PooledSession> {
 public:
  PooledSession(Endpoint endpoint, const Options& options) : endpoint_{std::move(endpoint)}, options_{options} {}

  /// Any thread.
  void connect(const boost::asio::any_io_executor& executor, transport::StreamConnectOptions options,
               transport::ConnectHandler handler);
  /// Nobody waits for it, and there is no session to be given another channel of.
  [[nodiscard]] bool is_spare();
  /// For a context that is going.
  void forget() noexcept;

 private:
  struct Waiting {
    Waiting(std::uint64_t id_, const boost::asio::any_io_executor& executor_, transport::StreamConnectOptions options_,
            transport::ConnectHandler handler_)
        : id{id_},
          executor{executor_},
          options{std::move(options_)},
          handler{std::move(handler_)},
          timer{executor_},
          stream_work{executor_},
          handler_work{boost::asio::get_associated_executor(handler, executor_)} {}
    std::uint64_t id;
    boost::asio::any_io_executor executor;
    transport::StreamConnectOptions options;
    transport::ConnectHandler handler;
    boost::asio::steady_timer timer;
    boost::asio::executor_work_guard<boost::asio::any_io_executor> stream_work;
    boost::asio::executor_work_guard<boost::asio::any_completion_executor> handler_work;
  };

  // Mutex held.
  void dial();
  [[nodiscard]] Deadline latest_deadline() const;
  void watch(Waiting& waiting);
  void complete(Waiting waiting, boost::system::error_code ec, transport::Stream stream, const std::string& why);

  void on_dialled(boost::system::error_code ec, transport::Stream stream, const std::string& why);
  void give_up(std::uint64_t id, boost::system::error_code ec);
  void open(const std::shared_ptr<SessionState>& session, const boost::asio::any_io_executor& channel_executor,
            const transport::StreamConnectOptions& options, transport::ConnectHandler handler);

  const Endpoint endpoint_;
  const Options options_;
  std::mutex mutex_;
  std::shared_ptr<SessionState> session_;
  std::list<Waiting> waiting_;  // for the dialling
  bool is_dialling_ = false;
  Deadline dialled_until_;
  std::uint64_t last_id_ = 0;
};

class SessionPool final : public boost::asio::execution_context::service {
 public:
  using key_type = SessionPool;
  static boost::asio::execution_context::id id;

  explicit SessionPool(boost::asio::execution_context& context) : service{context} {}
  [[nodiscard]] static SessionPool& of(const boost::asio::any_io_executor& executor);

  [[nodiscard]] std::shared_ptr<PooledSession> at(const Endpoint& endpoint, const TransportOptions& options);

 private:
  void shutdown() override;

  /// By the endpoint and the TLS context: as long as it is a key, no other can take its address.
  using Key = std::pair<Endpoint, std::weak_ptr<TlsContext::State>>;
  struct Less {
    bool operator()(const Key& a, const Key& b) const noexcept {
      return a.first != b.first ? a.first < b.first : a.second.owner_before(b.second);
    }
  };
  using Sessions = std::map<Key, std::shared_ptr<PooledSession>, Less>;

  /// Mutex held: those that are as good as new ones.
  [[nodiscard]] Sessions take_spare();

  std::mutex mutex_;
  Sessions sessions_;
  std::size_t tidied_at_ = 0;  // so many of them
};

}  // namespace parley::mux::detail
