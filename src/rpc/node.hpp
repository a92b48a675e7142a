// Node: what clients and servers of requests have in common. It makes requests, runs handlers, and ends both when their
// time is over, whatever carries them.
//
// One mutex guards it, its peers and their carriers. Everything named *_locked runs with it held. Handlers of requests
// and of operations run without it.
#pragma once

#include "detail/ring.hpp"
#include "detail/slot.hpp"
#include "detail/waiting_object.hpp"
#include "policy/deadline_heap.hpp"
#include "policy/rpc_party.hpp"
#include "rpc/call.hpp"
#include "rpc/carrier.hpp"
#include "rpc/handler_failure.hpp"
#include "rpc/peer.hpp"

#include <parley/message.hpp>
#include <parley/rpc/event.hpp>
#include <parley/rpc/options.hpp>
#include <parley/rpc/requester.hpp>
#include <parley/rpc/routes.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::rpc::detail {

using boost::system::error_code;
using parley::detail::Handler;
using parley::detail::Ring;
using parley::detail::Waiter;

class Node : public parley::detail::WaitingObject {
 public:
  /// Lives in `slot`, whose mutex is its.
  Node(boost::asio::any_io_executor executor, parley::detail::Slot& slot, Routes routes, PeerOptions options);

  // Any thread, mutex not held.

  void request(const Target& target, const RouteName& route, Message data, const RequestOptions& options,
               Handler<Reply> handler);
  void request_of_all(const RouteName& route, const Message& data, const RequestOptions& options,
                      Handler<std::vector<ReplyOf>> handler);
  error_code notify(const Target& target, const RouteName& route, const Message& data, const RequestOptions& options);
  void add_routes(Routes routes);
  void next_event(Deadline deadline, Handler<Event> handler);
  [[nodiscard]] std::optional<Event> try_next_event();
  [[nodiscard]] Stats stats();
  [[nodiscard]] std::string last_error();
  [[noreturn]] void throw_error(std::string_view operation, error_code ec);
  void note_error(error_code ec, std::string sentence);
  void close(Deadline deadline, Handler<CloseReport> handler);
  /// The handle has gone.
  void abandon() noexcept;

  void on_deadline(std::uint64_t token) override;
  void on_context_shutdown() noexcept override;

  // --- for carriers: mutex held -------------------------------------------------------------------------------------

  [[nodiscard]] const PeerOptions& options() const noexcept { return options_; }
  [[nodiscard]] parley::detail::BiasedMutex& node_mutex() noexcept { return mutex(); }
  [[nodiscard]] parley::detail::ContextService* node_context() noexcept { return context(); }
  /// The other side has said who it is, if it is a client. The carrier is accepted, rejected, or over by then.
  virtual void on_greeted_locked(Lock& lock, Carrier& carrier, const std::string& client_id) = 0;
  /// A message of a peer that has greeted. Releases the lock meanwhile.
  void on_message_locked(Lock& lock, Carrier& carrier, const wire::RequestMetadata& metadata, std::string_view text,
                         Message data);
  /// It is over; the carrier has closed itself.
  virtual void on_end_locked(Carrier& carrier, error_code ec, const std::string& sentence) = 0;
  /// The other side would not have this one.
  virtual void on_rejected_locked(Carrier& carrier, const std::string& reason) = 0;
  /// It is about to finish by itself; closing waits for it. False: so many are about to that this one has to close.
  [[nodiscard]] bool see_off_locked(const std::shared_ptr<Carrier>& carrier) {
    if (leaving_.size() >= leaving_max) return false;
    leaving_.push_back(carrier);
    return true;
  }
  /// A carrier that was to finish has written all it had.
  void on_finished_locked(Carrier& carrier);

 protected:
  enum class Life : std::uint8_t { open, closing, closed };
  using PeerPtr = std::shared_ptr<Peer>;

  static constexpr std::uint64_t token_peers = 1;
  static constexpr std::uint64_t token_close = 2;
  static constexpr std::uint64_t token_own = 3;  // of the class that derives

  // What clients and servers do each in their way.

  /// Whom `target` means. Null: nobody, for the reason that `ec` has; or, without one, whoever comes first.
  [[nodiscard]] virtual PeerPtr find_locked(const Target& target, const RequestOptions& options, error_code& ec,
                                            std::string& sentence) = 0;
  /// Those that are connected.
  [[nodiscard]] std::vector<PeerPtr> connected_peers_locked();
  virtual void for_each_peer_locked(const std::function<void(const PeerPtr&)>& visit) = 0;
  virtual void on_own_deadline_locked() {}
  /// Nobody new comes in. (A client that closes still connects again for the requests that wait.)
  virtual void stop_listening_locked() {}
  /// Whether a peer that is away may be here again before this side has closed.
  [[nodiscard]] virtual bool reconnects_locked() const { return false; }
  /// No further connections, and an end to those on which nobody has greeted.
  virtual void stop_connecting_locked() = 0;
  /// Waits of the class that derives end with operation_aborted.
  virtual void abort_waits_locked() {}
  /// The context goes: all that it holds is handed over, to be destroyed later.
  virtual void forget_all_locked(std::vector<std::shared_ptr<void>>& later) noexcept = 0;
  /// Looked at when its deadline has passed.
  virtual void on_absent_locked(const PeerPtr& /*peer*/) {}

