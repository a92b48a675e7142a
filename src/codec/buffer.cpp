#include <parley/codec/buffer.hpp>

#include <algorithm>
#include <utility>

namespace parley::codec {

void Buffer::grow(std::size_t size) {
  const std::size_t used = this->size();
  const std::size_t wanted = std::max(2 * static_cast<std::size_t>(end_ - begin_), used + size);
  std::unique_ptr<char[]> more{new char[wanted]};
  std::memcpy(more.get(), begin_, used);
  far_ = std::move(more);
  begin_ = far_.get();
  at_ = begin_ + used;
  end_ = begin_ + wanted;
}

}  // namespace parley::codec
