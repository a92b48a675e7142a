// RpcParty: what this side and one other have going on, whatever connection carries it: requests that wait for their
// answers, requests of the other's that are in work, and what waits for the next connection.
//
// Both sides of a connection are the same. Who connects to whom, and who is told what, is the owner's.
#pragma once

#include "policy/calls.hpp"

#include <parley/message.hpp>
#include <parley/time.hpp>
#include <parley/wire/request_metadata.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace parley::policy {

/// How messages leave for the other side; one connection.
class RpcCarrier {
 public:
  enum class What : std::uint8_t { question, answer };
  virtual void send(What what, std::string_view metadata, const Message& data) = 0;
  /// Whether further questions may be sent; answers always may.
  [[nodiscard]] virtual bool has_room() const = 0;

 protected:
  ~RpcCarrier() = default;
};

class RpcParty {
 public:
  using Id = wire::RequestId;
  using Type = wire::RequestType;
  using What = RpcCarrier::What;
  /// Names a request of the other side's that is in work; never used twice.
  using JobId = std::uint64_t;

  struct Settings {
    std::uint64_t origin = 0;                    ///< random bits that nobody else's requests have
    std::size_t calls_max = 65'536;              ///< requests that wait for answers
    std::size_t kept_count_max = 65'536;         ///< messages that wait for a connection,
    std::size_t kept_size_max = 67'108'864;      ///< and their bytes; what is sent again counts, and is not refused
    std::size_t jobs_max = 1024;                 ///< of the other side's requests, in work at a time,
    std::size_t deferred_count_max = 16'384;     ///< and as many that wait for that,
    std::size_t deferred_size_max = 67'108'864;  ///< with their bytes
  };

  explicit RpcParty(const Settings& settings) : settings_{settings}, calls_{settings.origin, settings.calls_max} {}

  // --- the connection -----------------------------------------------------------------------------------------------

  /// There is one: what has waited goes there. It has to stay until disconnected().
  void connected(RpcCarrier& carrier);
  [[nodiscard]] bool is_connected() const noexcept { return carrier_ != nullptr; }
  /// It has gone. `fails(call)` is called with each request that ends with it.
  template <class Fails>
  void disconnected(Fails&& fails) {
    carrier_ = nullptr;
    // What had not been sent waits where it is; what was, and may be again, goes before it.
    std::vector<Again> again;
    calls_.lost([&](const Id&, Call call) { fails(call.token); },
                [&](const Id& id, Call& call) {
                  if (call.is_kept || !call.again) return;
                  call.is_kept = true;
                  again.push_back({call.serial, {What::question, id, call.again->metadata, call.again->data}});
                });
    keep_first(std::move(again));
  }

  // --- asking -------------------------------------------------------------------------------------------------------

  enum class Refusal : std::uint8_t {
    none,
    too_many_calls,
    too_much_kept,
  };
  struct Asked {
    Refusal refusal = Refusal::none;
    Id id{};
  };
  struct CallSettings {
    TimePoint deadline = TimePoint::max();
    OnLoss on_loss = OnLoss::fail;
    std::int32_t timeout_ms = 0;  ///< told to the other side; 0: not
  };

  /// `token`: what the owner knows the request by.
  Asked request(std::string_view quoted_route, const Message& data, const CallSettings& settings, void* token);
  Refusal notify(std::string_view quoted_route, const Message& data);
  /// The token; null if the request has ended.
  void* cancel(const Id& id);

  /// Before then no request is late.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept { return calls_.next_deadline(); }
  /// The token of one that is; null: none.
  void* take_late(TimePoint now);
  /// All requests end.
  template <class Ends>
  void end_calls(Ends&& ends) {
    calls_.clear([&](const Id&, Call call) { ends(call.token); });
    drop_kept_requests();
  }
  [[nodiscard]] std::size_t call_count() const noexcept { return calls_.count(); }

  /// Whether the request of that id has been sent and waits for its answer.
  [[nodiscard]] bool waits_for(std::string_view id_text);
  /// An answer has come. The token of the request that it is for; null if there is none (any more).
  void* take_answered(std::string_view id_text);

