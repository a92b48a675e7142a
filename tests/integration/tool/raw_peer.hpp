// The other side of the tool, without parley: plain blocking sockets whose waits end after a while.
#pragma once

#include <string>

namespace parley::test {

/// A short message on the wire, in the default framing.
[[nodiscard]] std::string framed(const std::string& body);

class RawPeer {
 public:
  explicit RawPeer(int descriptor);
  RawPeer(RawPeer&& other) noexcept;
  RawPeer& operator=(RawPeer&&) = delete;
  ~RawPeer();

  /// To an endpoint in its text form.
  [[nodiscard]] static RawPeer connect(const std::string& endpoint);

  void send(const std::string& bytes) const;
  void end_sending() const;
  /// Exactly so many bytes, fewer only at the end of the stream. Throws std::system_error after a while.
  [[nodiscard]] std::string receive(std::size_t size) const;
  /// Everything up to the end of the stream.
  [[nodiscard]] std::string receive_all() const;
  void close();
  /// Closes so that the other side sees a reset. TCP only.
  void reset();

 private:
  int descriptor_;
};

/// Where nobody listens.
[[nodiscard]] std::string free_endpoint();

class RawListener {
 public:
  /// At a tcp endpoint with port 0, or a unix path.
  explicit RawListener(const std::string& endpoint);
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  ~RawListener();

  [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] RawPeer accept() const;

 private:
  int descriptor_;
  std::string endpoint_;
};

}  // namespace parley::test
