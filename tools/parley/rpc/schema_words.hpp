// A JSON Schema in a few words, for a table: "{a: integer, b?: string}", "[number]", "red | green".
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace parley::tool {

/// What comes from elsewhere may be anything, and of any size: what is deep or long is cut short.
[[nodiscard]] std::string schema_words(const boost::json::value& schema);

}  // namespace parley::tool
