#include "app/filters/adler32.hpp"
#include "app/filters/bad_message.hpp"
#include "app/filters/raw_deflate.hpp"
#include "app/filters/zlib_header.hpp"
#include "detail/thread_kept.hpp"

#include <parley/app/filters/deflate.hpp>
#include <parley/wire/framing.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace parley::app {
namespace {

using detail::bad_message;
using detail::Deflater;
using detail::Inflater;
using detail::of_size;

constexpr std::size_t adler_size = 4;

/// What a flush ends with: the lengths of a stored block of no bytes. In front of them stand three bits, which at the
/// beginning of a byte take one.
constexpr std::array<std::byte, 4> flush_end{std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};

bool ends_with_flush(std::span<const std::byte> bytes) noexcept {
  return bytes.size() >= flush_end.size() && std::ranges::equal(bytes.last(flush_end.size()), flush_end);
}

template <std::size_t size>
void append(std::vector<std::byte>& out, const std::array<std::byte, size>& bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// --- sentences ------------------------------------------------------------------------------------------------------

std::string begins_wrongly(const Message& message, detail::ZlibHeader header) {
  if (header == detail::ZlibHeader::needs_dictionary)
    return of_size(message.size()) + " asks for a preset dictionary, and there is none";
  return of_size(message.size()) + " does not begin as a zlib stream does";
}

FilterResult too_large(const Deflate& options, std::size_t size, std::size_t size_max) {
  return bad_message(options.on_bad_message,
                     of_size(size) + " inflates to more than the limit of " + std::to_string(size_max),
                     error::message_too_large);
}

// --- each message a stream of its own -------------------------------------------------------------------------------

/// What a thread keeps for the next message, whichever peer's it is.
struct Kept {
  Deflater* deflater = nullptr;
  Inflater* inflater = nullptr;
  bool has_ended = false;

  void end() noexcept {
    delete std::exchange(deflater, nullptr);
    delete std::exchange(inflater, nullptr);
    has_ended = true;
  }
  static Kept& of_this_thread() noexcept { return parley::detail::ThreadKept<Kept>::of_this_thread(); }
};

/// One of a thread's for the time of a message: taken from where it is kept, or made, and put back.
template <class Codec, Codec* Kept::*kept>
class Borrowed {
 public:
  template <class... Args>
  explicit Borrowed(Args... args) : codec_{std::exchange(Kept::of_this_thread().*kept, nullptr)} {
    if (codec_) {
      codec_->restart(args...);
    } else {
      codec_ = std::make_unique<Codec>(args...);
    }
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  ~Borrowed() {
    Kept& keeper = Kept::of_this_thread();
    if (!keeper.has_ended && keeper.*kept == nullptr) keeper.*kept = codec_.release();
  }

  Codec* operator->() const noexcept { return codec_.get(); }

 private:
  std::unique_ptr<Codec> codec_;
};

using BorrowedDeflater = Borrowed<Deflater, &Kept::deflater>;
using BorrowedInflater = Borrowed<Inflater, &Kept::inflater>;

class DeflateEach final : public Filter {
 public:
  explicit DeflateEach(const Deflate& options)
      : options_{options}, size_max_{std::min(options.inflated_size_max, wire::body_size_max)} {}

  FilterResult decode(Message message) override {
    const detail::ZlibHeader header = detail::read_zlib_header(message.bytes());
    if (header != detail::ZlibHeader::good) return bad(begins_wrongly(message, header));
    const std::span<const std::byte> stream = message.bytes().subspan(detail::zlib_header_size);
    std::vector<std::byte> body;
    const Inflater::Result result = BorrowedInflater {
      } -> inflate(stream, size_max_, body);
    switch (result.kind) {
      case Inflater::Result::Kind::too_large: return too_large(options_, message.size(), size_max_);
      case Inflater::Result::Kind::malformed: return bad(of_size(message.size()) + " breaks the rules of deflate");
      case Inflater::Result::Kind::went_on: return bad(of_size(message.size()) + " ends before its zlib stream does");
      case Inflater::Result::Kind::ended: break;
    }
    return checked(message, stream.subspan(result.consumed), std::move(body));
  }

  FilterResult encode(Message message) override {
    std::vector<std::byte> out;
    append(out, detail::zlib_header(options_.level));
    BorrowedDeflater { options_.level } -> deflate(message.bytes(), Deflater::End::finish, out);
    std::array<std::byte, adler_size> trailer{};
    wire::store_big(trailer.data(), detail::adler32(message.bytes()));
    append(out, trailer);
    return Message{std::move(out)};
  }

 private:
  [[nodiscard]] FilterResult bad(std::string sentence) const {
    return bad_message(options_.on_bad_message, std::move(sentence));
  }

  /// `trailer` is all that is behind the stream.
  [[nodiscard]] FilterResult checked(const Message& message, std::span<const std::byte> trailer,
                                     std::vector<std::byte>&& body) const {
    if (trailer.size() < adler_size) return bad(of_size(message.size()) + " ends before its zlib stream does");
    if (trailer.size() > adler_size)
      return bad(of_size(message.size()) + " goes on for " + std::to_string(trailer.size() - adler_size) +
                 " bytes behind its zlib stream");
    if (wire::load_big<std::uint32_t>(trailer.data()) != detail::adler32(body))
      return bad(of_size(message.size()) + " was damaged: its Adler-32 is not that of the " +
                 std::to_string(body.size()) + " bytes it inflates to");
    return Message{std::move(body)};
  }

  Deflate options_;
  std::size_t size_max_;
};

// --- one stream for each direction ----------------------------------------------------------------------------------

class DeflateStream final : public Filter {
 public:
  explicit DeflateStream(const Deflate& options)
      : options_{options}, size_max_{std::min(options.inflated_size_max, wire::body_size_max)} {}

  FilterResult decode(Message message) override {
    if (message.empty()) return message;  // what zlib gives for a second flush
    std::span<const std::byte> stream = message.bytes();
    if (!inflater_) {
      const detail::ZlibHeader header = detail::read_zlib_header(stream);
      if (header != detail::ZlibHeader::good) return bad(begins_wrongly(message, header));
      stream = stream.subspan(detail::zlib_header_size);
      inflater_.emplace();
    }
    if (!ends_with_flush(stream)) return bad(of_size(message.size()) + " does not end with a flush of its zlib stream");
    std::vector<std::byte> body;
    switch (inflater_->inflate(stream, size_max_, body).kind) {
      case Inflater::Result::Kind::too_large: return too_large(options_, message.size(), size_max_);
      case Inflater::Result::Kind::malformed: return bad(of_size(message.size()) + " breaks the rules of deflate");
      case Inflater::Result::Kind::ended: return bad(of_size(message.size()) + " ends the zlib stream of its peer");
      case Inflater::Result::Kind::went_on: break;
    }
    return Message{std::move(body)};
  }

  FilterResult encode(Message message) override {
    std::vector<std::byte> out;
    header_is_new_ = !header_is_sent_;
    if (header_is_new_) append(out, detail::zlib_header(options_.level));
    header_is_sent_ = true;
    if (message.empty()) {
      // A flush behind a flush would give nothing, and not every framing can carry that.
      out.push_back(std::byte{0});
      append(out, flush_end);
      return Message{std::move(out)};
    }
    if (!deflater_) deflater_.emplace(options_.level);
    deflater_->deflate(message.bytes(), Deflater::End::flush, out);
    return Message{std::move(out)};
  }

  void not_sent() override {
    if (deflater_) deflater_->restart(options_.level);
    if (header_is_new_) header_is_sent_ = false;
  }

  [[nodiscard]] bool needs_every_message() const override { return true; }

 private:
  [[nodiscard]] FilterResult bad(std::string sentence) const {
    return bad_message(OnBadMessage::fail_peer, std::move(sentence));
  }

  Deflate options_;
  std::size_t size_max_;
  std::optional<Deflater> deflater_;
  std::optional<Inflater> inflater_;
  bool header_is_sent_ = false;
  bool header_is_new_ = false;  // it came with the last message
};

void check(const Deflate& options) {
  if (options.level < 0 || options.level > 9)
    throw std::invalid_argument("the level of deflate is 0 to 9, not " + std::to_string(options.level));
  if (options.keeps_context && options.on_bad_message != OnBadMessage::fail_peer)
    throw std::invalid_argument("deflate that keeps its context cannot drop a message: the next ones build on it");
}

}  // namespace

MakeFilter deflate_filter(const Deflate& options) {
  check(options);
  return [options]() -> std::unique_ptr<Filter> {
    if (options.keeps_context) return std::make_unique<DeflateStream>(options);
    return std::make_unique<DeflateEach>(options);
  };
}

}  // namespace parley::app
