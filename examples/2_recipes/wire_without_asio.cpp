// parley::wire without Asio: the decoders and encoders driven by plain blocking sockets.
//
// The wire layer is told bytes and answers; whoever calls it does the reading and writing. It needs the C++ library and
// Boost.System only (link parley::wire), so it fits below any event loop, or none.

#include "../check.hpp"

#include <parley/wire/any_decoder.hpp>
#include <parley/wire/any_encoder.hpp>
#include <parley/wire/framing.hpp>
#include <parley/wire/framing_text.hpp>

#include <array>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

constexpr std::size_t message_size_max = 1024 * 1024;

/// One message at a time out of a blocking descriptor.
class Reader {
 public:
  Reader(int descriptor, const parley::Framing& framing)
      : descriptor_{descriptor}, decoder_{parley::wire::make_decoder(framing, message_size_max)} {}

  /// Nothing at a clean end. The decoder owns no bytes: each time it is shown all that was not consumed yet.
  std::optional<std::string> next() {
    using Kind = parley::wire::DecodeStep::Kind;
    for (;;) {
      const auto step = decoder_.decode(std::as_bytes(std::span{unread_}), eof_, parley::TimePoint{});
      switch (step.kind) {
        case Kind::frame: {
          std::string body = unread_.substr(step.begin, step.size);
          unread_.erase(0, step.consumed);
          return body;
        }
        case Kind::need: read_some(); break;
        case Kind::end: return std::nullopt;
        case Kind::error: throw boost::system::system_error{make_error_code(step.code), "decoding"};
      }
    }
  }

 private:
  void read_some() {
    std::array<char, 16> buffer;  // tiny on purpose: messages arrive in pieces
    const ssize_t size = read(descriptor_, buffer.data(), buffer.size());
    check(size >= 0, "read");
    eof_ = size == 0;
    unread_.append(buffer.data(), static_cast<std::size_t>(size));
  }

  int descriptor_;
  parley::wire::AnyDecoder decoder_;
  std::string unread_;
  bool eof_ = false;
};

void write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t size = write(descriptor, bytes.data(), bytes.size());
    check(size > 0, "write");
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
}

/// An encoder copies no body either: it says what goes around it. On the wire: header, body, padding, trailer.
void write_message(int descriptor, parley::wire::AnyEncoder& encoder, std::string_view text) {
  const auto body = std::as_bytes(std::span{text});
  parley::wire::Envelope envelope;
  check(!encoder.encode(body, envelope), "this framing can carry this body");
  write_all(descriptor, envelope.header);
  write_all(descriptor, body);
  write_all(descriptor, std::vector<std::byte>(envelope.pad_size, envelope.pad));
  write_all(descriptor, envelope.trailer);
}

int main() {
  for (const char* text : {"length", "varint", "separator:;;", "fixed:64:strip"}) {
    const parley::Framing framing = parley::parse_framing(text);
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    auto encoder = parley::wire::make_encoder(framing, message_size_max);
    write_message(ends[0], encoder, "a first message");
    write_message(ends[0], encoder, "and a second one; longer than one read");
    close(ends[0]);

    Reader reader{ends[1], framing};
    check(reader.next() == "a first message", "the first, put together from pieces");
    check(reader.next() == "and a second one; longer than one read", "the second");
    check(!reader.next(), "a clean end");
    close(ends[1]);
    std::cout << text << ": two messages, no event loop\n";
  }
}
