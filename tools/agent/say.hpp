// What parley-agent tells people, on standard error.
#pragma once

#include <parley/policy/socket_event.hpp>

#include <string>
#include <string_view>

namespace parley::agent {

/// One line.
void say(std::string_view line);

/// Tells of what happens to a socket. Whoever started this program may not read what it says until it has ended, and a
/// pipe is soon full; so what is repeated is said once, and nothing is said of each message.
class EventTeller {
 public:
  void tell(const SocketEvent& event);

 private:
  std::string last_;
};

}  // namespace parley::agent
