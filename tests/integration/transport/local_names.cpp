// local://NAME: where its folder comes from, and who meets there.
#include "support/temporary_folder.hpp"

#include <parley/blocking/connection.hpp>
#include <parley/blocking/listener.hpp>
#include <parley/blocking/rpc_client.hpp>
#include <parley/blocking/rpc_server.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include <sys/stat.h>

namespace parley::test::local_names_tests {
namespace {

constexpr std::chrono::seconds patience{20};

class LocalNames : public ::testing::Test {
 protected:
  LocalNames() {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", folder_.file("").c_str(), 1);
  }
  ~LocalNames() override { before_ ? ::setenv("TMPDIR", before_->c_str(), 1) : ::unsetenv("TMPDIR"); }

  [[nodiscard]] unsigned mode_of_folder() const {
    struct stat found {};
    return ::stat(communica_.c_str(), &found) == 0 ? found.st_mode & 07777U : 0;
  }

  support::TemporaryFolder folder_;
  const std::string communica_ = folder_.file("communica");
  std::optional<std::string> before_;
};

TEST_F(LocalNames, binding_makes_the_folder_for_this_user_alone) {
  blocking::Listener listener{"local://Meeting"};
  EXPECT_EQ(mode_of_folder(), 0700U);
  EXPECT_EQ(listener.local_endpoint().local_name(), "meeting");
  blocking::Connection client{"local://MEETING"};
  client.send("hello");
  EXPECT_EQ(listener.accept(patience).receive(patience).text(), "hello");
  listener.close();
  EXPECT_FALSE(std::filesystem::exists(communica_ + "/meeting.sock"));
  EXPECT_TRUE(std::filesystem::exists(communica_)) << "others may be about to use it";
}

TEST_F(LocalNames, a_folder_that_is_there_stays_as_it_is) {
  ASSERT_EQ(::mkdir(communica_.c_str(), 0700), 0);
  ASSERT_EQ(::chmod(communica_.c_str(), 0755), 0);
  const blocking::Listener listener{"local://meeting"};
  EXPECT_EQ(mode_of_folder(), 0755U);
}

TEST_F(LocalNames, what_stands_in_the_way_of_the_folder_is_told) {
  std::ofstream{communica_} << "no folder";
  try {
    const blocking::Listener listener{"local://meeting"};
    FAIL();
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code(), boost::system::errc::not_a_directory) << failure.what();
  }
}

TEST_F(LocalNames, no_other_folder_is_made) {
  EXPECT_THROW(blocking::Listener{"unix://" + folder_.file("elsewhere") + "/meeting.sock"}, Error);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("elsewhere")));
}

TEST_F(LocalNames, requests_and_answers_meet_there) {
  rpc::Routes routes;
  routes.on("twice", [](int value) { return 2 * value; });
  rpc::blocking::Server server{std::move(routes)};
  server.bind("local://calculator");
  rpc::blocking::Client client;
  client.connect("local://Calculator", patience);
  EXPECT_EQ(client.request<int>("twice", 21), 42);
}

}  // namespace
}  // namespace parley::test::local_names_tests
