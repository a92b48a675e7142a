#include "tls_words.hpp"

#include "read_values.hpp"
#include "schemes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace parley::tool {
namespace {

/// The options that were given, by name.
std::vector<std::string_view> given_options(const TlsWords& tls) {
  std::vector<std::string_view> given;
  if (tls.certificate) given.emplace_back("--tls-cert");
  if (tls.key) given.emplace_back("--tls-key");
  if (tls.authority) given.emplace_back("--tls-ca");
  if (tls.server_name) given.emplace_back("--tls-server-name");
  if (tls.accepts_any) given.emplace_back("--tls-accept-any");
  return given;
}

const Endpoint* first_with_tls(const std::vector<Endpoint>& endpoints) {
  const auto found = std::find_if(endpoints.begin(), endpoints.end(), uses_tls);
  return found == endpoints.end() ? nullptr : &*found;
}

}  // namespace

void check_tls(const TlsWords& tls, const std::vector<Endpoint>& listened, const std::vector<Endpoint>& dialled) {
  const std::vector<std::string_view> given = given_options(tls);
  const Endpoint* const listened_one = first_with_tls(listened);
  const Endpoint* const dialled_one = first_with_tls(dialled);
  if (!given.empty() && listened_one == nullptr && dialled_one == nullptr)
    refuse(fmt::format("{} is for tls://, wss://, mux+tls:// and amqps://, not for {}", given.front(),
                       (dialled.empty() ? listened : dialled).front().to_string()));
  for (const auto* const each : {&tls.certificate, &tls.key, &tls.authority})
    if (each->has_value() && (*each)->empty()) refuse("--tls-cert, --tls-key and --tls-ca need the path of a file");
  if (tls.server_name && tls.server_name->empty()) refuse("--tls-server-name needs a name");
  if (tls.key && !tls.certificate) refuse("--tls-key is the key of a certificate; give that by --tls-cert");
  if (tls.accepts_any && (tls.authority || tls.server_name))
    refuse(fmt::format("--tls-accept-any checks nothing, so {} has no use beside it",
                       tls.authority ? "--tls-ca" : "--tls-server-name"));
  if (dialled_one == nullptr && (tls.server_name || tls.accepts_any))
    refuse(fmt::format("{} is about servers, and nothing with TLS is connected to", given.back()));
  if (listened_one != nullptr && !tls.certificate)
    refuse(
        fmt::format("listening on {} needs a certificate: --tls-cert PATH, and --tls-key PATH unless the key is in "
                    "the same file",
                    listened_one->to_string()));
}

}  // namespace parley::tool
