#include "crdt/row.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace meridian::crdt {
namespace {

constexpr std::uint8_t kRowVersion = 1;

// Appends what of `mine` survives meeting `theirs`: what they hold too, or have never seen.
void AppendSurvivors(const Row& mine, const Row& theirs, std::vector<Version>& out) {
  for (const Version& version : mine.versions) {
    if (!theirs.context.Covers(version.dot) || theirs.Has(version.dot)) out.push_back(version);
  }
}

auto LwwOrder(const Version& version) {
  return std::tuple(version.stamp, version.dot.actor, version.dot.sequence);
}

const Version* LastWriter(const Row& row) {
  const auto last = std::ranges::max_element(row.versions, {}, LwwOrder);
  return last == row.versions.end() ? nullptr : &*last;
}

// The product of two lattices, contexts and the total order of versions. It needs no cover test:
// rule 7 makes causality and stamps agree, so a covered version never has the higher stamp.
std::vector<Version> LwwVersions(const Row& a, const Row& b) {
  const Version* first = LastWriter(a);
  const Version* second = LastWriter(b);
  if (first == nullptr || (second != nullptr && LwwOrder(*first) < LwwOrder(*second))) {
    first = second;
  }
  if (first == nullptr) return {};
  return std::vector<Version>(1, *first);  // a list in braces would be copied once more
}

std::vector<Version> SiblingVersions(const Row& a, const Row& b) {
  std::vector<Version> versions;
  AppendSurvivors(a, b, versions);
  AppendSurvivors(b, a, versions);
  std::ranges::sort(versions, {}, &Version::dot);
  const auto repeated = std::ranges::unique(versions, {}, &Version::dot);
  versions.erase(repeated.begin(), repeated.end());
  return versions;
}

}  // namespace

bool Row::Has(const Dot& dot) const {
  const auto at = std::ranges::lower_bound(versions, dot, {}, &Version::dot);
  return at != versions.end() && at->dot == dot;
}

Stamp Row::MaxStamp() const {
  Stamp highest;
  for (const Version& version : versions) highest = std::max(highest, version.stamp);
  return highest;
}

Row Join(const Row& a, const Row& b, Policy policy) {
  Row joined;
  joined.context = a.context;
  joined.context.Merge(b.context);
  joined.versions = policy == Policy::kLww ? LwwVersions(a, b) : SiblingVersions(a, b);
  return joined;
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
