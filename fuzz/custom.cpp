// A user's decoder that answers anything at all: what reaches the driver keeps the contract of decoders, which
// chunked_decode.hpp checks. Options: the answers, four of them; which one is given depends on how much is unread.
#include "framing_input.hpp"

#include <array>

namespace {

using parley::wire::DecodeStep;

constexpr std::size_t answer_count = 4;
using Answers = std::array<DecodeStep, answer_count>;

class Untrustworthy final : public parley::CustomFraming {
 public:
  explicit Untrustworthy(const Answers& answers) : answers_{answers} {}

  [[nodiscard]] std::unique_ptr<parley::wire::FrameDecoder> make_decoder(std::size_t) const override {
    return std::make_unique<Decoder>(answers_);
  }
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte>, parley::wire::Envelope&) const override {
    return parley::error::unframeable;
  }
  [[nodiscard]] std::string name() const override { return "untrustworthy"; }

 private:
  class Decoder final : public parley::wire::FrameDecoder {
   public:
    explicit Decoder(const Answers& answers) : answers_{answers} {}
    [[nodiscard]] DecodeStep decode(std::span<const std::byte> unread, bool, parley::TimePoint) override {
      return answers_[unread.size() % answer_count];
    }

   private:
    Answers answers_;
  };

  Answers answers_;
};

DecodeStep answer(parley::fuzz::Input& input) {
  const std::uint8_t kind = input.u8();
  // Small numbers, and some that wrap.
  const auto number = [&] { return static_cast<std::size_t>(static_cast<std::int8_t>(input.u8())); };
  switch (kind % 4) {
    case 0: return DecodeStep::needs(number());
    case 1: return DecodeStep::end();
    case 2: return DecodeStep::fail(parley::error::malformed, number());
    default: break;
  }
  const std::size_t begin = number();
  const std::size_t size = number();
  return DecodeStep::frame(begin, size, number());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  fuzz::Input input{data, size};
  Answers answers;
  for (DecodeStep& each : answers) each = answer(input);
  const std::uint8_t seed = input.u8();
  // Without regard to `need`: that it was no lie is more than can be checked for a user.
  test::decode_chunks(std::make_shared<Untrustworthy>(answers), 64, input.rest(), fuzz::ChunkSizes{seed}, false, true);
  return 0;
}
