#include <parley/codec/decoder.hpp>

#include <parley/wire/utf8.hpp>

#include "codec/words.hpp"

#include <algorithm>
#include <utility>

namespace parley::codec {

void Decoder::Frames::make_room(std::size_t i) {
  if (i < near_count + far_count_) return;
  const std::size_t wanted = std::max<std::size_t>(16, 2 * far_count_);
  auto more = std::make_unique<Frame[]>(wanted);
  std::copy_n(far_.get(), far_count_, more.get());
  far_ = std::move(more);
  far_count_ = wanted;
}

Slot Decoder::next() {
  if (top_ == nullptr) {
    begun_ = true;
    return root_;
  }
  if (top_->is_array && !top_->shape->element(*top_, *this)) return {};
  return top_->slot;
}

bool Decoder::null() {
  const Slot to = next();
  return to.shape != nullptr && to.shape->null(to.object, *this);
}

bool Decoder::boolean(bool value) {
  const Slot to = next();
  return to.shape != nullptr && to.shape->boolean(to.object, value, *this);
}

bool Decoder::integer(std::int64_t value) {
  const Slot to = next();
  return to.shape != nullptr && to.shape->integer(to.object, value, *this);
}

bool Decoder::integer(std::uint64_t value) {
  if (std::in_range<std::int64_t>(value)) return integer(static_cast<std::int64_t>(value));
  const Slot to = next();
  return to.shape != nullptr && to.shape->big_integer(to.object, value, *this);
}

bool Decoder::real(double value) {
  const Slot to = next();
  return to.shape != nullptr && to.shape->real(to.object, value, *this);
}

bool Decoder::checked_string(std::string_view value) {
  const Slot to = next();
  return to.shape != nullptr && to.shape->string(to.object, value, *this);
}

bool Decoder::string(std::string_view value) {
  const Slot to = next();
  if (to.shape == nullptr) return false;
  return wire::is_utf8(value) ? to.shape->string(to.object, value, *this) : fail_utf8(value);
}

bool Decoder::bytes(std::span<const std::byte> value) {
  const Slot to = next();
  return to.shape != nullptr && to.shape->bytes(to.object, value, *this);
}

bool Decoder::begin_array(std::size_t count) {
  const Slot to = next();
  return to.shape != nullptr && to.shape->begin_array(to.object, count, *this);
}

bool Decoder::begin_map(std::size_t count) {
  const Slot to = next();
  return to.shape != nullptr && to.shape->begin_map(to.object, count, *this);
}

bool Decoder::checked_key(std::string_view value) { return top_->shape->key(*top_, value, *this); }

bool Decoder::key(std::string_view value) {
  if (!wire::is_utf8(value)) return fail_utf8(value);
  return top_->shape->key(*top_, value, *this);
}

bool Decoder::key(std::int64_t value) { return top_->shape->key(*top_, value, *this); }

bool Decoder::key(std::uint64_t value) {
  if (std::in_range<std::int64_t>(value)) return key(static_cast<std::int64_t>(value));
  return top_->shape->big_key(*top_, value, *this);
}

bool Decoder::end() {
  if (!top_->shape->end(*top_, *this)) return false;
  --depth_;
  top_ = depth_ == 0 ? nullptr : &frames_[depth_ - 1];
  return true;
}

bool Decoder::open_array(const Shape& shape, void* object) { return open(shape, object, nullptr, true); }
bool Decoder::open_map(const Shape& shape, void* object, const void* key) { return open(shape, object, key, false); }

bool Decoder::open(const Shape& shape, void* object, const void* key, bool is_array) {
  if (depth_ >= rules_.depth_max)
    return fail("nested deeper than " + std::to_string(rules_.depth_max) + " arrays and objects");
  frames_.make_room(depth_);
  top_ = &frames_[depth_++];
  *top_ = {&shape, object, {}, 0, 0, key, is_array};
  return true;
}

bool Decoder::fail_size() {
  return fail("the decoded value would take more than " + std::to_string(rules_.size_max) + " bytes of memory");
}

bool Decoder::fail_utf8(std::string_view text) {
  const std::size_t at = wire::valid_utf8_size(text);
  return fail("a string is not valid UTF-8 at its byte " + std::to_string(at));
}

std::string Decoder::path_to(std::size_t depth) {
  std::string path = "$";
  for (std::size_t i = 0; i < depth; ++i) frames_[i].shape->append_step(frames_[i], path);
  return path;
}

bool Decoder::fail_at(std::string path, std::string_view reason) {
  if (!sentence_.empty()) return false;
  path += ": ";
  path += reason;
  sentence_ = std::move(path);
  return false;
}

bool Decoder::fail(std::string_view reason) {
  failed_at_root_ = failed_at_root_ || (depth_ == 0 && !failed());
  return fail_at(path_to(depth_), reason);
}

bool Decoder::fail_format(std::size_t offset, std::string_view reason) {
  if (depth_ == 0 && !failed()) failed_at_root_ = true;
  std::string place = "byte " + std::to_string(offset);
  if (depth_ > 0) place += " (after " + path_to(depth_) + ")";
  return fail_at(std::move(place), reason);
}

bool Decoder::fail_container(std::string_view reason) { return fail_at(path_to(depth_ == 0 ? 0 : depth_ - 1), reason); }

bool Decoder::fail_field(std::string_view name, std::string_view reason) {
  std::string step;
  append_key(step, name);
  return fail_step(step, reason);
}

bool Decoder::fail_step(std::string_view step, std::string_view reason) {
  std::string path = path_to(depth_ - 1);
  path += step;
  return fail_at(std::move(path), reason);
}

bool Decoder::mismatch(const Shape& shape, std::string_view found) {
  std::string reason = "expected ";
  shape.describe(reason);
  reason += ", found ";
  reason += found;
  return fail(reason);
}

// --- what a shape does unless it knows better ------------------------------------------------------------------------

bool Shape::null(void*, Decoder& decoder) const { return decoder.mismatch(*this, "null"); }
bool Shape::boolean(void*, bool value, Decoder& decoder) const {
  return decoder.mismatch(*this, value ? "true" : "false");
}
bool Shape::integer(void*, std::int64_t value, Decoder& decoder) const {
  return decoder.mismatch(*this, found_integer(value));
}
bool Shape::big_integer(void*, std::uint64_t value, Decoder& decoder) const {
  return decoder.mismatch(*this, found_integer(value));
}
bool Shape::real(void*, double value, Decoder& decoder) const { return decoder.mismatch(*this, found_real(value)); }
bool Shape::string(void*, std::string_view value, Decoder& decoder) const {
  return decoder.mismatch(*this, found_string(value));
}
bool Shape::bytes(void*, std::span<const std::byte> value, Decoder& decoder) const {
  return decoder.mismatch(*this, found_bytes(value.size()));
}
bool Shape::begin_array(void*, std::size_t, Decoder& decoder) const { return decoder.mismatch(*this, "an array"); }
bool Shape::begin_map(void*, std::size_t, Decoder& decoder) const { return decoder.mismatch(*this, "an object"); }

bool Shape::element(Frame&, Decoder& decoder) const { return decoder.fail_container("no element was expected"); }
bool Shape::key(Frame&, std::string_view key, Decoder& decoder) const {
  return decoder.fail_field(key, "no field was expected");
}
bool Shape::key(Frame&, std::int64_t key, Decoder& decoder) const {
  return decoder.fail_container("expected a string as key, found " + found_integer(key));
}
bool Shape::big_key(Frame&, std::uint64_t key, Decoder& decoder) const {
  return decoder.fail_container("expected a string as key, found " + found_integer(key));
}
bool Shape::end(Frame&, Decoder&) const { return true; }
void Shape::append_step(const Frame& frame, std::string& path) const {
  if (frame.count > 0) append_index(path, frame.count - 1);
}

// --- skipping --------------------------------------------------------------------------------------------------------

namespace {

/// Nothing is kept, but values are counted as if they were: a small pickle can stand for any number of them.
class SkippingShape final : public Shape {
 public:
  constexpr SkippingShape() noexcept = default;

