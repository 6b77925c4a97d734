#include "crdt/context.h"

#include <iterator>

namespace meridian::crdt {
namespace {

// Up to here, inserting one by one costs less than writing everything anew.
constexpr std::size_t kFewEntries = 8;

}  // namespace

void Context::Add(const Dot& dot) {
  MERIDIAN_CHECK(dot.sequence > 0);
  const auto position = std::ranges::lower_bound(entries_, dot.actor, {}, &Dot::actor);
  if (position == entries_.end() || position->actor != dot.actor) {
    entries_.insert(position, dot);
  } else {
    position->sequence = std::max(position->sequence, dot.sequence);
  }
}

void Context::Merge(const Context& other) {
  if (entries_.empty()) {
    entries_ = other.entries_;
    return;
  }
  if (other.entries_.size() <= kFewEntries) {
    for (const Dot& dot : other.entries_) Add(dot);
    return;
  }
  std::vector<Dot> all;
  all.reserve(entries_.size() + other.entries_.size());
  std::ranges::merge(entries_, other.entries_, std::back_inserter(all), {}, &Dot::actor,
                     &Dot::actor);
  entries_.clear();
  for (const Dot& dot : all) Add(dot);  // each at the end
}

std::uint64_t Context::SequenceOf(Actor actor) const {
  const auto position = std::ranges::lower_bound(entries_, actor, {}, &Dot::actor);
  return position == entries_.end() || position->actor != actor ? 0 : position->sequence;
}

bool Context::Covers(const Context& other) const {
  return std::ranges::all_of(other.entries_, [this](const Dot& dot) { return Covers(dot); });
}

std::string Context::ToString() const {
  std::string text = "{";
  for (const Dot& dot : entries_) {
    if (text.size() > 1) text += ' ';
    text += crdt::ToString(dot);
  }
  return text + '}';
}

}  // namespace meridian::crdt
