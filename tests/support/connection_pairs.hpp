// Connected pairs of Connections for tests, over memory streams that behave in every way a stream may.
#pragma once

#include <parley/connection/connection.hpp>
#include <parley/testing/faulty_stream.hpp>
#include <parley/transport/memory.hpp>

#include <boost/asio/io_context.hpp>

#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace parley::support {

struct Pair {
  Connection left;
  Connection right;
};

/// How the two ends are made. The left end has `left_plan`, and so do its faults.
struct PairOptions {
  ConnectionOptions left{};
  ConnectionOptions right{};
  testing::FaultPlan left_plan{};
  testing::FaultPlan right_plan{};
  std::size_t capacity = 64 * 1024;

  PairOptions& framing(const Framing& value) {
    left.framing = right.framing = value;
    return *this;
  }
};

inline Pair connect_pair(boost::asio::io_context& context, const PairOptions& options = {}) {
  auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor(),
                                       transport::MemoryOptions{options.capacity});
  return {Connection{testing::faulty_stream(std::move(a), options.left_plan), options.left},
          Connection{testing::faulty_stream(std::move(b), options.right_plan), options.right}};
}

/// A way for the bytes to come and go.
struct Manner {
  std::string name;
  testing::FaultPlan plan{};
  std::size_t capacity = 64 * 1024;
};

inline std::ostream& operator<<(std::ostream& out, const Manner& manner) { return out << manner.name; }

inline std::vector<Manner> all_manners() {
  std::vector<Manner> manners;
  for (const bool can_wait : {true, false}) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{3}, testing::FaultPlan::unlimited}) {
      Manner manner;
      manner.plan.can_wait = can_wait;
      manner.plan.read_size_max = manner.plan.write_size_max = size;
      manner.name = (size == testing::FaultPlan::unlimited ? "whole" : "by_" + std::to_string(size)) +
                    (can_wait ? "_waiting" : "_completing");
      manners.push_back(manner);
    }
  }
  Manner spurious;
  spurious.name = "spurious";
  spurious.plan.spurious_period = 2;
  manners.push_back(spurious);
  Manner tight;
  tight.name = "tight";
  tight.capacity = 5;
  manners.push_back(tight);
  return manners;
}

}  // namespace parley::support
