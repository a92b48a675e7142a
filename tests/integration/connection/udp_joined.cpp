// Datagrams that the system takes several at a time and cuts apart: nobody sees a difference but in how often it was
// called.
#include "support/udp_test.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>
#include <vector>

namespace parley::datagrams {
namespace {

class UdpJoined : public support::UdpTest {
 protected:
  /// Bodies of these sizes, each of which can be told from the others of its size.
  static std::vector<std::string> bodies_of(const std::vector<std::size_t>& sizes) {
    std::vector<std::string> bodies;
    for (const std::size_t size : sizes) bodies.emplace_back(size, static_cast<char>('!' + bodies.size()));
    return bodies;
  }
  static void queue(Connection& to, const std::vector<std::string>& bodies) {
    for (const std::string& each : bodies) EXPECT_FALSE(to.try_send(each));
  }
  void expect_to_receive(Connection& from, const std::vector<std::string>& bodies) {
    for (const std::string& each : bodies) EXPECT_EQ(receive(from).text(), each);
  }
  /// Makes the system refuse to cut anything on this one's socket: without a checksum it does not.
  static void forbid_cutting(const Connection& connection) {
    for (int descriptor = 0; descriptor < 1024; ++descriptor) {
      sockaddr_in address{};
      socklen_t size = sizeof address;
      if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
      if (address.sin_family != AF_INET || ntohs(address.sin_port) != connection.local_endpoint().port()) continue;
      const int yes = 1;
      ASSERT_EQ(::setsockopt(descriptor, SOL_SOCKET, SO_NO_CHECK, &yes, sizeof yes), 0);
    }
  }
};

/// More and less than a segment may have, empty ones, a shorter one behind others and in front of them.
const std::vector<std::size_t> all_sorts{64,   64,   64, 10,   64,   0,    0,  64, 64, 1200, 1200, 1232, 1232, 1233,
                                         1233, 5000, 5,  5000, 5000, 1232, 64, 64, 64, 64,   1,    1,    2,    1};

TEST_F(UdpJoined, messages_of_all_sorts_of_sizes_arrive_each_whole_and_in_order) {
  Listener listener = listen();
  Connection client = dial(listener.local_endpoint());
  const std::vector<std::string> there = bodies_of(all_sorts);
  queue(client, there);
  Connection server = accept(listener);
  expect_to_receive(server, there);
  queue(server, there);
  expect_to_receive(client, there);
}

TEST_F(UdpJoined, many_of_one_size_take_one_call) {
  Listener listener = listen();
  Connection client = dial(listener.local_endpoint());
  const std::vector<std::string> bodies = bodies_of(std::vector<std::size_t>(60, 64));
  queue(client, bodies);
  Connection server = accept(listener);
  expect_to_receive(server, bodies);
  EXPECT_EQ(client.stats().writes, 1U);
}

TEST_F(UdpJoined, who_listens_everywhere_still_answers_from_where_it_was_asked) {
  for (const char* const host : {"udp://127.0.0.5:", "udp://[::1]:"}) {
    Listener listener{context, "udp://*:0"};
    Connection client = dial(host + std::to_string(listener.local_endpoint().port()));
    EXPECT_FALSE(client.try_send("from there"));
    Connection server = accept(listener);
    const std::vector<std::string> bodies = bodies_of({100, 100, 100, 7});
    queue(server, bodies);
    expect_to_receive(client, bodies);  // a connected socket takes nothing from elsewhere
  }
}

std::string name_of(std::size_t to, int i) { return "to " + std::to_string(to) + ": " + std::to_string(i); }

TEST_F(UdpJoined, peers_of_one_listener_get_each_what_is_theirs) {
  Listener listener = listen();
  std::vector<Connection> clients;
  std::vector<Connection> servers;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(dial(listener.local_endpoint()));
    EXPECT_FALSE(clients.back().try_send("here"));
    servers.push_back(accept(listener));
  }
  for (int i = 0; i < 20; ++i)
    for (std::size_t to = 0; to < 3; ++to) EXPECT_FALSE(servers[to].try_send(name_of(to, i)));
  for (std::size_t to = 0; to < 3; ++to)
    for (int i = 0; i < 20; ++i) EXPECT_EQ(receive(clients[to]).text(), name_of(to, i));
}

TEST_F(UdpJoined, where_the_system_does_not_cut_they_go_one_by_one) {
  Listener listener = listen();
  Connection client = dial(listener.local_endpoint());
  forbid_cutting(client);
  const std::vector<std::string> bodies = bodies_of(all_sorts);
  queue(client, bodies);
  Connection server = accept(listener);
  expect_to_receive(server, bodies);
  queue(client, bodies);
  expect_to_receive(server, bodies);
  EXPECT_EQ(client.stats().datagrams.send_failed, 0U);
  EXPECT_EQ(client.last_error(), "");
}

}  // namespace
}  // namespace parley::datagrams
