// Handlers: what a server or client does, said before it starts. Server and Client derive from it.
//
//   server.on_connect([](parley::app::Peer& peer) { … });
//   server.on_message([](parley::app::Peer& peer, std::string text) { return "server replied: " + text; });
//   server.on_disconnect([](parley::app::Peer& peer, const parley::app::Cause& why) { … });
//
// A handler is a plain function, or a coroutine: it returns asio::awaitable. Several may be registered for one event;
// they run in that order, each awaited before the next begins. Of one peer everything runs one at a time: on_connect
// first, then message after message, each when all handlers of the one before have ended, on_disconnect last. Peers do
// not wait for each other; on a server with several threads, one and the same function is called by several at a time.
//
// A plain handler runs where the message was read, and must not block: a pool is for that (on_pool). One peer whose
// messages keep coming lets the others of its loop have their turn after 64 messages that took a millisecond, and after
// 2048 in any case. So a handler that blocks for a second delays its own loop by that second, and no other loop.
//
// The order of things for a message: filters for every kind, classification, filters of the kind, after_receive hooks,
// handlers; for one that is sent the same backwards, with before_send hooks.
//
// What a handler throws: the rest of its message's handlers still run, on_error is told with error::handler_failed (or
// error::payload_rejected, where the message was not what the handler takes, which was then not called), and the peer
// goes on. Without on_error handlers the log hook is told.
//
// Errors of one peer that on_error is told, beside these: error::message_refused (a hook, or a filter that dropped),
// error::closed, message_too_large and the others of Connection::send for a reply that could not be sent; and before
// the peer is closed: error::not_classified, error::unknown_kind, error::peer_refused (by the classifier),
// error::peer_silent, error::peer_too_slow, and the code of a filter that failed. Of more than 16 that wait for a
// handler of the peer to end, the rest is told to the log hook.
//
// Thread rule: as a container, and only before start(): after that every member throws std::logic_error.
#pragma once

#include <parley/app/cause.hpp>
#include <parley/app/classify.hpp>
#include <parley/app/filter.hpp>
#include <parley/app/handler.hpp>
#include <parley/app/hooks.hpp>
#include <parley/app/kinds.hpp>
#include <parley/app/peer.hpp>
#include <parley/detail/export.hpp>
#include <parley/time.hpp>
#include <parley/wire/framing.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <utility>

namespace parley::app {

namespace detail {

class Registry;

template <class F>
concept NoKinds = !std::convertible_to<F, Kinds>;

}  // namespace detail

/// See the top of this header.
class PARLEY_EXPORT Handlers {
 public:
  // --- events -------------------------------------------------------------------------------------------------------

  /// Called with (Peer&), or nothing, for each connection, before anything of it is handled. What it sends is sent
  /// before any reply.
  template <class F>
  void on_connect(F handler) {
    add_connect(detail::make_event_handler<false>(std::move(handler)));
  }
  /// Called with (Peer&, const Cause&), or less, once for each on_connect, when nothing of the peer runs any more:
  /// nothing can be sent to it then. Cause::code is error::closed where either side has closed in order.
  template <class F>
  void on_disconnect(F handler) {
    add_disconnect(detail::make_event_handler<true>(std::move(handler)));
  }
  /// Called with (Peer&, const Cause&), or less, for what goes wrong with a peer; see the top of this header. What it
  /// throws is told to the log hook.
  template <class F>
  void on_error(F handler) {
    add_error(detail::make_event_handler<true>(std::move(handler)));
  }
  /// Called with (Peer&), or nothing, each time when nothing has come from a peer for `after`, once until something
  /// comes again. Time in which a handler of the peer runs does not count. Throws std::invalid_argument unless `after`
  /// is above zero.
  template <class F>
  void on_idle(Duration after, F handler) {
    add_idle(after, detail::make_event_handler<false>(std::move(handler)));
  }

  // --- messages -----------------------------------------------------------------------------------------------------

