// A program that uses the framings and codecs alone, and so links neither Asio's users nor threads nor OpenSSL.
#include <parley/codec/json.hpp>
#include <parley/message.hpp>
#include <parley/version.hpp>
#include <parley/wire/any_decoder.hpp>
#include <parley/wire/framing_text.hpp>

#include <iostream>
#include <vector>

int main() {
  const parley::Message payload = parley::Json{}.encode(std::vector<int>{1, 2, 3});
  const parley::wire::AnyDecoder decoder = parley::wire::make_decoder(parley::parse_framing("length:2"), 1024);
  (void)decoder;
  if (payload.text() != "[1,2,3]") return 1;
  std::cout << PARLEY_VERSION_STRING << '\n';
}
