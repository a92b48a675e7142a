// Values exchanged with Python's own pickle and json, on either side.
#include "interop/meeting.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::interop {

struct Part {
  std::string name;
  std::int64_t count;
  double price;
  std::vector<std::string> tags;
  std::optional<std::string> note;
  std::optional<std::vector<std::byte>> blob;
  std::optional<std::pair<int, std::string>> pair;
  std::optional<std::map<std::uint64_t, bool>> by_number;
};
BOOST_DESCRIBE_STRUCT(Part, (), (name, count, price, tags, note, blob, pair, by_number))

struct Answer {
  Part item;
  double twice;
  std::pair<bool, bool> flags;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (item, twice, flags))

namespace {

using support::ChildResult;

/// Answers each Part; what is no Part is answered by the sentence that refused it.
template <class C>
asio::awaitable<void> answer_parts(Connection& connection, C codec) {
  while (const std::optional<Message> message = co_await connection.next()) {
    std::string refusal;
    try {
      const Part part = codec.template decode<Part>(*message);
      const Answer answer{part, part.price * 2, {true, false}};
      co_await connection.send(codec.encode(answer));
    } catch (const Error& e) {
      if (e.code() != error::payload_rejected) throw;
      refusal = e.what();
    }
    if (!refusal.empty()) co_await connection.send(codec.encode(refusal));
  }
}

class PythonCodecs : public testing::TestWithParam<Role> {
 protected:
  template <class C>
  std::string refusal_in(C codec, const std::vector<std::string>& task) {
    const Command command = [&task](Role role, const Endpoint& endpoint) {
      std::vector<std::string> words{"python3", PARLEY_SOURCE_DIR "/tests/interop/python/typed_values.py",
                                     to_string(role), endpoint.serialize()};
      words.insert(words.end(), task.begin(), task.end());
      return words;
    };
    const Talk talk = [codec](Connection& connection) { return answer_parts(connection, codec); };
    Meeting meeting{GetParam(), fresh_endpoint(Transport::tcp, folder_), {}};
    const ChildResult python = meeting.hold(command, "", talk);
    EXPECT_EQ(python.code, 0) << python.errors;
    return python.output;
  }

 private:
  support::TemporaryFolder folder_;
};

TEST_P(PythonCodecs, pickle_of_every_protocol_is_understood) {
  for (int protocol = 2; protocol <= 5; ++protocol) {
    SCOPED_TRACE(protocol);
    const std::string refusal = refusal_in(PythonPickle{}, {"pickle", "--protocol", std::to_string(protocol)});
    EXPECT_NE(refusal.find("the pickle names code \"__main__.NotData\", which is never done here"), std::string::npos)
        << refusal;
  }
}

TEST_P(PythonCodecs, json_is_understood) {
  EXPECT_EQ(refusal_in(Json{}, {"json"}), "$.count: expected an integer, found string \"7\"\n");
}

INSTANTIATE_TEST_SUITE_P(As, PythonCodecs, testing::Values(Role::client, Role::server),
                         [](const auto& each) { return to_string(each.param); });

}  // namespace
}  // namespace parley::interop
