// A channel is a stream: it does what every stream does.
#include "support/session_pair.hpp"
#include "support/stream_contract.hpp"

namespace parley::support {
namespace {

struct ChannelPair {
  static std::pair<transport::Stream, transport::Stream> make(boost::asio::io_context& context) {
    SessionPair sessions = session_pair(context);
    auto [near, far] = channel_pair(context, sessions);
    return {std::move(near), std::move(far)};
  }
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Channel, StreamContract, ChannelPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Channel, HalfCloseContract, ChannelPair);

}  // namespace parley::support
