#include "policy/outstanding.hpp"

#include <parley/wire/bytes.hpp>

#include <utility>

namespace parley::policy {

Outstanding::Key Outstanding::add(OutstandingMessage message, TimePoint now) {
  const Key key = first_key_ + entries_.size();
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

void Outstanding::sent_again(Key key, LinkId link, TimePoint now) {
  Entry& again = entry(key);
  unlink(list_of(again), key);
  again.message.link = link;
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
  sent_ = stranded_ = {};
  count_ = size_ = 0;
}

OutstandingMessage* Outstanding::find(Key key) noexcept {
  if (key < first_key_ || key - first_key_ >= entries_.size() || !entry(key).is_used) return nullptr;
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
  removed.message = {};
  for (; !entries_.empty() && !entries_.front().is_used; ++first_key_) entries_.pop_front();
  return message;
}

void Outstanding::strand(LinkId link) {
  // Keys are in the order of first sending; a message sent again stands elsewhere in its list, so that is no help.
  Key before = stranded_.first;
  for (Key key = first_key_; key < first_key_ + entries_.size(); ++key) {
    Entry& lost = entry(key);
    if (!lost.is_used || lost.message.link != link) continue;
    unlink(sent_, key);
    lost.message.link = {};
    while (before != none && before < key) before = entry(before).next;
    link_before(stranded_, key, before);
  }
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
