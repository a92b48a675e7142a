// A RabbitMQ broker for a test alone: on loopback, with its files in a temporary folder, as whoever runs the test.
//
//   PrivateBroker broker;
//   … 127.0.0.1:broker.port(), user and password "guest" …
//   broker.kill();
//   broker.start();  // with what it has kept
//
// Several may run at once. It takes some seconds to start and some 150 MiB. It ends with the object or, however that
// comes about, with the process (private_broker.sh). Thread rule: one thread at a time.
#pragma once

#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::support {

/// Files in PEM; the broker has to be able to read them.
struct BrokerTls {
  std::string authority_file;
  std::string certificate_file;
  std::string key_file;
};

class PrivateBroker {
 public:
  /// Waits until it listens. Throws std::runtime_error, with the end of its log, when it does not: a broker that is not
  /// installed fails the test that needs it.
  PrivateBroker();
  /// Takes connections over TLS as well, and whoever makes them need not show a certificate.
  explicit PrivateBroker(BrokerTls tls);
  PrivateBroker(const PrivateBroker&) = delete;
  PrivateBroker& operator=(const PrivateBroker&) = delete;
  /// Waits until it is gone.
  ~PrivateBroker();

  /// The same in all of its lives.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// For TLS, where it was made with that.
  [[nodiscard]] std::uint16_t tls_port() const noexcept { return static_cast<std::uint16_t>(port_ + 3); }

  /// As a crash would: nobody is told, and what is not durable is lost. Waits until it is gone.
  void kill();
  /// After kill(); waits until it listens. Throws as the constructor does.
  void start();

  /// Whether it says that it is short of memory; it then reads from nobody who publishes (connection.blocked).
  void set_memory_alarm(bool is_on);

  /// How many messages each queue holds.
  [[nodiscard]] std::map<std::string, std::uint64_t> queues();

  /// What rabbitmqctl prints. Throws std::runtime_error, with what it says, when it fails.
  std::string control(const std::vector<std::string>& words);

 private:
  [[nodiscard]] std::vector<std::string> command(const std::string& task) const;
  [[nodiscard]] std::string configuration() const;
  void begin_somewhere();
  void begin();
  void end();

  TemporaryFolder folder_;
  std::optional<BrokerTls> tls_;
  std::uint16_t port_ = 0;  // and three behind it, for its epmd, for rabbitmqctl and for TLS
  std::unique_ptr<ChildProcess> keeper_;
  unsigned start_count_ = 0;
  unsigned kill_count_ = 0;
};

}  // namespace parley::support