  [[nodiscard]] policy::RpcParty::Settings party_settings();
  void connected_locked(Lock& lock, const PeerPtr& peer, std::shared_ptr<Carrier> carrier);
  void disconnected_locked(const PeerPtr& peer, error_code ec, const std::string& sentence);
  void forget_locked(const PeerPtr& peer, error_code ec, const std::string& sentence);
  void end_calls_locked(const PeerPtr& peer, error_code ec, const std::string& sentence);
  /// Ends behind what is queued.
  void let_leave_locked(std::shared_ptr<Carrier> carrier);
  [[nodiscard]] Requester requester_for(const Peer& peer);
  void watch_locked(const PeerPtr& peer);
  void rest_locked();
  void tell_locked(Event event);
  /// For sentences: " (tcp://…)", or nothing.
  [[nodiscard]] static std::string where(const Peer& peer);
  void note_locked(error_code ec, std::string sentence);
  void interrupt_locked(std::uint64_t id, error_code ec) override;
  /// Requests for whoever comes first have found somebody.
  void serve_strays_locked(Lock& lock);
  /// Something has ended that a close may wait for.
  void check_closing_locked();
  [[nodiscard]] Life life() const noexcept { return life_; }
  [[nodiscard]] bool is_gone() const noexcept { return is_abandoned_; }

 private:
  struct EventWaiter : Waiter<Handler<Event>, Event> {
    using Waiter::Waiter;
  };
  struct Closer : Waiter<Handler<CloseReport>, CloseReport> {
    using Waiter::Waiter;
  };
  /// A request for whoever comes first.
  struct Stray : Waiter<Handler<Reply>, Reply> {
    Stray(std::uint64_t id_, Handler<Reply>&& handler_, const boost::asio::any_io_executor& io, RouteName by,
          Message data_, const RequestOptions& how)
        : Waiter{id_, std::move(handler_), io}, route{std::move(by)}, data{std::move(data_)}, options{how} {}
    RouteName route;
    Message data;
    RequestOptions options;
  };

  void request_locked(Lock& lock, const PeerPtr& peer, const RouteName& route, const Message& data,
                      const RequestOptions& options, Handler<Reply> handler);
  /// Empty: it is not too large.
  [[nodiscard]] std::string why_not_sent(const RouteName& route, const Message& data) const;
  [[nodiscard]] bool has_room_for_stray(std::size_t size) const noexcept;
  [[nodiscard]] Deadline deadline_of(const RequestOptions& options) const;
  Event take_event_locked();
  void cancel_call(const std::weak_ptr<Peer>& peer, const wire::RequestId& id);
  void end_call(Call* call, error_code ec, const std::string& sentence);
  void schedule_look_locked();
  void look_at_peers_locked();
  void renew_looks_locked();
  void cancel_jobs_locked(Peer& peer);
  static void cancel_job(const Peer::Running& running);

  void on_answer_locked(Lock& lock, Carrier& carrier, const wire::RequestMetadata& metadata, Message data);
  void on_request_locked(Lock& lock, Carrier& carrier, const wire::RequestMetadata& metadata, std::string_view text,
                         const Message& data);
  [[nodiscard]] const Route* find_route_locked(const wire::RequestMetadata& metadata) const;
  [[nodiscard]] static Outcome no_route(const wire::RequestMetadata& metadata);
  [[nodiscard]] static std::shared_ptr<const RequestError> failure_of(const Call& call, const Peer& peer,
                                                                      wire::RequestType type, const Message& data);
  [[nodiscard]] bool asks_for_routes(const wire::RequestMetadata& metadata) const noexcept;
  void limit_answer(Outcome& outcome) const;
  void answer_now(Lock& lock, Carrier& carrier, const Route& route, const wire::RequestMetadata& metadata,
                  const Message& data);
  void start_job(Lock& lock, const PeerPtr& peer, policy::RpcParty::JobId job, const Route& route, Message data,
                 Caller caller);
  void on_job_done(const std::weak_ptr<Peer>& weak, policy::RpcParty::JobId job, const std::string& route,
                   const std::exception_ptr& thrown, Message data);
  void start_deferred_locked(Lock& lock, const PeerPtr& peer);
  void tell_notice_failed_locked(const Peer& peer, const std::string& route, const Outcome& outcome);

  void begin_closing_locked(Deadline deadline);
  [[nodiscard]] bool is_idle_locked();
  void end_work_locked();
  void leave_locked();
  void give_up_closing_locked();
  void conclude_locked();

  parley::detail::Tenancy<Node> tenancy_;
  const PeerOptions options_;
  Routes routes_;
  Message routes_text_;  // where they are listed
  const std::uint64_t origin_;
  std::uint64_t party_count_ = 0;
  policy::DeadlineHeap<std::weak_ptr<Peer>> looks_;
  parley::detail::DeadlineId look_deadline_;
  parley::detail::DeadlineId close_deadline_;
  Ring<Stray> strays_;
  Ring<Event> events_;
  Ring<EventWaiter> event_waiters_;
  Ring<Closer> closers_;
  Stats stats_;
  CloseReport report_;
  std::size_t answering_count_ = 0;  // handlers that answer at once, and have not yet
  Life life_ = Life::open;
  /// Others whose other side has left are closed at once.
  static constexpr std::size_t leaving_max = 1024;
  std::vector<std::shared_ptr<Carrier>> leaving_;
  bool is_leaving_ = false;  // nothing is waited for any more but connections that end
  bool is_abandoned_ = false;
  std::shared_ptr<parley::detail::ContextMember> held_while_closing_;
  std::string last_error_;
  error_code last_code_;
  std::size_t events_size_ = 0;  // of the texts of events_
  std::size_t strays_size_ = 0;  // of the payloads of strays_
  static constexpr std::size_t looks_kept = 1024;
  std::size_t looks_max_ = looks_kept;  // then those that mean nothing any more are dropped
};

}  // namespace parley::rpc::detail
