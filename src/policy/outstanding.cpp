#include "policy/outstanding.hpp"

#include <parley/wire/bytes.hpp>

#include <utility>

namespace parley::policy {

Outstanding::Key Outstanding::add(OutstandingMessage message, TimePoint now) {
  put_stragglers_aside();
  const Key key = first_key_ + entries_.size();
  message.sent_to[1] = message.sent_to[0];  // nobody else: also the null identity may be somebody's
  message.sent_at = now;
  message.sent_count = 1;
  ++count_;
  size_ += message.body.size();
  Entry& added = entries_.emplace_back();
  added.message = std::move(message);
  added.is_used = true;
  link_before(list_of(added), key, none);
  return key;
}

bool Outstanding::is_sparse() const noexcept {
  constexpr std::size_t worth_it = 1024;
  return entries_.size() >= worth_it && entries_.size() / 4 > count_ - stragglers_.size();
}

void Outstanding::put_stragglers_aside() {
  for (; is_sparse(); ++first_key_) {
    if (entries_.front().is_used) stragglers_.emplace(first_key_, std::move(entries_.front()));
    entries_.pop_front();
  }
}

void Outstanding::sent_again(Key key, const Identity& peer, LinkId link, TimePoint now) {
  Entry& again = entry(key);
  unlink(list_of(again), key);
  again.message.link = link;
  if (again.message.sent_to[0] != peer) again.message.sent_to = {peer, again.message.sent_to[0]};
  again.message.sent_at = now;
  ++again.message.sent_count;
  link_before(sent_, key, none);
}

void Outstanding::postpone(Key key, TimePoint now) {
  Entry& postponed = entry(key);
  List& list = list_of(postponed);
  unlink(list, key);
  postponed.message.sent_at = now;
  link_before(list, key, none);
}

OutstandingMessage* Outstanding::find_operation(std::uint64_t operation) noexcept {
  OutstandingMessage* found = nullptr;
  for_each([&](OutstandingMessage& message) {
    if (message.operation == operation) found = &message;
  });
  return found;
}

void Outstanding::clear() noexcept {
  first_key_ += entries_.size();
  entries_.clear();
  stragglers_.clear();
  sent_ = stranded_ = {};
  count_ = size_ = 0;
}

OutstandingMessage* Outstanding::find(Key key) noexcept {
  if (key < first_key_) {
    const auto straggler = stragglers_.find(key);
    return straggler == stragglers_.end() ? nullptr : &straggler->second.message;
  }
  if (key - first_key_ >= entries_.size() || !entry(key).is_used) return nullptr;
  return &entry(key).message;
}

std::optional<Outstanding::Key> Outstanding::key_of(const wire::MessageId& id) const noexcept {
  if (wire::load_big<std::uint64_t>(id.data()) != half_) return std::nullopt;
  return wire::load_big<std::uint64_t>(id.data() + 8);
}

wire::MessageId Outstanding::id_of(Key key) const noexcept {
  wire::MessageId id;
  wire::store_big(id.data(), half_);
  wire::store_big(id.data() + 8, key);
  return id;
}

OutstandingMessage Outstanding::remove(Key key) {
  Entry& removed = entry(key);
  unlink(list_of(removed), key);
  removed.is_used = false;
  --count_;
  size_ -= removed.message.body.size();
  OutstandingMessage message = std::move(removed.message);
  if (key < first_key_) {
    stragglers_.erase(key);
    return message;
  }
  removed.message = {};
  for (; !entries_.empty() && !entries_.front().is_used; ++first_key_) entries_.pop_front();
  return message;
}

void Outstanding::strand(LinkId link) {
  // Keys are in the order of first sending; a message sent again stands elsewhere in its list, so that is no help.
  Key before = stranded_.first;
  for (auto& [key, straggler] : stragglers_) {
    if (straggler.message.link == link) strand_one(key, straggler, before);
  }
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].is_used && entries_[i].message.link == link) strand_one(first_key_ + i, entries_[i], before);
  }
}

/// `before`: where to look on from; keys come in order.
void Outstanding::strand_one(Key key, Entry& lost, Key& before) noexcept {
  unlink(sent_, key);
  lost.message.link = {};
  while (before != none && before < key) before = entry(before).next;
  link_before(stranded_, key, before);
}

std::optional<Outstanding::Key> Outstanding::next_stranded(Key key) const noexcept {
  const Key next = entry(key).next;
  return next == none ? std::nullopt : std::optional{next};
}

void Outstanding::link_before(List& list, Key key, Key before) noexcept {
  Entry& linked = entry(key);
  linked.next = before;
  linked.previous = before == none ? list.last : entry(before).previous;
  (linked.previous == none ? list.first : entry(linked.previous).next) = key;
  (before == none ? list.last : entry(before).previous) = key;
}

void Outstanding::unlink(List& list, Key key) noexcept {
  Entry& unlinked = entry(key);
  (unlinked.previous == none ? list.first : entry(unlinked.previous).next) = unlinked.next;
  (unlinked.next == none ? list.last : entry(unlinked.next).previous) = unlinked.previous;
  unlinked.previous = unlinked.next = none;
}

}  // namespace parley::policy
