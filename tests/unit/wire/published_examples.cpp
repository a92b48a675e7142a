// The table of examples in docs/protocols/framing.md, for other implementations: it says what ours does.
#include "support/chunked_decode.hpp"
#include "vectors/framing.hpp"

#include <parley/wire/any_encoder.hpp>
#include <parley/wire/framing_text.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace parley::test {
namespace {

struct Row {
  std::string framing;
  std::string wire;
  std::vector<std::string> messages;
  std::string ending;
};

/// `"a" "\0b"`, with the escapes that the table has.
std::vector<std::string> quoted_texts(const std::string& text) {
  std::vector<std::string> texts;
  static const std::regex quoted{R"re("((?:[^"\\]|\\.)*)")re"};
  for (auto at = std::sregex_iterator{text.begin(), text.end(), quoted}; at != std::sregex_iterator{}; ++at) {
    const std::string inside = (*at)[1];
    std::string& out = texts.emplace_back();
    for (std::size_t i = 0; i < inside.size(); ++i) {
      if (inside[i] != '\\') {
        out += inside[i];
        continue;
      }
      const char escape = inside[++i];
      out += escape == 'n' ? '\n' : escape == 'r' ? '\r' : escape == '0' ? '\0' : escape;
    }
  }
  return texts;
}

std::vector<Row> rows() {
  std::vector<Row> found;
  std::ifstream document{PARLEY_SOURCE_DIR "/docs/protocols/framing.md"};
  static const std::regex row{R"re(\| `([^`]*)` \| (?:`([0-9a-f ]*)` )?\| (?:`([^`]*)` )?\| (\w+\*?) \|)re"};
  for (std::string line; std::getline(document, line);) {
    std::smatch cells;
    if (std::regex_match(line, cells, row)) found.push_back({cells[1], cells[2], quoted_texts(cells[3]), cells[4]});
  }
  return found;
}

std::string name_of(const Decoded& decoded) {
  if (decoded.ending != Decoded::Ending::error) return "clean";
  switch (decoded.code) {
    case error::truncated: return "truncated";
    case error::message_too_large: return "message_too_large";
    case error::malformed: return "malformed";
    default: return "another error";
  }
}

TEST(PublishedExamples, are_what_is_received) {
  const std::vector<Row> all = rows();
  EXPECT_EQ(all.size(), 29U);
  for (const Row& row : all) {
    SCOPED_TRACE(row.framing + " " + row.wire);
    const Decoded decoded = decode_whole(parse_framing(row.framing), 64, from_hex(row.wire));
    EXPECT_EQ(decoded.messages, row.messages);
    EXPECT_EQ(name_of(decoded), row.ending.substr(0, row.ending.find('*')));
  }
}

TEST(PublishedExamples, are_what_is_sent) {
  for (const Row& row : rows()) {
    if (row.ending != "clean") continue;
    SCOPED_TRACE(row.framing + " " + row.wire);
    wire::AnyEncoder encoder = wire::make_encoder(parse_framing(row.framing), 64);
    std::string stream;
    for (const std::string& message : row.messages) stream += encode_text(encoder, message);
    EXPECT_EQ(stream, from_hex(row.wire));
  }
}

}  // namespace
}  // namespace parley::test
