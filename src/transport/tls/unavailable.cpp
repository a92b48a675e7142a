// Stands in for the rest of this folder in builds without TLS.
#include "transport/tls/session.hpp"

#include <parley/error.hpp>

namespace parley {

namespace {
[[noreturn]] void refuse() { throw Error{error::unavailable, "TLS is not available in this build of the library"}; }
}  // namespace

struct PARLEY_HIDDEN TlsContext::State {};

TlsContext TlsContext::server(TlsOptions) { refuse(); }
TlsContext TlsContext::client(TlsOptions) { refuse(); }
bool TlsContext::is_server() const noexcept { return false; }
void TlsContext::reload() { refuse(); }
void TlsContext::reload(TlsOptions) { refuse(); }

namespace transport {
std::unique_ptr<Layer> make_tls_session(const TlsContext&, const std::string&, Below&) { refuse(); }
bool knows_whom_to_expect(const TlsContext&, const std::string&) { refuse(); }
}  // namespace transport

}  // namespace parley
