#include <parley/mux/channel.hpp>

#include "mux/channel_backend.hpp"

#include <utility>

namespace parley::mux {

Channel::Channel(std::unique_ptr<detail::ChannelBackend> backend) noexcept : Stream{std::move(backend)} {}

ChannelId Channel::id() const noexcept { return static_cast<const detail::ChannelBackend&>(backend()).id(); }
void Channel::move_to(const boost::asio::any_io_executor& executor) {
  static_cast<detail::ChannelBackend&>(backend()).move_to(executor);
}

}  // namespace parley::mux
