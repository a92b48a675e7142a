// Settings: the options of a server or client, as their peers need them.
#pragma once

#include "app/classification.hpp"
#include "detail/long_time.hpp"

#include <parley/app/options.hpp>
#include <parley/connection/options.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>

namespace parley::app::detail {

struct Settings {
  ConnectionOptions connection;
  ClassificationLimits classification;
  Duration silence_max;
  std::chrono::milliseconds drain_time_max;
  std::chrono::microseconds poll;
  std::size_t history_count_max;
  std::size_t history_size_max;
  std::size_t first_message_size_max;
};

/// Of ServerOptions or ClientOptions. Throws std::invalid_argument for what makes no sense.
template <class Options>
Settings settings_of(const Options& options) {
  if (options.held_count_max == 0) {
    throw std::invalid_argument("held_count_max must be at least 1: the first message is held while it is classified");
  }
  if (options.idle_time_max.count() < 0) throw std::invalid_argument("idle_time_max must not be below 0");
  if (options.send_high_water_size == 0 || options.send_high_water_count == 0 || options.receive_high_water_size == 0) {
    throw std::invalid_argument("a high-water mark of 0 would let no message through; it must be at least 1");
  }
  ConnectionOptions connection;
  connection.framing = options.framing;
  connection.message_size_max = options.message_size_max;
  connection.send_high_water_size = options.send_high_water_size;
  connection.send_high_water_count = options.send_high_water_count;
  connection.send_hard_limit_size = options.send_hard_limit_size;
  connection.receive_high_water_size = options.receive_high_water_size;
  connection.linger = options.linger;
  return {
      connection,
      {options.held_count_max, options.held_size_max, parley::detail::at_most_longest(options.classification_time_max)},
      parley::detail::at_most_longest(options.idle_time_max),
      options.drain_time_max,
      options.poll,
      options.history_count_max,
      options.history_size_max,
      options.first_message_size_max};
}

}  // namespace parley::app::detail
