// One end of a stream of bytes by plain system calls, for peers that speak as no library would. Every wait is bounded.
//
//   RawPeer peer{Endpoint{"tcp://127.0.0.1:25000"}};
//   peer.write("…");
//   EXPECT_EQ(peer.read_to_end(), "…");
//
// Thread rule: one thread at a time.
#pragma once

#include <parley/endpoint.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::support {

class RawPeer {
 public:
  /// Connects: tcp, with an address, or unix. Throws std::system_error.
  explicit RawPeer(const Endpoint& at);
  /// Takes a connected socket.
  explicit RawPeer(int descriptor);
  RawPeer(RawPeer&& other) noexcept;
  RawPeer& operator=(RawPeer&&) = delete;
  ~RawPeer();

  /// All of it; what the other side makes of it is for reading to see, also when it has ended meanwhile.
  void write(std::string_view bytes);
  /// Each byte on its own.
  void write_apart(std::string_view bytes);

  /// Throws std::runtime_error when the stream ends before, or nothing comes.
  [[nodiscard]] std::string read(std::size_t size);
  /// What comes up to the end, be it orderly or a reset. Throws std::runtime_error when it does not come.
  [[nodiscard]] std::string read_to_end();

  /// Whether the other side would not have what was written to it. Asked once for each reset.
  [[nodiscard]] bool was_reset();

  /// Nothing more is sent; reading goes on.
  void end_sending();
  /// Ends in a way that no protocol foresees.
  void reset();

 private:
  std::size_t read_some(char* to, std::size_t size);

  int descriptor_;
};

/// At 127.0.0.1.
class RawListener {
 public:
  /// 0: any port.
  explicit RawListener(std::uint16_t port = 0);
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  ~RawListener();

  [[nodiscard]] Endpoint endpoint() const;
  /// Throws std::runtime_error when nobody comes.
  [[nodiscard]] RawPeer accept();

 private:
  int descriptor_;
};

}  // namespace parley::support
