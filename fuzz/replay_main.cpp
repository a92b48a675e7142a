// Stands in for libFuzzer in ordinary builds: gives every file named on the command line, or found in a folder named
// there, to the target once. A crash or a sanitizer's report is the failure.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void replay(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  // An exact heap block, so that AddressSanitizer sees a read past the end.
  const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
  std::fprintf(stderr, "%s\n", file.c_str());
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

std::size_t replay_all(const std::filesystem::path& place) {
  if (!std::filesystem::is_directory(place)) return replay(place), 1;
  std::size_t file_count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(place)) {
    if (!entry.is_regular_file()) continue;
    replay(entry.path());
    ++file_count;
  }
  return file_count;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t file_count = 0;
  for (int i = 1; i < argc; ++i) file_count += replay_all(argv[i]);
  std::printf("%zu inputs replayed\n", file_count);
  return 0;
}
