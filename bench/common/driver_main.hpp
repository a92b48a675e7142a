#pragma once

#include "bench/common/options.hpp"
#include "bench/common/process.hpp"
#include "bench/common/report.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

namespace bench {

/// Thrown for a scenario, variant or transport that the driver does not have. The comparison shows such a run as
/// "not offered" and not as failed.
struct NotOffered : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

[[noreturn]] inline void not_offered(const Options& o) {
  throw NotOffered("this driver has no scenario " + o.scenario +
                   (o.variant.empty() ? "" : " with variant " + o.variant) + " over " + o.addr.text);
}

/// The main() of every driver. A failure is a JSON line too, so that no run ends without saying why.
/// Exit codes: 0 ok, 1 the run failed, 2 wrong usage, 3 not offered.
template <class Run>
int driver_main(int argc, char** argv, Run run) {
  const auto fail = [](const char* key, const std::exception& e, int code) {
    JsonLine().add(key, std::string_view(e.what())).print();
    return code;
  };
  try {
    const Options options = parse_options(argc, argv);
    limit_run_time();
    raise_open_file_limit();
    if (options.scenario == "throughput") keep_freed_memory();
    std::signal(SIGPIPE, SIG_IGN);
    if (options.pin && options.role != Role::both)
      pin_to_cpu(options.role == Role::server ? options.pin->first : options.pin->second);
    run(options);
    return 0;
  } catch (const NotOffered& e) {
    return fail("not_offered", e, 3);
  } catch (const std::invalid_argument& e) {
    return fail("usage", e, 2);
  } catch (const std::exception& e) {
    return fail("error", e, 1);
  }
}

}  // namespace bench
