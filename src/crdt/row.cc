#include "crdt/row.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace meridian::crdt {
namespace {

constexpr std::uint8_t kRowVersion = 1;

auto LwwOrder(const Version& version) {
  return std::tuple(version.stamp, version.dot.actor, version.dot.sequence);
}

const Version* LastWriter(const Row& row) {
  const auto last = std::ranges::max_element(row.versions, {}, LwwOrder);
  return last == row.versions.end() ? nullptr : &*last;
}

// The product of two lattices, contexts and the total order of versions. It needs no cover test:
// rule 7 makes causality and stamps agree, so a covered version never has the higher stamp.
void JoinLastWriters(const Row& a, Row& b) {
  const Version* const ours = LastWriter(a);
  const Version* const theirs = LastWriter(b);
  if (ours == nullptr && theirs == nullptr) return;
  const bool is_theirs =
      ours == nullptr || (theirs != nullptr && LwwOrder(*ours) < LwwOrder(*theirs));
  const Version& last = is_theirs ? *theirs : *ours;
  if (b.versions.size() == 1 && b.versions.front() == last) return;
  std::vector<Version> alone(1, last);  // a list in braces would copy it once more
  b.versions = std::move(alone);
}

// A version survives if the other row holds it too, or has never seen it.
void JoinSiblings(const Row& a, Row& b) {
  std::vector<Version> added;
  for (const Version& version : a.versions) {
    if (!b.context.Covers(version.dot)) added.push_back(version);
  }
  std::erase_if(b.versions, [&](const Version& version) {
    return a.context.Covers(version.dot) && !a.Has(version.dot);
  });
  for (Version& version : b.versions) {
    const Version* const same = a.Find(version.dot);
    if (same != nullptr && *same != version) version = *same;
  }
  if (added.empty()) return;
  std::ranges::move(added, std::back_inserter(b.versions));
  std::ranges::sort(b.versions, {}, &Version::dot);
}

}  // namespace

const Version* Row::Find(const Dot& dot) const {
  const auto at = std::ranges::lower_bound(versions, dot, {}, &Version::dot);
  return at != versions.end() && at->dot == dot ? &*at : nullptr;
}

Stamp Row::MaxStamp() const {
  Stamp highest;
  for (const Version& version : versions) highest = std::max(highest, version.stamp);
  return highest;
}

Row Join(const Row& a, Row b, Policy policy) {
  if (policy == Policy::kLww) {
    JoinLastWriters(a, b);
  } else {
    JoinSiblings(a, b);
  }
  b.context.Merge(a.context);
  return b;
}

Row Updated(const Row& row, Change change, Policy policy) {
  MERIDIAN_CHECK(!row.context.Covers(change.dot));
  Row updated;
  updated.context = row.context;
  updated.context.Merge(change.read);
  updated.context.Add(change.dot);
  const auto stays = [&](const Version& version) {
    return !change.read.Covers(version.dot) && version.dot != change.also;
  };
  if (policy == Policy::kSiblings) {
    std::ranges::copy_if(row.versions, std::back_inserter(updated.versions), stays);
  }
  const auto place = std::ranges::lower_bound(updated.versions, change.dot, {}, &Version::dot);
  updated.versions.insert(place, Version{change.dot, change.stamp, std::move(change.value), 0});
  return updated;
}

Bytes EncodeRow(const Row& row) {
  Bytes bytes;
  std::size_t size = 32 + 12 * row.context.entries().size();
  for (const Version& version : row.versions) {
    size += 16 + (version.value ? version.value->size() : 0);
  }
  bytes.reserve(size);
  bytes.push_back(static_cast<char>(kRowVersion));
  EncodeTo(bytes, row);
  return bytes;
}

Result<Row> DecodeRow(ByteView bytes) {
  return DecodeVersioned<Row>(kRowVersion, bytes);
}

}  // namespace meridian::crdt
