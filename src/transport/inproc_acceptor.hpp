// In-process endpoints as streams: pairs of pipes, between any executors and threads of one process.
#pragma once

#include "transport/acceptor_state.hpp"
#include "transport/inproc_names.hpp"
#include "transport/memory_stream.hpp"
#include "transport/pending_accept.hpp"

#include <parley/transport/options.hpp>

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>

namespace parley::transport::detail {

class InprocAcceptor final : public AcceptorState,
                             public InprocPlace,
                             public std::enable_shared_from_this<InprocAcceptor> {
 public:
  /// Throws Error when the name is taken.
  [[nodiscard]] static std::shared_ptr<InprocAcceptor> bind(boost::asio::any_io_executor executor,
                                                            const Endpoint& endpoint, const TransportOptions& options);
  InprocAcceptor(boost::asio::any_io_executor executor, const Endpoint& endpoint, const TransportOptions& options);

  /// The other side of an accept: a stream that lives on `executor`. Any thread. Errors: no_listener (closed) and
  /// too_many_connections (as many as the backlog holds wait to be accepted).
  [[nodiscard]] Stream connect(const boost::asio::any_io_executor& executor, boost::system::error_code& ec);

  void accept(boost::asio::any_io_executor stream_executor, AcceptHandler handler) override;
  void on_trouble(Acceptor::TroubleHandler) override {}  // there is none
  void on_refused(Acceptor::RefusedHandler) override {}  // nobody is
  void close() noexcept override;

  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept override { return executor_; }
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return local_; }

 private:
  friend struct PendingAccept;
  void cancel(std::uint64_t id);
  void complete(std::list<PendingAccept>::iterator which, boost::system::error_code ec,
                std::unique_ptr<MemoryStream> stream);

  const boost::asio::any_io_executor executor_;
  const Endpoint local_;
  const std::size_t backlog_max_;

  std::mutex mutex_;
  std::list<PendingAccept> pending_;
  std::deque<std::unique_ptr<MemoryStream>> backlog_;  // connected, not yet accepted
  std::uint64_t next_id_ = 0;
  bool is_closed_ = false;
};

}  // namespace parley::transport::detail
