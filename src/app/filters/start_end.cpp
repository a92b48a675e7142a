#include "app/filters/bad_message.hpp"

#include <parley/app/filters/start_end.hpp>

#include <string_view>

namespace parley::app {
namespace {

class StartEndFilter final : public Filter {
 public:
  explicit StartEndFilter(StartEnd options) : options_{std::move(options)} {}

  FilterResult decode(Message message) override {
    const std::size_t around = options_.start.size() + options_.end.size();
    const std::string_view text = message.view();
    const bool is_whole = text.size() >= around && text.starts_with(options_.start) && text.ends_with(options_.end);
    if (!is_whole)
      return detail::bad_message(options_.on_bad_message,
                                 detail::of_size(text.size()) + " does not have its start and end bytes");
    return message.slice(options_.start.size(), text.size() - around);
  }

  FilterResult encode(Message message) override {
    return Message::join({options_.start, message.view(), options_.end});
  }

 private:
  StartEnd options_;
};

}  // namespace

MakeFilter start_end_filter(const StartEnd& options) {
  return [options] { return std::make_unique<StartEndFilter>(options); };
}

}  // namespace parley::app
