// Why an operation failed, or a direction ended.
#pragma once

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace parley::detail {

/// What is said of a peer, without its endpoint: that comes behind it when somebody asks for the sentence. Most
/// connections end in a way that nobody asks about, and pay nothing for words that are the same for all.
class Remark {
 public:
  Remark() = default;
  template <std::size_t size>
  Remark(const char (&literal)[size]) noexcept : literal_{literal, size - 1} {}
  Remark(std::string made) noexcept : made_{std::move(made)} {}

  [[nodiscard]] std::string_view words() const noexcept { return literal_.empty() ? made_ : literal_; }

 private:
  std::string_view literal_;
  std::string made_;
};

struct Failure {
  boost::system::error_code code;
  Remark remark;
};

}  // namespace parley::detail
