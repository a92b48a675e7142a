// Headless Chromium with one page.
#pragma once

#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"

#include <string>
#include <vector>

namespace parley::interop {

class Chromium {
 public:
  /// `page`: its URL.
  explicit Chromium(const std::string& page) : process_{command(profile_.file("profile"), page)} {}

 private:
  /// Without its sandbox, which wants more rights than a container gives; the page is ours. What it prints is not read.
  static std::vector<std::string> command(const std::string& profile, const std::string& page) {
    return {"sh", "-c",
            "exec chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run "
            "--user-data-dir=\"$0\" \"$1\" >/dev/null 2>&1",
            profile, page};
  }

  support::TemporaryFolder profile_;
  support::ChildProcess process_;
};

}  // namespace parley::interop
