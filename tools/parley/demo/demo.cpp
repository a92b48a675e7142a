#include "demo.hpp"

#include "cast.hpp"
#include "certificate.hpp"
#include "channel.hpp"
#include "scratch_folder.hpp"
#include "service.hpp"
#include "talk_text.hpp"
#include "transcript.hpp"
#include "words.hpp"

#include <parley/connection/connect.hpp>
#include <parley/connection/listener.hpp>
#include <parley/connection/serve.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

using namespace demo;

Exchange to_exchange(const std::vector<std::string>& words) {
  return {words[0], to_number(words[1]), to_number(words[2]), to_number(words[3])};
}

/// The arguments of a process, which only over TLS include a file.
std::vector<std::string> with_file(std::vector<std::string> arguments, const std::string& file) {
  if (!file.empty()) arguments.push_back(file);
  return arguments;
}

class Narrator {
 public:
  explicit Narrator(asio::any_io_executor executor) : executor_{std::move(executor)} {}

  asio::awaitable<void> tell_everything() {
    transcript_.title("parley demo: processes that ask each other in messages; structs there, JSON on the way.");
    const ScratchFolder folder;
    co_await tell_between_processes("1. Between processes, over TCP", "tcp://127.0.0.1:0");
    co_await tell_between_processes("2. The same over a Unix socket; only the endpoint is another",
                                    Endpoint::unix_path(folder.path() + "/demo.sock").serialize());
    if (can_make_certificates()) {
      certificate_ = make_certificate(folder.path());
      co_await tell_between_processes("3. Encrypted, with a certificate made for the occasion", "tls://127.0.0.1:0");
      certificate_ = {};
    } else {
      transcript_.chapter("3. Encrypted: not by this parley, which was built without TLS");
    }
    co_await tell_between_processes("4. As a browser would, over WebSocket", "ws://127.0.0.1:0/");
    co_await tell_channels("5. A thousand conversations over one TCP connection, as channels of it");
    co_await tell_requests("6. Requests: functions of another process, called by name");
    co_await tell_handlers("7. Handlers: an alarm panel and a meter at one port, each line with its checksum");
    co_await tell_within_process("8. And inside one process, without a socket");
    const std::chrono::duration<double> taken = Clock::now() - begin_;
    transcript_.end(fmt::format("{} questions, asked by {} processes, all answered right. {:.1f} s.", exchange_count_,
                                client_count_ + 1, taken.count()));
  }

 private:
  /// A new server, and where it listens.
  asio::awaitable<std::string> tell_server(Cast& cast, ChildProcess*& server, std::string where) {
    server = &cast.start("server", with_file({"demo-server", where}, certificate_.server));
    std::string endpoint = (co_await cast.hear(*server, "listening", 1)).front();
    transcript_.line(fmt::format("{} listens on {}", server->title(), endpoint));
    co_return endpoint;
  }

  asio::awaitable<void> tell_between_processes(std::string title, std::string where) {
    transcript_.chapter(title);
    deadline_ = patience;
    Cast cast{executor_, deadline_};
    ChildProcess* started = nullptr;
    const std::string endpoint = co_await tell_server(cast, started, where);
    ChildProcess& server = *started;
    transcript_.line("That text is all it takes to reach it. Two new processes get it as an argument:");
    ChildProcess& ada = cast.start("ada", with_file({"demo-client", endpoint, "ada"}, certificate_.authority));
    ChildProcess& ben = cast.start("ben", with_file({"demo-client", endpoint, "ben"}, certificate_.authority));
    for (ChildProcess* client : {&ada, &ben}) co_await welcome(cast, *client);
    for (ChildProcess* client : {&ada, &ben, &ada, &ben}) co_await tell_exchange(cast, server, *client);
    co_await tell_rates(cast, ada);
    for (ChildProcess* process : {&ada, &ben, &server}) co_await cast.dismiss(*process);
  }

