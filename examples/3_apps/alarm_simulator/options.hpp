// What the simulator is asked to do.
#pragma once

#include <parley/endpoint.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

struct SimulatorOptions {
  parley::Endpoint receiver = "tcp://127.0.0.1:7000";
  unsigned panels = 5000;
  std::chrono::duration<double> seconds{20};
  double rate = 1;         ///< events of each panel in a second
  double misbehaving = 1;  ///< per cent of the panels
};

/// `--rate 1/s` and `--misbehaving 1%` may have their units.
inline double number_of(const std::string& text) {
  std::size_t used = 0;
  const double number = std::stod(text, &used);
  const std::string_view unit = std::string_view{text}.substr(used);
  if ((!unit.empty() && unit != "/s" && unit != "%") || number < 0) throw std::invalid_argument("no number: " + text);
  return number;
}

/// Throws std::invalid_argument for what is no option.
inline SimulatorOptions read_options(int argc, char** argv) {
  SimulatorOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (!name.starts_with("--")) {
      options.receiver = name;
      continue;
    }
    if (++i == argc) throw std::invalid_argument(name + " needs a value");
    const double value = number_of(argv[i]);
    if (name == "--panels") {
      options.panels = static_cast<unsigned>(value);
    } else if (name == "--seconds") {
      options.seconds = std::chrono::duration<double>{value};
    } else if (name == "--rate") {
      options.rate = value;
    } else if (name == "--misbehaving") {
      options.misbehaving = value;
    } else {
      throw std::invalid_argument("there is no option " + name);
    }
  }
  if (options.panels == 0 || options.rate == 0) throw std::invalid_argument("no panel would say anything");
  return options;
}
