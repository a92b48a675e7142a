#include "readiness.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <poll.h>
#include <sys/epoll.h>

#include <cerrno>

namespace parley::tool {
namespace {

int make_epoll_set() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) throw boost::system::system_error{errno, boost::system::system_category(), "epoll_create1"};
  return set;
}

}  // namespace

Readiness::Readiness(const boost::asio::any_io_executor& executor, int descriptor, For what)
    : descriptor_{descriptor},
      poll_events_{what == For::reading ? short{POLLIN} : short{POLLOUT}},
      set_{executor, make_epoll_set()} {
  epoll_event event{};
  event.events = what == For::reading ? EPOLLIN : EPOLLOUT;
  // Refused for plain files, and for a descriptor that is closed: reading that says so itself.
  always_ready_ = ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) != 0;
}

bool Readiness::is_ready() const noexcept {
  pollfd question{descriptor_, poll_events_, 0};
  return always_ready_ || ::poll(&question, 1, 0) > 0;
}

boost::asio::awaitable<void> Readiness::wait() {
  while (!is_ready())
    co_await set_.async_wait(boost::asio::posix::descriptor_base::wait_read, boost::asio::use_awaitable);
}

void Readiness::cancel() { set_.cancel(); }

}  // namespace parley::tool
