// What a framing of the program's own throws, in the thread that happens to run the loop.
#include "integration/blocking/pair.hpp"

#include <parley/wire/framing.hpp>

#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

namespace parley::blocking {
namespace {

/// Each byte is a message; throws as long as `is_broken`.
class MoodyDecoder final : public wire::FrameDecoder {
 public:
  explicit MoodyDecoder(const std::atomic<bool>& is_broken) : is_broken_{is_broken} {}

  [[nodiscard]] wire::DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint /*now*/) override {
    if (unread.empty()) return wire::DecodeStep::incomplete(0, eof, 1);
    if (is_broken_) throw std::runtime_error{"not in the mood"};
    return wire::DecodeStep::frame(0, 1, 1);
  }

 private:
  const std::atomic<bool>& is_broken_;
};

class Moody final : public CustomFraming {
 public:
  [[nodiscard]] std::unique_ptr<wire::FrameDecoder> make_decoder(std::size_t /*message_size_max*/) const override {
    return std::make_unique<MoodyDecoder>(is_broken);
  }
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte> /*body*/,
                                                 wire::Envelope& /*out*/) const override {
    return {};
  }
  [[nodiscard]] std::string name() const override { return "moody"; }

  std::atomic<bool> is_broken{true};
};

TEST(BlockingExceptions, leave_the_call_which_has_taken_no_message) {
  const auto framing = std::make_shared<Moody>();
  ConnectionOptions options;
  options.framing = Framing{framing};
  auto [client, server] = tcp_pair(options);
  client.send("x");
  for (int i = 0; i < 3; ++i) EXPECT_THROW((void)server.receive(patience), std::runtime_error);
  framing->is_broken = false;
  EXPECT_EQ(server.receive(patience).text(), "x");
}

TEST(BlockingExceptions, do_not_keep_others_from_the_loop_of_a_listener) {
  const auto framing = std::make_shared<Moody>();
  ListenerOptions options;
  options.connection.framing = Framing{framing};
  Listener listener{"tcp://127.0.0.1:0", options};
  const auto connect = [&listener] { return Connection{listener.local_endpoint(), ConnectOptions{}.framing(Raw{})}; };
  Connection client = connect();
  Connection server = listener.accept(patience);

  // Whichever of the two threads leads gets the exception; the receive may only end by it once it does.
  std::future<std::string> received = std::async(std::launch::async, [&server] {
    for (;;) {
      try {
        return server.receive(patience).text() == "x" ? std::string{"x"} : std::string{"something else"};
      } catch (const std::runtime_error&) {
      }
    }
  });
  client.send("x");
  Connection next = connect();
  Connection accepted;
  while (!accepted) {
    try {
      accepted = listener.accept(patience);
    } catch (const std::runtime_error&) {
    }
  }
  framing->is_broken = false;
  EXPECT_EQ(received.get(), "x");
}

}  // namespace
}  // namespace parley::blocking