  // --- answering ----------------------------------------------------------------------------------------------------

  /// A request has come, and is answered at once.
  void answer(std::string_view metadata_text, const wire::RequestMetadata& request, Type type, const Message& data);

  /// What becomes of a request that takes time.
  enum class Begun : std::uint8_t {
    now,       ///< it is in work: job
    later,     ///< as many are as may be: next_deferred() gives it in its turn
    again,     ///< it is in work already, and is not to be done twice
    too_many,  ///< not even that
  };
  struct Job {
    Begun begun = Begun::now;
    JobId id = 0;
  };
  /// `handler`: what the owner knows by which the request will be answered; it comes back with its turn.
  Job begin(std::string_view metadata_text, const wire::RequestMetadata& request, const Message& data,
            Deadline deadline = {}, const void* handler = nullptr);

  /// A request whose turn has come, and which is in work from now on.
  struct Deferred {
    JobId id = 0;
    std::string metadata_text;
    Message data;
    // As they were when the request came.
    Deadline deadline;
    const void* handler = nullptr;
  };
  [[nodiscard]] bool has_turn() const noexcept { return !deferred_.empty() && running_count() < settings_.jobs_max; }
  Deferred next_deferred();

  /// It is done, and this is the answer. False for one that wanted none.
  bool finish(JobId id, Type type, const Message& data);
  [[nodiscard]] std::size_t job_count() const noexcept { return jobs_.size(); }
  [[nodiscard]] std::size_t running_count() const noexcept { return jobs_.size() - deferred_.size(); }

  /// What waits for a connection: requests that have not ended, notices and answers; and its bytes.
  [[nodiscard]] std::size_t kept_count() const noexcept { return kept_.size() - dead_count_; }
  [[nodiscard]] std::size_t kept_size() const noexcept { return kept_size_; }
  [[nodiscard]] std::size_t kept_answer_count() const noexcept;
  /// Answers that were not kept, as there was no room.
  [[nodiscard]] std::uint64_t answers_dropped() const noexcept { return answers_dropped_; }

 private:
  struct Sendable {
    std::string metadata;
    Message data;
  };
  struct Call {
    void* token = nullptr;
    std::uint64_t serial = 0;           // requests in the order in which they were made
    std::unique_ptr<Sendable> again{};  // of a request that may be sent again
    bool is_kept = false;               // it waits in kept_
  };
  /// What waits for a connection.
  struct Kept {
    What what = What::question;
    std::optional<Id> call;  // of a request
    std::string metadata;
    Message data;
  };
  struct Again {
    std::uint64_t serial = 0;
    Kept kept;
  };
  struct Work {
    std::string metadata_text;
    std::string id;  // the other side's
    std::size_t type_begin = 0;
    std::size_t type_end = 0;
    bool wants_answer = true;
  };

  void keep(Kept kept);
  void keep_first(std::vector<Again> again);
  [[nodiscard]] bool has_room_for(std::size_t size);
  [[nodiscard]] bool may_ask(std::size_t size);
  template <class IsDead>
  void drop_kept(IsDead is_dead);
  void drop_dead();
  void drop_kept_requests();
  void* release(Call call);
  void send_answer(std::string_view text, const wire::RequestMetadata& request, Type type, const Message& data);

  const Settings settings_;
  RpcCarrier* carrier_ = nullptr;
  Calls<Call> calls_;
  std::deque<Kept> kept_;
  std::size_t kept_size_ = 0;   // of metadata and data
  std::size_t dead_count_ = 0;  // requests in kept_ that have ended; at most half of it
  std::uint64_t last_serial_ = 0;
  std::uint64_t answers_dropped_ = 0;

  JobId last_job_ = 0;
  std::unordered_map<JobId, Work> jobs_;     // in work, and deferred
  std::unordered_set<std::string> job_ids_;  // the other side's ids of those that want an answer
  std::deque<Deferred> deferred_;
  std::size_t deferred_size_ = 0;
};

}  // namespace parley::policy