  asio::awaitable<void> tell_channels(std::string title) {
    transcript_.chapter(title);
    deadline_ = patience;
    Cast cast{executor_, deadline_};
    ChildProcess* server = nullptr;
    const std::string endpoint = co_await tell_server(cast, server, "mux+tcp://127.0.0.1:0");
    ChildProcess& cleo = cast.start("cleo", {"demo-client", endpoint, "cleo"});
    co_await welcome(cast, cleo);
    co_await tell_exchange(cast, *server, cleo);
    co_await cast.tell(cleo, "converse");
    const std::vector<std::string> words = co_await cast.hear(cleo, "conversed", 3);
    const Rate crowd{to_number(words[0]), std::chrono::duration<double>{std::atof(words[1].c_str())}};
    if (to_number(words[2]) != 1) throw Failure("cleo took " + words[2] + " sockets for its channels");
    transcript_.crowd(cleo.name(), crowd);
    for (ChildProcess* process : {&cleo, server}) co_await cast.dismiss(*process);
  }

  asio::awaitable<void> tell_requests(std::string title) {
    transcript_.chapter(title);
    deadline_ = patience;
    Cast cast{executor_, deadline_};
    ChildProcess& server = cast.start("server", {"demo-desk", "tcp://127.0.0.1:0"});
    const std::string endpoint = (co_await cast.hear(server, "listening", 1)).front();
    transcript_.line(fmt::format("{} listens on {}", server.title(), endpoint));
    ChildProcess& dora = cast.start("dora", {"demo-asker", endpoint, "dora"});
    co_await welcome(cast, dora);
    co_await tell_exchange(cast, server, dora);
    co_await cast.tell(dora, "divide");
    const std::vector<std::string> fault = co_await cast.hear(dora, "refused", 1);
    transcript_.line("dora asks for 1 / 0, and is told that it was her fault: error " + fault.front());
    co_await cast.tell(dora, "introduce");
    const std::vector<std::string> name = co_await cast.hear(server, "met", 1);
    if (name.front() != dora.name()) throw Failure("the server took dora for " + name.front());
    transcript_.line("asked who it talks to, the server asks back, through the same connection: " + name.front());
    co_await cast.tell(dora, "measure");
    const std::vector<std::string> words = co_await cast.hear(dora, "measured", 5);
    const Rate in_turn{to_number(words[0]), std::chrono::duration<double>{std::atof(words[1].c_str())}};
    const Rate together{to_number(words[3]), std::chrono::duration<double>{std::atof(words[4].c_str())}};
    transcript_.requests(dora.name(), in_turn, to_number(words[2]), together);
    for (ChildProcess* process : {&dora, &server}) co_await cast.dismiss(*process);
  }

  asio::awaitable<void> tell_handlers(std::string title) {
    transcript_.chapter(title);
    deadline_ = patience;
    Cast cast{executor_, deadline_};
    ChildProcess& station = cast.start("station", {"demo-station", "tcp://127.0.0.1:0"});
    const std::string endpoint = (co_await cast.hear(station, "listening", 1)).front();
    transcript_.line(fmt::format("{} listens on {}", station.title(), endpoint));
    ChildProcess& gate = cast.start("gate", {"demo-device", endpoint, "gate"});
    co_await welcome_device(cast, station, gate, "panel");
    ChildProcess& hall = cast.start("hall", {"demo-device", endpoint, "hall"});
    co_await welcome_device(cast, station, hall, "meter");
    co_await tell_alarm(cast, station, gate, 4);
    co_await cast.tell(gate, "mumble alarm 5");
    static_cast<void>(co_await cast.hear(station, "left_out", 0));
    transcript_.line("then one letter of a line is damaged on its way; the station leaves it out, and goes on");
    co_await tell_alarm(cast, station, gate, 6);
    co_await cast.tell(hall, "measure");
    const std::vector<std::string> words = co_await cast.hear(hall, "measured", 2);
    transcript_.readings(hall.name(),
                         {to_number(words[0]), std::chrono::duration<double>{std::atof(words[1].c_str())}});
    for (ChildProcess* process : {&gate, &hall, &station}) co_await cast.dismiss(*process);
  }

  asio::awaitable<void> welcome_device(Cast& cast, ChildProcess& station, ChildProcess& device, std::string kind) {
    static_cast<void>(co_await cast.hear(device, "ready", 0));
    const std::vector<std::string> told = co_await cast.hear(station, "classified", 2);
    if (told != std::vector<std::string>{device.name(), kind})
      throw Failure(fmt::format("the station takes {} for a {}", told[0], told[1]));
    ++client_count_;
    transcript_.line(fmt::format("{} is connected, and by its first line a {}", device.title(), kind));
  }

