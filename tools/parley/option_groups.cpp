#include "option_groups.hpp"

namespace parley::tool {
namespace {

const char* by_side(TlsSide side, const char* listening, const char* connecting, const char* either) {
  return side == TlsSide::listening ? listening : side == TlsSide::connecting ? connecting : either;
}

}  // namespace

CLI::Option* add_repeated_option(CLI::App& app, const char* name, std::vector<std::string>& values, const char* what) {
  return app.add_option(name, values, what)->expected(1)->allow_extra_args(false)->take_all();
}

void add_notation_options(CLI::App& app, CommonWords& words) {
  app.add_option("--format", words.format, "How messages are written; see below")
      ->type_name("FORMAT")
      ->group("Messages");
  app.add_option("--codec", words.codec, "Messages are values of this codec, written as JSON; see below")
      ->type_name("CODEC")
      ->group("Messages");
}

void add_file_option(CLI::App& app, CommonOptions& options) {
  app.add_option("--file", options.file, "Send what is in this file; - is standard input")
      ->type_name("PATH")
      ->group("Messages");
}

void add_size_option(CLI::App& app, CommonWords& words) {
  app.add_option("--max-size", words.size_max, "Largest message sent or received [64 MiB]")
      ->type_name("BYTES")
      ->group("Messages");
}

CLI::Option* add_concurrency_option(CLI::App& app, std::optional<std::string>& text) {
  return app.add_option("--concurrency", text, "So many commands at a time, 1000 at most [32]")->type_name("N");
}

void add_discard_option(CLI::App& app, CommonOptions& options) {
  app.add_flag("--discard", options.discard, "Do not print the messages received")->group("Messages");
}

void add_tls_options(CLI::App& app, TlsWords& tls, TlsSide side) {
  app.add_option("--tls-cert", tls.certificate,
                 by_side(side, "The certificate to show, and those up to its authority (PEM)",
                         "A certificate to show, for servers that want one (PEM)",
                         "The certificate to show (PEM); what is bound needs one"))
      ->type_name("PATH")
      ->group("TLS");
  app.add_option("--tls-key", tls.key, "Its private key (PEM); without, it is in the same file")
      ->type_name("PATH")
      ->group("TLS");
  app.add_option("--tls-ca", tls.authority,
                 by_side(side, "Let in only clients with a certificate of these authorities (PEM)",
                         "Authorities to trust (PEM) instead of the system's",
                         "Authorities of peers' certificates (PEM); what is bound wants one then"))
      ->type_name("PATH")
      ->group("TLS");
  if (side == TlsSide::listening) return;
  app.add_option("--tls-server-name", tls.server_name, "The name the certificate is for [the endpoint's host]")
      ->type_name("NAME")
      ->group("TLS");
  app.add_flag("--tls-accept-any", tls.accepts_any, "Check no certificate: anyone between can read and change all")
      ->group("TLS");
}

void add_talk_options(CLI::App& app, CommonWords& words, CommonOptions& options) {
  app.add_flag("--json", options.json, "Print one JSON object a line for each event, errors included")->group("Talk");
  app.add_flag("-q,--quiet", options.quiet, "No talk on standard error but errors")->group("Talk");
  app.add_flag("-v,--verbose", options.verbose, "Tell on standard error what the library does")->group("Talk");
  app.add_option("--poll", words.poll, "Look for work so long before sleeping: less latency, more CPU [0]")
      ->type_name("MICROSECONDS")
      ->group("Talk");
}

}  // namespace parley::tool
