#include "support/temporary_folder.hpp"

#include <parley/endpoint.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace parley::test::endpoint_local_tests {
namespace {

/// While it lives, a variable of the environment has this value, or none.
class Variable {
 public:
  Variable(const char* name, const std::optional<std::string>& value) : name_{name} {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { set(before_); }

 private:
  void set(const std::optional<std::string>& value) { value ? ::setenv(name_, value->c_str(), 1) : ::unsetenv(name_); }

  const char* name_;
  std::optional<std::string> before_;
};

class LocalEndpoint : public ::testing::Test {
 protected:
  support::TemporaryFolder folder_;
  const std::string here_ = folder_.file("");  // with a '/' at its end
  const Variable tmpdir_{"TMPDIR", here_};
  const Variable temp_{"TEMP", std::nullopt};
  const Variable tmp_{"TMP", std::nullopt};
};

std::string fault(std::string_view text) {
  EndpointError why;
  return Endpoint::parse(text, &why) ? "none" : std::to_string(why.position()) + ": " + why.reason();
}

TEST_F(LocalEndpoint, is_a_unix_socket_in_communicas_folder) {
  const Endpoint endpoint = "local://MyApp";
  EXPECT_EQ(endpoint.scheme(), Scheme::unix_socket);
  EXPECT_EQ(endpoint.path(), here_ + "communica/myapp.sock");
  EXPECT_EQ(endpoint.unix_path(), endpoint.path());
  EXPECT_EQ(endpoint.to_string(), "unix://" + here_ + "communica/myapp.sock");
  EXPECT_EQ(Endpoint{endpoint.serialize()}, endpoint);
  EXPECT_FALSE(std::filesystem::exists(here_ + "communica")) << "reading it makes nothing";
}

TEST_F(LocalEndpoint, has_a_name_that_leads_back) {
  for (const char* name : {"myapp", "a b", "@a", "..", "a.sock", "a%?#b"}) {
    const Endpoint endpoint = Endpoint::local(name);
    EXPECT_EQ(endpoint.local_name(), name);
    EXPECT_EQ(Endpoint{endpoint.serialize()}.local_name(), name);
  }
  EXPECT_EQ(Endpoint{"LOCAL://Some%20App"}.local_name(), "some app");
}

TEST_F(LocalEndpoint, of_no_such_name_are_all_others) {
  const std::string communica = "unix://" + here_ + "communica/";
  EXPECT_EQ(Endpoint{communica + "a.sock"}.local_name(), "a");
  for (const std::string& text :
       {communica + "A.sock", communica + ".sock", communica + "a.socket", communica + "b/a.sock",
        communica + "%C3%A9.sock", "unix://" + here_ + "a.sock", "mux+" + communica + "a.sock",
        std::string{"unix://a.sock"}, std::string{"unix://@a.sock"}, std::string{"tcp://a.sock:1"}}) {
    EXPECT_EQ(Endpoint{text}.local_name(), std::nullopt) << text;
  }
}

TEST_F(LocalEndpoint, is_in_the_first_folder_that_can_be_written_to) {
  const std::string gone = here_ + "gone";
  const std::string file = here_ + "file";
  std::ofstream{file} << "no folder";
  const auto path_with = [](const char* name, const std::optional<std::string>& value) {
    const Variable variable{name, value};
    return std::string{Endpoint{"local://a"}.path()};
  };
  EXPECT_EQ(path_with("TMPDIR", gone), "/tmp/communica/a.sock");
  EXPECT_EQ(path_with("TMPDIR", file), "/tmp/communica/a.sock");
  EXPECT_EQ(path_with("TMPDIR", ""), "/tmp/communica/a.sock");
  EXPECT_EQ(path_with("TEMP", "/var/tmp"), here_ + "communica/a.sock") << "TMPDIR comes first";
  const Variable without{"TMPDIR", std::nullopt};
  EXPECT_EQ(path_with("TEMP", here_), here_ + "communica/a.sock");
  EXPECT_EQ(path_with("TMP", here_ + "./."), here_ + "communica/a.sock");
  EXPECT_EQ(path_with("TMP", "."), std::filesystem::current_path().string() + "/communica/a.sock");
  EXPECT_EQ(path_with("TMP", "/"), "/communica/a.sock");
}

TEST_F(LocalEndpoint, faults_are_told_with_their_place) {
  EXPECT_EQ(fault("local://"), "8: the name is missing");
  EXPECT_EQ(fault("local://a/b"), "9: a local name has no '/', since it becomes the name of a file");
  EXPECT_EQ(fault("local://%41%2Fb"), "11: a local name has no '/', since it becomes the name of a file");
  EXPECT_EQ(fault("local://a\xC3\x89"),
            "9: a local name is ASCII: on the lower case of anything else two programs might not agree");
  EXPECT_EQ(fault("local://a?b=c"),
            "9: a local endpoint takes no parameters; a '?' that is part of the name is written %3F");
  EXPECT_EQ(fault("local:a"), "6: after the scheme comes ://");
  EXPECT_EQ(fault("local://%00"), "8: a NUL byte cannot be in an endpoint");
  EXPECT_THROW((void)Endpoint::local(""), EndpointError);
  EXPECT_THROW((void)Endpoint::local("a/b"), EndpointError);
}

TEST_F(LocalEndpoint, too_long_a_path_is_told_with_both_numbers) {
  const std::size_t rest = here_.size() + std::string_view{"communica/.sock"}.size();
  const std::string fits(Endpoint::unix_path_size_max - rest, 'n');
  EXPECT_EQ(Endpoint::local(fits).path().size(), Endpoint::unix_path_size_max);
  EXPECT_EQ(fault("local://n" + fits), "8: in the temporary folder this is " + here_ + "communica/n" + fits +
                                           ".sock, a path of 108 bytes; at most 107 are possible for a Unix socket");
}

}  // namespace
}  // namespace parley::test::endpoint_local_tests
