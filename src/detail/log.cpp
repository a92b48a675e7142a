#include "detail/log.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

namespace parley {
namespace {

std::mutex hook_mutex;
std::shared_ptr<const LogHook> current_hook;
std::atomic<bool> hook_installed{false};

std::shared_ptr<const LogHook> hook() {
  const std::lock_guard lock{hook_mutex};
  return current_hook;
}

}  // namespace

void set_log_hook(LogHook new_hook) {
  auto shared = new_hook ? std::make_shared<const LogHook>(std::move(new_hook)) : nullptr;
  const std::lock_guard lock{hook_mutex};
  hook_installed = shared != nullptr;
  current_hook.swap(shared);
}

namespace detail {

bool log_enabled() noexcept { return hook_installed.load(std::memory_order_relaxed); }

void log(LogLevel level, std::string_view text, std::string_view endpoint) noexcept {
  if (!log_enabled()) return;
  if (const auto installed = hook()) (*installed)(level, text, endpoint);
}

}  // namespace detail
}  // namespace parley
