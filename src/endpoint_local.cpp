// Where communica has its Unix sockets (docs/protocols/communica.md, section 4): both sides have to find the same
// folder, so this looks for it as Python's tempfile does.
#include "endpoint_parts.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace parley {
namespace {

namespace fs = std::filesystem;

/// Absolute, without `.`, `..` and a '/' at its end; empty if nothing can be written there.
std::string usable_folder(const char* written) {
  if (written == nullptr || *written == '\0') return {};
  std::error_code ec;
  const fs::path absolute = fs::absolute(written, ec);
  if (ec) return {};
  std::string folder = absolute.lexically_normal().string();
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  const bool is_usable = fs::is_directory(folder, ec) && ::access(folder.c_str(), W_OK | X_OK) == 0;
  return is_usable ? folder : std::string{};
}

std::string temporary_folder_of_python() {
  for (const char* variable : {"TMPDIR", "TEMP", "TMP"}) {
    if (std::string folder = usable_folder(std::getenv(variable)); !folder.empty()) return folder;
  }
  for (const char* usual : {"/tmp", "/var/tmp", "/usr/tmp", "."}) {
    if (std::string folder = usable_folder(usual); !folder.empty()) return folder;
  }
  return {};
}

bool is_local_name(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c != '/' && static_cast<unsigned char>(c) < 0x80 && !(c >= 'A' && c <= 'Z');
  });
}

}  // namespace

std::string communica_folder() {
  std::string folder = temporary_folder_of_python();
  if (folder.empty()) return folder;
  return folder.ends_with('/') ? folder + "communica" : folder + "/communica";
}

std::optional<std::string> Endpoint::local_name() const {
  if (scheme() != Scheme::unix_socket || !path().ends_with(communica_ending)) return std::nullopt;
  const std::string folder = communica_folder() + '/';
  if (!path().starts_with(folder) || path().size() < folder.size() + communica_ending.size()) return std::nullopt;
  const std::string_view name = path().substr(folder.size(), path().size() - folder.size() - communica_ending.size());
  if (!is_local_name(name)) return std::nullopt;
  return std::string{name};
}

}  // namespace parley
