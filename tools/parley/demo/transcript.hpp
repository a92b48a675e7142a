// The demo's story on standard output. Colours on a terminal only.
#pragma once

#include "service.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::tool::demo {

class Transcript {
 public:
  Transcript();

  void title(std::string_view text);
  void chapter(std::string_view text);
  void line(std::string_view text);
  /// A question and its answer, as both ends have told it.
  void exchange(const Exchange& exchange);
  void conversation(std::string_view client, std::string_view server, std::string_view question,
                    std::string_view answer);
  void rates(std::string_view client, const Rate& round_trips, const Rate& one_way);
  void crowd(std::string_view client, const Rate& conversations);
  void readings(std::string_view client, const Rate& one_way);
  void requests(std::string_view client, const Rate& in_turn, std::uint64_t at_once, const Rate& together);
  void end(std::string_view text);

 private:
  void print(const std::string& text);

  bool coloured_;
};

}  // namespace parley::tool::demo
