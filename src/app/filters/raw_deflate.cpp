#include "app/filters/raw_deflate.hpp"

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

#include <algorithm>

namespace parley::app::detail {

namespace zlib = boost::beast::zlib;

namespace {

constexpr int window_bits = 15;
constexpr int memory_level = 8;

/// Less room than this behind the output, and a flush might be begun anew with every call.
constexpr std::size_t room_min = 64;

/// First guesses at how much comes of a body; what does not suffice is doubled.
constexpr std::size_t inflated_for_each = 4;

/// What `written` does not fill is given back where it is much, as a message keeps its memory for long.
void trim(std::vector<std::byte>& out, std::size_t written) {
  out.resize(written);
  if (out.capacity() > 2 * written + room_min) out.shrink_to_fit();
}

}  // namespace

struct Deflater::Impl {
  zlib::deflate_stream stream;
};

Deflater::Deflater(int level) : impl_{std::make_unique<Impl>()} { restart(level); }
Deflater::~Deflater() = default;

void Deflater::restart(int level) { impl_->stream.reset(level, window_bits, memory_level, zlib::Strategy::normal); }

void Deflater::deflate(std::span<const std::byte> body, End end, std::vector<std::byte>& out) {
  const zlib::Flush flush = end == End::finish ? zlib::Flush::finish : zlib::Flush::sync;
  std::size_t written = out.size();
  zlib::z_params z;
  z.next_in = body.data();
  z.avail_in = body.size();
  out.resize(written + body.size() / 2 + room_min);
  for (;;) {
    z.next_out = out.data() + written;
    z.avail_out = out.size() - written;
    boost::system::error_code ec;
    impl_->stream.write(z, flush, ec);
    written = out.size() - z.avail_out;
    // Room that is left says that everything was written; only a stream that is to end says so itself.
    if (ec || (end == End::flush && z.avail_out > 0)) break;
    out.resize(written + std::max(written, room_min));
  }
  trim(out, written);
}

struct Inflater::Impl {
  zlib::inflate_stream stream;
};

Inflater::Inflater() : impl_{std::make_unique<Impl>()} {}
Inflater::~Inflater() = default;

void Inflater::restart() { impl_->stream.reset(window_bits); }

Inflater::Result Inflater::inflate(std::span<const std::byte> in, std::size_t size_max, std::vector<std::byte>& out) {
  using Kind = Result::Kind;
  const std::size_t room_max = size_max + 1;  // one byte over the limit is enough to know
  std::size_t written = 0;
  zlib::z_params z;
  z.next_in = in.data();
  z.avail_in = in.size();
  out.resize(std::min(room_max, in.size() * inflated_for_each + room_min));
  for (;;) {
    z.next_out = out.data() + written;
    z.avail_out = out.size() - written;
    boost::system::error_code ec;
    impl_->stream.write(z, zlib::Flush::none, ec);
    written = out.size() - z.avail_out;
    if (written > size_max) return {Kind::too_large};
    if (ec == zlib::error::end_of_stream) {
      // Whole bytes behind the end that were read ahead: Beast tells how many bits, as zlib does, and does not give
      // them back.
      const auto ahead = static_cast<std::size_t>(z.data_type & 63) / 8;
      trim(out, written);
      return {Kind::ended, in.size() - z.avail_in - ahead};
    }
    if (ec && ec != zlib::error::need_buffers) return {Kind::malformed};
    if (z.avail_out > 0) break;
    out.resize(std::min(room_max, out.size() * 2));
  }
  trim(out, written);
  return {Kind::went_on, in.size()};
}

}  // namespace parley::app::detail
