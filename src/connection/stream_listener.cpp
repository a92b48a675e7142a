#include "connection/stream_listener.hpp"

#include "connection/framed.hpp"
#include "detail/log.hpp"

#include <parley/transport/acceptor.hpp>

#include <chrono>
#include <utility>

namespace parley::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class StreamListener final : public ListenerBackend {
 public:
  StreamListener(const asio::any_io_executor& executor, const Endpoint& endpoint, ListenerOptions options)
      : ListenerBackend{executor, std::move(options)},
        acceptor_{executor, endpoint, options_.transport},
        local_{acceptor_.local_endpoint()} {
    if (options_.deal) acceptor_.deal(options_.deal);
    acceptor_.on_trouble([where = local_.to_string()](error_code ec, Duration pause) {
      log(LogLevel::warning,
          "accepting waits " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(pause).count()) +
              " ms: " + ec.message(),
          where);
    });
    acceptor_.on_refused([where = local_.to_string()](error_code, const std::string& why, const Endpoint& peer) {
      log(LogLevel::warning, "a peer was turned away: " + why + " (" + peer.to_string() + ")", where);
    });
  }

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return local_; }

 private:
  std::shared_ptr<ConnectionState> ready_connection() override {
    transport::Stream stream = spare_ ? std::move(spare_) : acceptor_.try_accept();
    return stream ? FramedConnection::make(std::move(stream), options_.connection) : nullptr;
  }

  void want_connection() override {
    if (auto ready = ready_connection()) {
      offer_locked(std::move(ready));
    } else if (!accepting_) {
      accepting_ = true;
      acceptor_.async_accept([self = shared_from_this(), this](error_code ec, transport::Stream stream) {
        on_accept(ec, std::move(stream));
      });
    }
  }

  void on_accept(error_code ec, transport::Stream stream) {
    const Lock lock{mutex()};
    accepting_ = false;
    if (is_closed()) return;
    if (ec) {
      fail_locked(ec);
      return;
    }
    if (!has_acceptors()) {
      spare_ = std::move(stream);  // for the next who asks: those who did have given up
      return;
    }
    offer_locked(FramedConnection::make(std::move(stream), options_.connection));
    if (has_acceptors() && !is_full()) want_connection();
  }

  void stop_listening() override {
    acceptor_.close();
    spare_ = transport::Stream{};
  }

  transport::Acceptor acceptor_;
  const Endpoint local_;
  bool accepting_ = false;
  transport::Stream spare_;
};

}  // namespace

std::shared_ptr<ListenerBackend> make_stream_listener(const asio::any_io_executor& executor, const Endpoint& endpoint,
                                                      ListenerOptions options) {
  return std::make_shared<StreamListener>(executor, endpoint, std::move(options));
}

}  // namespace parley::detail
