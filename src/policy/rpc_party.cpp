#include "policy/rpc_party.hpp"

#include <algorithm>
#include <array>

namespace parley::policy {

using wire::RequestMetadata;
using wire::RequestType;

namespace {

/// Most metadata is written where no memory has to be taken for it.
class Metadata {
 public:
  explicit Metadata(std::size_t size_max) {
    if (size_max > small_.size()) large_.resize(size_max);
  }
  [[nodiscard]] char* data() noexcept { return large_.empty() ? small_.data() : large_.data(); }
  [[nodiscard]] std::string_view view(std::size_t size) noexcept { return {data(), size}; }

 private:
  std::array<char, 512> small_;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  std::string large_;
};

}  // namespace

// --- the connection --------------------------------------------------------------------------------------------------

void RpcParty::connected(RpcCarrier& carrier) {
  carrier_ = &carrier;
  for (; !kept_.empty(); kept_.pop_front()) {
    const Kept& kept = kept_.front();
    if (kept.call) {
      Call* const call = calls_.get(*kept.call);
      if (call == nullptr) continue;
      call->is_kept = false;
      calls_.sent(*kept.call);
    }
    carrier.send(kept.what, kept.metadata, kept.data);
  }
  kept_size_ = 0;
  dead_count_ = 0;
}

void RpcParty::keep(Kept kept) {
  kept_size_ += kept.metadata.size() + kept.data.size();
  kept_.push_back(std::move(kept));
}

void RpcParty::keep_first(std::vector<Again> again) {
  std::sort(again.begin(), again.end(), [](const Again& a, const Again& b) { return a.serial > b.serial; });
  for (Again& each : again) {
    kept_size_ += each.kept.metadata.size() + each.kept.data.size();
    kept_.push_front(std::move(each.kept));
  }
}

bool RpcParty::has_room_for(std::size_t size) {
  const auto fits = [&] {
    return kept_.size() < settings_.kept_count_max &&
           size <= settings_.kept_size_max - std::min(kept_size_, settings_.kept_size_max);
  };
  if (!fits() && dead_count_ > 0) drop_dead();
  return fits();
}

bool RpcParty::may_ask(std::size_t size) { return carrier_ != nullptr ? carrier_->has_room() : has_room_for(size); }

template <class IsDead>
void RpcParty::drop_kept(IsDead is_dead) {
  std::erase_if(kept_, [&](const Kept& kept) {
    if (!is_dead(kept)) return false;
    kept_size_ -= kept.metadata.size() + kept.data.size();
    return true;
  });
}

void RpcParty::drop_dead() {
  drop_kept([this](const Kept& kept) { return kept.call && calls_.get(*kept.call) == nullptr; });
  dead_count_ = 0;
}

void RpcParty::drop_kept_requests() {
  drop_kept([](const Kept& kept) { return kept.call.has_value(); });
  dead_count_ = 0;
}

std::size_t RpcParty::kept_answer_count() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(kept_.begin(), kept_.end(), [](const Kept& kept) { return kept.what == What::answer; }));
}

// --- asking ----------------------------------------------------------------------------------------------------------

RpcParty::Asked RpcParty::request(std::string_view quoted_route, const Message& data, const CallSettings& settings,
                                  void* token) {
  if (calls_.is_full()) return {Refusal::too_many_calls, {}};
  const std::size_t size_max = wire::metadata_size(quoted_route);
  if (!may_ask(size_max + data.size())) return {Refusal::too_much_kept, {}};
  const Id id = calls_.add(Call{token, ++last_serial_}, settings.on_loss, settings.deadline);
  Metadata metadata{size_max};
  const std::string_view text =
      metadata.view(wire::put_metadata(metadata.data(), id, Type::request, quoted_route, settings.timeout_ms));
  if (settings.on_loss == OnLoss::resend) {
    calls_.get(id)->again = std::make_unique<Sendable>(Sendable{std::string{text}, data});
  }
  if (carrier_ != nullptr) {
    calls_.sent(id);
    carrier_->send(What::question, text, data);
  } else {
    calls_.get(id)->is_kept = true;
    keep({What::question, id, std::string{text}, data});
  }
  return {Refusal::none, id};
}

