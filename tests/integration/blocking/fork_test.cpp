// A server that forks for each client, as programs without an event loop often are.
#include "integration/blocking/pair.hpp"

#include <boost/asio/execution_context.hpp>

#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace parley::blocking {
namespace {

using boost::asio::execution_context;

/// In the child: serves one client, and leaves without running the parent's destructors.
[[noreturn]] void serve_in_child(Listener& listener, Connection& peer) {
  int status = 1;
  try {
    listener.notify_fork(execution_context::fork_child);
    listener.close();
    peer.send("child: " + std::string{peer.receive(patience).text()}, patience);
    peer.close(patience);
    status = 0;
  } catch (...) {
  }
  _exit(status);
}

TEST(BlockingFork, a_child_serves_its_client_while_the_parent_goes_on_accepting) {
  Listener listener{"tcp://127.0.0.1:0"};
  for (int i = 0; i < 3; ++i) {
    auto [client, server] = connect_pair(listener);
    listener.notify_fork(execution_context::fork_prepare);
    const pid_t child = fork();
    if (child == 0) serve_in_child(listener, server);
    ASSERT_GT(child, 0);
    listener.notify_fork(execution_context::fork_parent);
    server.abort();  // the child has it

    client.send("hello");
    EXPECT_EQ(client.receive(patience).text(), "child: hello");
    EXPECT_EQ(client.next(patience), std::nullopt);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
}

}  // namespace
}  // namespace parley::blocking
