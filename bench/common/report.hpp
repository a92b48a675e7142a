#pragma once

#include "bench/common/latency_histogram.hpp"
#include "bench/common/window.hpp"

#include <cinttypes>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace bench {

/// One JSON object on a line of its own, written as it is built: `JsonLine().add("received", n).print()`.
class JsonLine {
 public:
  template <std::integral Number>
  JsonLine& add(std::string_view key, Number value) {
    return add_text(key, std::to_string(value));
  }

  JsonLine& add(std::string_view key, double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", value);
    return add_text(key, text);
  }

  JsonLine& add(std::string_view key, std::string_view value) {
    std::string quoted = "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return add_text(key, quoted + '"');
  }

  /// Both sides of every run report their CPU time in the window.
  JsonLine& add_cpu(const Window& window) {
    return add("cpu_user_ns", window.cpu().user_ns).add("cpu_sys_ns", window.cpu().sys_ns);
  }

  JsonLine& add_rate(std::uint64_t messages, std::size_t size, const Window& window) {
    const double rate = static_cast<double>(messages) / window.elapsed_s();
    return add("elapsed_s", window.elapsed_s())
        .add("msgs_per_s", rate)
        .add("mib_per_s", rate * static_cast<double>(size) / (1 << 20));
  }

  JsonLine& add_percentiles(const LatencyHistogram& times) {
    return add("p50_ns", times.quantile(0.5))
        .add("p99_ns", times.quantile(0.99))
        .add("p999_ns", times.quantile(0.999))
        .add("max_ns", times.max());
  }

  void print() const {
    std::printf("{%s}\n", text_.c_str());
    std::fflush(stdout);
  }

 private:
  JsonLine& add_text(std::string_view key, std::string_view value) {
    if (!text_.empty()) text_ += ", ";
    text_.append("\"").append(key).append("\": ").append(value);
    return *this;
  }

  std::string text_;
};

}  // namespace bench
