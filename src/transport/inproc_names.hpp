// The names of in-process endpoints that are in use in this process.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace parley::transport {

/// Whatever listens at an in-process name; who connects has to find out whether it is of the same kind.
class InprocPlace {
 public:
  InprocPlace() = default;
  InprocPlace(const InprocPlace&) = delete;
  InprocPlace& operator=(const InprocPlace&) = delete;
  virtual ~InprocPlace() = default;
};

/// Any thread.
class InprocNames {
 public:
  static InprocNames& instance() {
    static InprocNames* const names = new InprocNames;  // never destroyed: listeners may be, late
    return *names;
  }

  /// False: it is in use.
  [[nodiscard]] bool add(std::string_view name, std::weak_ptr<InprocPlace> place) {
    const std::lock_guard lock{mutex_};
    auto& entry = places_[std::string{name}];
    if (!entry.expired()) return false;
    entry = std::move(place);
    return true;
  }
  void remove(std::string_view name) {
    const std::lock_guard lock{mutex_};
    if (const auto found = places_.find(name); found != places_.end()) places_.erase(found);
  }
  /// Null when nobody of that kind is there.
  template <class Place>
  [[nodiscard]] std::shared_ptr<Place> find(std::string_view name) {
    const std::lock_guard lock{mutex_};
    const auto found = places_.find(name);
    return found == places_.end() ? nullptr : std::dynamic_pointer_cast<Place>(found->second.lock());
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<InprocPlace>, std::less<>> places_;
};

}  // namespace parley::transport