RpcParty::Refusal RpcParty::notify(std::string_view quoted_route, const Message& data) {
  const std::size_t size_max = wire::metadata_size(quoted_route);
  if (!may_ask(size_max + data.size())) return Refusal::too_much_kept;
  Metadata metadata{size_max};
  const std::string_view text = metadata.view(wire::put_metadata(metadata.data(), {}, Type::notice, quoted_route));
  if (carrier_ != nullptr) {
    carrier_->send(What::question, text, data);
  } else {
    keep({What::question, std::nullopt, std::string{text}, data});
  }
  return Refusal::none;
}

void* RpcParty::release(Call call) {
  // They are looked for when they are many, not one by one.
  if (call.is_kept && ++dead_count_ > kept_.size() / 2) drop_dead();
  return call.token;
}

void* RpcParty::cancel(const Id& id) {
  std::optional<Call> call = calls_.take(id);
  return call ? release(std::move(*call)) : nullptr;
}

void* RpcParty::take_late(TimePoint now) {
  auto late = calls_.take_late(now);
  return late ? release(std::move(late->second)) : nullptr;
}

bool RpcParty::waits_for(std::string_view id_text) {
  Id id;
  const Call* const call = Id::parse(id_text, id) ? calls_.get(id) : nullptr;
  return call != nullptr && !call->is_kept;
}

void* RpcParty::take_answered(std::string_view id_text) {
  Id id;
  return Id::parse(id_text, id) ? cancel(id) : nullptr;
}

// --- answering -------------------------------------------------------------------------------------------------------

void RpcParty::answer(std::string_view metadata_text, const RequestMetadata& request, Type type, const Message& data) {
  if (request.type != Type::notice) send_answer(metadata_text, request, type, data);
}

void RpcParty::send_answer(std::string_view text, const RequestMetadata& request, Type type, const Message& data) {
  Metadata metadata{text.size() + wire::answer_growth_max};
  const std::string_view answer = metadata.view(wire::put_answer_metadata(metadata.data(), text, request, type));
  if (carrier_ != nullptr) return carrier_->send(What::answer, answer, data);
  if (!has_room_for(answer.size() + data.size())) {
    ++answers_dropped_;
    return;
  }
  keep({What::answer, std::nullopt, std::string{answer}, data});
}

RpcParty::Job RpcParty::begin(std::string_view metadata_text, const RequestMetadata& request, const Message& data,
                              Deadline deadline, const void* handler) {
  const bool wants_answer = request.type != Type::notice;
  std::string id{request.id};
  // Also when there is no room: the answer to the first would end it.
  if (wants_answer && job_ids_.contains(id)) return {Begun::again, 0};
  const std::size_t size = metadata_text.size() + data.size();
  const bool is_next = deferred_.empty() && running_count() < settings_.jobs_max;
  if (!is_next && (deferred_.size() >= settings_.deferred_count_max ||
                   size > settings_.deferred_size_max - std::min(deferred_size_, settings_.deferred_size_max))) {
    return {Begun::too_many, 0};
  }
  if (wants_answer) job_ids_.insert(id);
  const JobId job = ++last_job_;
  jobs_.emplace(job,
                Work{std::string{metadata_text}, std::move(id), request.type_begin, request.type_end, wants_answer});
  if (is_next) return {Begun::now, job};
  deferred_size_ += size;
  deferred_.push_back({job, std::string{metadata_text}, data, deadline, handler});
  return {Begun::later, job};
}

RpcParty::Deferred RpcParty::next_deferred() {
  Deferred next = std::move(deferred_.front());
  deferred_.pop_front();
  deferred_size_ -= next.metadata_text.size() + next.data.size();
  return next;
}

bool RpcParty::finish(JobId id, Type type, const Message& data) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return true;
  const Work work = std::move(found->second);
  jobs_.erase(found);
  if (!work.wants_answer) return false;
  job_ids_.erase(work.id);
  RequestMetadata request;
  request.type_begin = work.type_begin;
  request.type_end = work.type_end;
  send_answer(work.metadata_text, request, type, data);
  return true;
}

}  // namespace parley::policy