  /// Called for each message of peers of every kind, or of some kinds. It takes (Message), (std::string), or (T) for
  /// what a codec decodes, such as a described struct; or (Peer&) and one of these. A std::string is the message as it
  /// is, which has to be UTF-8. Whatever it returns, if it is not void, is sent back: a Message, text, or what the
  /// codec encodes; or a std::optional of these, for nothing or something. A reply waits for room as Peer::send does.
  /// Handlers for every kind run before those for one. `codec`: Json, unless it is given.
  template <detail::NoKinds F, class C = TextOrJson>
  void on_message(F handler, C codec = {}) {
    add_message({}, detail::make_message_handler(std::move(handler), std::move(codec)));
  }
  template <class F, class C = TextOrJson>
  void on_message(Kinds kinds, F handler, C codec = {}) {
    add_message(std::move(kinds), detail::make_message_handler(std::move(handler), std::move(codec)));
  }
  /// As on_message, but the handler, which is no coroutine, runs on `pool`: it may take its time, and holds nobody up
  /// but its own peer's next message. Its end is waited for, also by stop().
  template <detail::NoKinds F, class C = TextOrJson>
  void on_pool(boost::asio::any_io_executor pool, F handler, C codec = {}) {
    add_message({}, detail::make_pool_handler(std::move(pool), std::move(handler), std::move(codec)));
  }
  template <class F, class C = TextOrJson>
  void on_pool(boost::asio::any_io_executor pool, Kinds kinds, F handler, C codec = {}) {
    add_message(std::move(kinds), detail::make_pool_handler(std::move(pool), std::move(handler), std::move(codec)));
  }

  // --- classification -----------------------------------------------------------------------------------------------

  /// Tells what a peer is by the first that it sends: a function of the first message (as a Message, or as text), or of
  /// all messages so far (std::span<const Message>), each also behind a Peer&. It returns a kind, by any name, or
  /// `not_yet`, or Verdict::refused(reason). Without declared kinds, one that nobody handles is found when a peer turns
  /// out to be of it: on_error is told error::unknown_kind, and the peer is closed. What it throws counts as a refusal.
  /// One classifier: a second call throws std::invalid_argument.
  template <class F>
  void classify(F classifier) {
    set_classifier(detail::make_classifier(std::move(classifier)), std::nullopt);
  }
  /// The same, and these are all the kinds that it names (`unclassified` is always one): start() throws
  /// std::invalid_argument, with the name, for anything registered for a kind that is not among them, and for one that
  /// nobody handles.
  template <class F>
  void classify(F classifier, Kinds declared) {
    set_classifier(detail::make_classifier(std::move(classifier)), std::move(declared));
  }
  /// By a table, whose kinds are declared so.
  void classify(ByPrefix table);
  /// From its classification on, a peer of these kinds frames its messages so, both ways. What it has sent behind the
  /// message that decided is read so already; what was queued for it before keeps the framing of the options.
  void framing(const Kinds& kinds, const Framing& framing);

  // --- between the wire and the handlers -----------------------------------------------------------------------------

  /// Each peer of every kind, or of some kinds, has a filter that `make` makes when it connects, or has its kind. The
  /// first one registered is the outermost: it decodes first and encodes last. Those for every kind decode before
  /// classification, the others behind it. Throws std::invalid_argument for an empty function.
  void filter(MakeFilter make);
  void filter(const Kinds& kinds, MakeFilter make);
  /// Called for each received message of peers of every kind, or of some kinds: see hooks.hpp. Those for every kind run
  /// first.
  template <detail::NoKinds F>
  void after_receive(F hook) {
    add_after_receive({}, detail::make_hook(std::move(hook)));
  }
  template <class F>
  void after_receive(Kinds kinds, F hook) {
    add_after_receive(std::move(kinds), detail::make_hook(std::move(hook)));
  }
  /// The same for what is sent, replies included. Those for every kind run last.
  template <detail::NoKinds F>
  void before_send(F hook) {
    add_before_send({}, detail::make_hook(std::move(hook)));
  }
  template <class F>
  void before_send(Kinds kinds, F hook) {
    add_before_send(std::move(kinds), detail::make_hook(std::move(hook)));
  }

 protected:
  /// For Server and Client.
  explicit Handlers(std::shared_ptr<detail::Registry> registry) noexcept : registry_{std::move(registry)} {}
  Handlers(Handlers&&) noexcept = default;
  Handlers& operator=(Handlers&&) noexcept = default;
  ~Handlers() = default;

 private:
  using ForKinds = std::optional<Kinds>;  // nothing: for every kind

  void add_connect(detail::EventHandler handler);
  void add_disconnect(detail::EventHandler handler);
  void add_error(detail::EventHandler handler);
  void add_idle(Duration after, detail::EventHandler handler);
  void add_message(ForKinds kinds, detail::MessageHandler handler);
  void set_classifier(detail::Classifier classifier, std::optional<Kinds> declared);
  void add_after_receive(ForKinds kinds, detail::Hook hook);
  void add_before_send(ForKinds kinds, detail::Hook hook);

  std::shared_ptr<detail::Registry> registry_;
};

}  // namespace parley::app