  asio::awaitable<void> tell_alarm(Cast& cast, ChildProcess& station, ChildProcess& panel, int zone) {
    co_await cast.tell(panel, fmt::format("say alarm {}", zone));
    const std::vector<std::string> alarm = co_await cast.hear(station, "alarm", 2);
    const std::vector<std::string> heard = co_await cast.hear(panel, "heard", 2);
    const std::string number = std::to_string(zone);
    if (alarm != std::vector<std::string>{panel.name(), number} ||
        heard != std::vector<std::string>{"acknowledged", number})
      throw Failure(fmt::format("{} and the station tell different stories of the same alarm", panel.name()));
    transcript_.conversation(panel.name(), station.name(), "alarm " + number, heard[0] + " " + heard[1]);
    ++exchange_count_;
  }

  asio::awaitable<void> welcome(Cast& cast, ChildProcess& client) {
    static_cast<void>(co_await cast.hear(client, "ready", 0));
    ++client_count_;
    transcript_.line(client.title() + " is connected");
  }

  /// What the client and the server tell of it must be the same, and true.
  asio::awaitable<void> tell_exchange(Cast& cast, ChildProcess& server, ChildProcess& client) {
    co_await cast.tell(client, "ask");
    const Exchange asked = to_exchange(co_await cast.hear(client, "asked", 4));
    const Exchange answered = to_exchange(co_await cast.hear(server, "answered", 4));
    if (asked != answered || asked.client != client.name())
      throw Failure(client.name() + " and the server tell different stories of the same question");
    note(asked);
  }

  asio::awaitable<void> tell_rates(Cast& cast, ChildProcess& client) {
    co_await cast.tell(client, "measure");
    const std::vector<std::string> words = co_await cast.hear(client, "measured", 4);
    const Rate round_trips{to_number(words[0]), std::chrono::duration<double>{std::atof(words[1].c_str())}};
    const Rate one_way{to_number(words[2]), std::chrono::duration<double>{std::atof(words[3].c_str())}};
    transcript_.rates(client.name(), round_trips, one_way);
  }

  asio::awaitable<void> tell_within_process(std::string title) {
    transcript_.chapter(title);
    std::vector<Exchange> answered;
    Listener listener{executor_, Endpoint::inproc("demo")};
    const auto on_answer = [&answered](const Exchange& e) { answered.push_back(e); };
    const auto serve_client = [&](Connection peer) -> asio::awaitable<void> {
      Connection client = std::move(peer);
      co_await serve(client, on_answer);
    };
    asio::co_spawn(executor_, parley::serve(listener, serve_client), asio::detached);
    transcript_.line(fmt::format("a coroutine of this process listens on {}, another connects",
                                 listener.local_endpoint().to_string()));
    Customer eve{co_await connect(listener.local_endpoint()), "eve", deadline_};
    const Exchange asked = co_await eve.ask();
    if (answered != std::vector<Exchange>{asked}) throw Failure("eve and the server tell different stories");
    note(asked);
    const Rate round_trips = co_await eve.measure_round_trips(std::chrono::milliseconds{150});
    const Rate one_way = co_await eve.measure_one_way(std::chrono::milliseconds{150});
    transcript_.rates("eve", round_trips, one_way);
    co_await eve.leave();
    listener.close();
  }

  void note(const Exchange& exchange) {
    if (exchange.a + exchange.b != exchange.answer) throw Failure("the sum is wrong");
    transcript_.exchange(exchange);
    ++exchange_count_;
  }

  asio::any_io_executor executor_;
  TimePoint begin_ = Clock::now();
  Deadline deadline_{patience};
  CertificateFiles certificate_;  // empty: none is needed
  Transcript transcript_;
  unsigned exchange_count_ = 0;
  unsigned client_count_ = 0;
};

}  // namespace

ExitCode run_demo() {
  asio::io_context context{1};
  Narrator narrator{context.get_executor()};
  ExitCode code = ExitCode::failure;
  // Interrupted, it still removes its folder and its processes.
  asio::signal_set signals{context, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code ec, int) {
    if (!ec) context.stop();
  });
  asio::co_spawn(context, narrator.tell_everything(), [&](std::exception_ptr failure) {
    context.stop();
    if (failure) std::rethrow_exception(failure);
    code = ExitCode::ok;
  });
  try {
    context.run();
  } catch (const std::exception& e) {
    say_error(std::string{"the demo failed: "} + e.what());
  }
  return code;
}

}  // namespace parley::tool
