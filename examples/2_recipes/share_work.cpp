// Work spread over workers: each job goes to one of them, the next in turn, and is given to another one if that dies.
//
// A worker acknowledges a job when its result has arrived, and until then the producer keeps it: no job is lost. The
// workers here are processes of their own, and one is killed at the worst moment, between result and acknowledgement.
// So one job is done twice; results carry the number of their job.

#include "../check.hpp"
#include "../process.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/describe/class.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <map>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Job {
  std::uint64_t number;
  std::uint64_t value;
};
BOOST_DESCRIBE_STRUCT(Job, (), (number, value))

std::uint64_t square_of(const Job& job) { return job.value * job.value; }

struct Result {
  std::uint64_t number;
  std::uint64_t square;
  pid_t worker;
};
BOOST_DESCRIBE_STRUCT(Result, (), (number, square, worker))

asio::awaitable<void> work(parley::Endpoint producer, int jobs_to_live) {
  parley::SocketOptions options;
  options.delivery = parley::Delivery::at_least_once;         // for the results
  options.acknowledge = parley::Acknowledge::by_application;  // of the jobs
  parley::Socket socket{co_await asio::this_coro::executor, options};
  socket.connect(producer);
  for (;;) {
    const auto job = co_await socket.receive_as<Job>(parley::Json{});
    std::this_thread::sleep_for(1ms);  // as if it were work
    const Result result{job.value.number, square_of(job.value), getpid()};
    co_await socket.send_confirmed(result, parley::Json{});  // now the producer has it,
    if (--jobs_to_live == 0) raise(SIGKILL);
    job.acknowledge();  // and can forget the job
  }
}

asio::awaitable<void> give_out(parley::Socket& producer, std::span<const Job> jobs) {
  for (const Job& job : jobs) co_await producer.send(job, parley::Json{});
}

std::vector<Job> random_jobs(std::uint64_t count) {
  std::mt19937_64 random{std::random_device{}()};
  std::vector<Job> jobs;
  for (std::uint64_t number = 0; number < count; ++number) jobs.push_back({number, random()});
  return jobs;
}

asio::awaitable<void> produce() {
  const auto executor = co_await asio::this_coro::executor;
  parley::SocketOptions options;
  options.delivery = parley::Delivery::at_least_once;
  options.unacknowledged_count_max = 30;  // jobs given out at a time; with that many under way, send waits
  parley::Socket producer{executor, options};
  const parley::Endpoint at = co_await producer.bind("tcp://127.0.0.1:0");

  const Process one{"worker", at.serialize(), "1000"};
  const Process another{"worker", at.serialize(), "1000"};
  const Process doomed{"worker", at.serialize(), "30"};  // is killed at its thirtieth job
  co_await producer.wait_for_peers(3, 20s);

  const std::vector<Job> jobs = random_jobs(300);
  asio::co_spawn(executor, give_out(producer, jobs), rethrow);
  std::map<std::uint64_t, int> times_done;
  std::map<pid_t, int> done_by;
  while (times_done.size() < jobs.size()) {
    const Result result = (co_await producer.receive_as<Result>(parley::Json{}, 20s)).value;
    check(result.square == square_of(jobs.at(result.number)), "job and result arrived as they were sent");
    ++times_done[result.number];
    ++done_by[result.worker];
  }

  int done_twice = 0;
  for (const auto& [number, times] : times_done) done_twice += times - 1;
  for (const auto& [worker, count] : done_by) std::cout << "worker " << worker << " has done " << count << " jobs\n";
  const parley::SocketStats stats = producer.stats();
  std::cout << stats.messages_resent << " jobs of the one that was killed went to others, " << done_twice
            << " of them once more\n";
  check(stats.messages_resent > 0 && done_twice > 0, "it died with work in its hands");
  check(stats.messages_given_up == 0, "no job was given up");
}

int main(int argc, char** argv) {
  asio::io_context context;
  asio::co_spawn(context, argc > 3 ? work(argv[2], std::stoi(argv[3])) : produce(), rethrow);
  context.run();
}
