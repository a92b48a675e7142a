// nc and socat: how they are called, as clients and as servers.
#pragma once

#include "interop/meeting.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace parley::interop {

using Words = std::vector<std::string>;

/// -N: the end of its input ends its sending direction.
inline Words nc(Role role, const Endpoint& at) {
  Words command{"nc", role == Role::client ? "-nN" : "-nNlv"};
  if (at.scheme() == Scheme::unix_socket) {
    command.insert(command.end(), {"-U", at.unix_path()});
  } else {
    command.insert(command.end(), {std::string{at.host()}, std::to_string(at.port())});
  }
  return command;
}

inline std::string socat_address(Role role, const Endpoint& at) {
  const std::string verb = role == Role::client ? "CONNECT:" : "LISTEN:";
  if (at.is_abstract()) return "ABSTRACT-" + verb + std::string{at.name()};
  if (at.scheme() == Scheme::unix_socket) return "UNIX-" + verb + at.unix_path();
  if (role == Role::client) return "TCP-CONNECT:" + std::string{at.host()} + ":" + std::to_string(at.port());
  return "TCP-LISTEN:" + std::to_string(at.port()) + ",bind=" + std::string{at.host()};
}

/// -t: how long it waits for the other direction when one has ended.
inline Words socat(Role role, const Endpoint& at) {
  return {"socat", "-d", "-d", "-t", "20", "-", socat_address(role, at)};
}

/// Over UDP, as a client that leaves when an answer has come: of an end it would not hear.
inline Words nc_to(const Endpoint& at) {
  return {"nc", "-nu", "-W", "1", std::string{at.host()}, std::to_string(at.port())};
}
inline Words socat_to(const Endpoint& at) {
  return {"socat", "-t", "20", "-",
          "UDP-CONNECT:" + std::string{at.host()} + ":" + std::to_string(at.port()) + ",shut-none,readbytes=8"};
}

struct Netcat {
  std::string name;
  Words (*command)(Role, const Endpoint&);
  Transport transport;
};

inline std::ostream& operator<<(std::ostream& out, const Netcat& netcat) {
  return out << netcat.name << " over " << to_string(netcat.transport);
}

/// Each of them over what it speaks.
inline const std::vector<Netcat>& all_netcats() {
  static const std::vector<Netcat> all{{"nc", nc, Transport::tcp},
                                       {"nc", nc, Transport::unix_path},
                                       {"socat", socat, Transport::tcp},
                                       {"socat", socat, Transport::unix_path},
                                       {"socat", socat, Transport::unix_abstract}};
  return all;
}

/// For the name of a test.
inline std::string name_of(const Netcat& netcat) { return netcat.name + "_over_" + to_string(netcat.transport); }

}  // namespace parley::interop
