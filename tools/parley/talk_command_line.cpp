#include "talk_command_line.hpp"

#include "option_groups.hpp"

namespace parley::tool {
namespace {

void add_message_options(CLI::App& app, TalkWords& words, TalkOptions& options, bool listens) {
  app.add_option("--framing", words.framing, "How messages are told apart; see below")
      ->type_name("SPEC")
      ->group("Messages");
  add_repeated_option(app, "--filter", words.filters, "What is done to each message, both ways; several, see below")
      ->type_name("FILTER")
      ->group("Messages");
  add_notation_options(app, words);
  add_file_option(app, options);
  add_size_option(app, words);
  app.add_flag("--echo", options.echo, "Send every message received back; standard input is not read")
      ->group("Messages");
  app.add_option("--exec", options.exec, "Send back what this command prints, given the message; see below")
      ->type_name("COMMAND")
      ->group("Messages");
  if (listens) add_concurrency_option(app, words.concurrency)->group("Messages");
  add_discard_option(app, options);
}

void add_kind_options(CLI::App& app, KindWords& words) {
  constexpr const char* kinds = "Kinds of peers";
  add_repeated_option(app, "--classify", words.classify,
                      "Peers whose first message begins so are of this kind; several")
      ->type_name("PREFIX=KIND")
      ->group(kinds);
  app.add_option("--otherwise", words.otherwise, "What those are that begin with no PREFIX [unclassified]")
      ->type_name("KIND")
      ->group(kinds);
  add_repeated_option(app, "--on", words.on, "Answer what peers of this kind send with a command; one for each kind")
      ->type_name("KIND=COMMAND")
      ->group(kinds);
}

void add_ending_options(CLI::App& app, TalkWords& words, TalkOptions& options, bool listens) {
  app.add_option("--count", words.count, "Leave after N messages received (--echo, --exec: answered)")
      ->type_name("N")
      ->group("Ending");
  app.add_option("--timeout", words.time_out, "Give up with exit code 3 when nothing moves for so long")
      ->type_name("TIME")
      ->group("Ending");
  app.add_option("--wait", words.wait, "After the end of input: silence to leave after, or forever [1s]")
      ->type_name("TIME")
      ->group("Ending");
  if (listens) app.add_flag("--once", options.once, "Serve one peer, then leave")->group("Ending");
}

}  // namespace

void add_options(CLI::App& app, TalkWords& words, TalkOptions& options) {
  const bool listens = app.get_name() == "listen";
  app.allow_extras();
  app.add_option("endpoint", words.endpoint)->required()->type_name("ENDPOINT");
  add_message_options(app, words, options, listens);
  if (listens) add_kind_options(app, words.kinds);
  add_ending_options(app, words, options, listens);
  add_tls_options(app, options.tls, listens ? TlsSide::listening : TlsSide::connecting);
  add_talk_options(app, words, options);
}

}  // namespace parley::tool