  void describe(std::string& out) const override { out += "anything"; }
  bool null(void*, Decoder& decoder) const override { return decoder.charge(value_size); }
  bool boolean(void*, bool, Decoder& decoder) const override { return decoder.charge(value_size); }
  bool integer(void*, std::int64_t, Decoder& decoder) const override { return decoder.charge(value_size); }
  bool big_integer(void*, std::uint64_t, Decoder& decoder) const override { return decoder.charge(value_size); }
  bool real(void*, double, Decoder& decoder) const override { return decoder.charge(value_size); }
  bool string(void*, std::string_view, Decoder& decoder) const override { return decoder.charge(value_size); }
  bool bytes(void*, std::span<const std::byte>, Decoder& decoder) const override { return decoder.charge(value_size); }
  bool begin_array(void*, std::size_t, Decoder& decoder) const override {
    return decoder.charge(value_size) && decoder.open_array(*this, nullptr);
  }
  bool begin_map(void*, std::size_t, Decoder& decoder) const override {
    return decoder.charge(value_size) && decoder.open_map(*this, nullptr);
  }
  bool element(Frame& frame, Decoder&) const override { return go_on(frame); }
  bool key(Frame& frame, std::string_view, Decoder&) const override { return go_on(frame); }
  bool key(Frame& frame, std::int64_t, Decoder&) const override { return go_on(frame); }
  bool big_key(Frame& frame, std::uint64_t, Decoder&) const override { return go_on(frame); }
  void append_step(const Frame& frame, std::string& path) const override {
    if (frame.is_array) Shape::append_step(frame, path);
  }

 private:
  static constexpr std::size_t value_size = 16;

  bool go_on(Frame& frame) const {
    frame.slot = {this, nullptr};
    ++frame.count;
    return true;
  }
};

constexpr SkippingShape the_skipping_shape;

}  // namespace

const Shape& skipping() noexcept { return the_skipping_shape; }

}  // namespace parley::codec
