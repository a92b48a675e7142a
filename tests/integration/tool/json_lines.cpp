#include "json_lines.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <stdexcept>
#include <string_view>

namespace parley::test {
namespace {

boost::json::object parse_line(std::string_view line) {
  boost::system::error_code failure;
  const boost::json::value value = boost::json::parse({line.data(), line.size()}, failure);
  if (failure || !value.is_object()) throw std::runtime_error("not a JSON object: " + std::string{line});
  return value.as_object();
}

}  // namespace

std::vector<boost::json::object> json_lines(const std::string& output) {
  std::vector<boost::json::object> objects;
  for (std::string_view rest = output; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) throw std::runtime_error("a line that does not end: " + std::string{rest});
    objects.push_back(parse_line(rest.substr(0, end)));
    rest.remove_prefix(end + 1);
  }
  return objects;
}

}  // namespace parley::test
