// The laws of rows: joining is a lattice, equal rows are equal bytes, and a row shows exactly what
// nobody has replaced.

#include "crdt/row.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <map>
#include <tuple>
#include <vector>

namespace meridian::crdt {

void showValue(const Row& row, std::ostream& out) {
  out << row.context.ToString() << " [";
  for (const Version& version : row.versions) {
    out << ' ' << ToString(version.dot) << '@' << version.stamp.packed
        << (version.value ? "" : " tombstone");
  }
  out << " ]";
}

namespace {

constexpr std::uint32_t kActors = 4;
constexpr std::uint64_t kSequences = 4;

Actor ActorOf(std::uint32_t i) {
  return Actor::Of({static_cast<std::uint16_t>(i + 1)}, {1}, 1);
}

// A dot names one mutation, so what it wrote is a function of it. Few stamps: most of them tie.
Version VersionOf(const Dot& dot) {
  const std::uint64_t number = dot.actor.region().value * 7U + dot.sequence * 3U;
  Version version{dot, {number % 3}, std::nullopt, number % 5 == 0 ? number : 0};
  if (number % 4 != 0) version.value = "value " + std::to_string(number);
  return version;
}

Row AnyRow(Policy policy) {
  Row row;
  for (std::uint32_t i = 0; i < kActors; ++i) {
    const auto highest = *rc::gen::inRange<std::uint64_t>(0, kSequences + 1);
    if (highest > 0) row.context.Add({ActorOf(i), highest});
    for (std::uint64_t sequence = 1; sequence <= highest; ++sequence) {
      if (*rc::gen::arbitrary<bool>()) row.versions.push_back(VersionOf({ActorOf(i), sequence}));
    }
  }
  if (policy == Policy::kLww && row.versions.size() > 1) {
    const auto kept = *rc::gen::inRange<std::size_t>(0, row.versions.size());
    row.versions = {row.versions[kept]};
  }
  return row;
}

// A row of any numbers, for the codec.
Row AnyWideRow() {
  Row row;
  const auto dots = *rc::gen::arbitrary<std::map<std::uint64_t, std::uint64_t>>();
  for (const auto& [actor, sequence] : dots) {
    const Dot dot{{actor}, std::max<std::uint64_t>(sequence % UINT64_MAX, 1)};
    row.context.Add(dot);
    if (*rc::gen::arbitrary<bool>()) {
      row.versions.push_back(
          {{dot.actor, *rc::gen::inRange<std::uint64_t>(1, dot.sequence + 1)},
           {*rc::gen::arbitrary<std::uint64_t>()},
           *rc::gen::arbitrary<bool>() ? std::optional(*rc::gen::arbitrary<Bytes>()) : std::nullopt,
           *rc::gen::arbitrary<std::uint64_t>()});
    }
  }
  return row;
}

Policy AnyPolicy() {
  return *rc::gen::element(Policy::kSiblings, Policy::kLww);
}

RC_GTEST_PROP(RowLaws, JoinIsCommutative, ()) {
  const Policy policy = AnyPolicy();
  const Row a = AnyRow(policy), b = AnyRow(policy);
  RC_ASSERT(Join(a, b, policy) == Join(b, a, policy));
}

RC_GTEST_PROP(RowLaws, JoinIsAssociative, ()) {
  const Policy policy = AnyPolicy();
  const Row a = AnyRow(policy), b = AnyRow(policy), c = AnyRow(policy);
  RC_ASSERT(Join(Join(a, b, policy), c, policy) == Join(a, Join(b, c, policy), policy));
}

RC_GTEST_PROP(RowLaws, JoinIsIdempotent, ()) {
  const Policy policy = AnyPolicy();
  const Row a = AnyRow(policy), b = AnyRow(policy);
  RC_ASSERT(Join(a, a, policy) == a);
  RC_ASSERT(Join(a, Row{}, policy) == a);
  const Row joined = Join(a, b, policy);
  RC_ASSERT(Join(joined, a, policy) == joined);
  RC_ASSERT(Join(joined, b, policy) == joined);
}

RC_GTEST_PROP(RowLaws, EveryVersionOfAJoinIsCoveredAndInOrder, ()) {
  const Policy policy = AnyPolicy();
  const Row joined = Join(AnyRow(policy), AnyRow(policy), policy);
  for (const Version& version : joined.versions) RC_ASSERT(joined.context.Covers(version.dot));
  RC_ASSERT(std::ranges::adjacent_find(joined.versions, std::ranges::greater_equal{},
                                       &Version::dot) == joined.versions.end());
  RC_ASSERT(policy == Policy::kSiblings || joined.versions.size() <= 1);
}

RC_GTEST_PROP(RowLaws, AnUpdatedRowAbsorbsEverythingOlder, ()) {
  const Policy policy = AnyPolicy();
  const Row older = AnyRow(policy);
  const Row row = Join(older, AnyRow(policy), policy);
  Change change{{ActorOf(0), kSequences + 1}, {row.MaxStamp().packed + 1}, "new", {}, {}};
  if (*rc::gen::arbitrary<bool>()) change.read = AnyRow(policy).context;
  if (*rc::gen::arbitrary<bool>()) {
    change.also = Dot{ActorOf(*rc::gen::inRange<std::uint32_t>(0, kActors)),
                      *rc::gen::inRange<std::uint64_t>(1, kSequences + 1)};
  }
  const Row updated = Updated(row, change, policy);
  RC_ASSERT(updated.Has(change.dot));
  RC_ASSERT(Join(updated, row, policy) == updated);
  RC_ASSERT(Join(updated, older, policy) == updated);
}

RC_GTEST_PROP(RowLaws, RowsSurviveTheCodec, ()) {
  const Row row = AnyWideRow();
  const Result<Row> decoded = DecodeRow(EncodeRow(row));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == row);
}

RC_GTEST_PROP(RowLaws, RowsAreEqualExactlyWhenTheirBytesAre, ()) {
  const Row a = AnyRow(Policy::kLww), b = AnyRow(Policy::kLww);
  RC_ASSERT((a == b) == (EncodeRow(a) == EncodeRow(b)));
}

// From the side of the bytes: whatever decodes has that one encoding.
RC_GTEST_PROP(RowLaws, WhatDecodesIsCanonical, ()) {
  Bytes bytes = EncodeRow(AnyRow(Policy::kSiblings));
  const auto flips = *rc::gen::inRange(0, 3);
  for (int i = 0; i < flips; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(1, bytes.size());
    bytes[at] = *rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::inRange<char>(0, 4));
  }
  if (*rc::gen::arbitrary<bool>()) {
    bytes.insert(*rc::gen::inRange<std::size_t>(1, bytes.size() + 1), 1, '\0');
  }
  const Result<Row> decoded = DecodeRow(bytes);
  RC_CLASSIFY(decoded.has_value());
  if (decoded) RC_ASSERT(EncodeRow(*decoded) == bytes);
}

// Three replicas of a row under random reads, writes, deletes and exchanges, with clocks that are
// wrong and step; beside them what every mutation replaced, which says what each replica must show.
class History {
 public:
  explicit History(Policy policy) : policy_(policy) {}

  void Read(std::size_t at) {
    tokens_.push_back({replicas_[at].row.context, replicas_[at].row.MaxStamp()});
  }

  // As a coordinator does, rule 7 included. `token` past the last: a write without context.
  void Write(std::size_t at, std::size_t token, std::int64_t wall_ms) {
    Replica& replica = replicas_[at];
    const Token read = token < tokens_.size() ? tokens_[token] : Token{};
    Change change;
    change.dot = {ActorOf(static_cast<std::uint32_t>(at)), ++replica.minted};
    change.stamp = replica.clock.Next(WallTime(std::chrono::milliseconds(wall_ms)),
                                      std::max(replica.row.MaxStamp(), read.stamp));
    change.read = read.context;
    if (replica.minted % 3 != 0) change.value = "v";
    written_[change.dot] = {change.stamp, change.read, replica.row.context};
    written_[change.dot].before.Merge(change.read);
    replica.row = Updated(replica.row, change, policy_);
  }

  void Exchange(std::size_t from, std::size_t to) {
    replicas_[to].row = Join(replicas_[to].row, replicas_[from].row, policy_);
  }

  // Siblings: what is merged and was read by no other merged mutation.
  // Lww: the last of all that is merged.
  std::vector<Dot> Expected(std::size_t at) const {
    const Context& merged = replicas_[at].row.context;
    std::vector<Dot> expected;
    for (const auto& [dot, mutation] : written_) {
      if (!merged.Covers(dot)) continue;
      if (policy_ == Policy::kLww) {
        if (expected.empty() || written_.at(expected[0]).stamp <= mutation.stamp) expected = {dot};
      } else if (!MergedAndReplaces(merged, dot, &Mutation::read)) {
        expected.push_back(dot);
      }
    }
    return expected;
  }

  std::vector<Dot> Shown(std::size_t at) const {
    std::vector<Dot> shown;
    for (const Version& version : replicas_[at].row.versions) shown.push_back(version.dot);
    return shown;
  }

  // A version is back from the dead when it is shown although a merged mutation came after it: read
  // it or, under lww, was minted on top of it.
  bool Resurrects(std::size_t at) const {
    const auto replaced = policy_ == Policy::kLww ? &Mutation::before : &Mutation::read;
    return std::ranges::any_of(Shown(at), [&](const Dot& dot) {
      return MergedAndReplaces(replicas_[at].row.context, dot, replaced);
    });
  }

 private:
  struct Token {
    Context context;
    Stamp stamp;
  };
  struct Mutation {
    Stamp stamp;
    Context read;    // what its client had read
    Context before;  // that and what its coordinator held
  };
  struct Replica {
    Row row;
    HybridClock clock{std::chrono::milliseconds(10)};
    std::uint64_t minted = 0;
  };

  bool MergedAndReplaces(const Context& merged, const Dot& dot, Context Mutation::*replaced) const {
    return std::ranges::any_of(written_, [&](const auto& entry) {
      return merged.Covers(entry.first) && (entry.second.*replaced).Covers(dot);
    });
  }

  Policy policy_;
  std::array<Replica, 3> replicas_;
  std::vector<Token> tokens_;
  std::map<Dot, Mutation> written_;
};

RC_GTEST_PROP(RowHistory, ARowShowsExactlyWhatNobodyReplaced, ()) {
  const Policy policy = AnyPolicy();
  History history(policy);
  const auto replica = rc::gen::inRange<std::size_t>(0, 3);
  const auto steps =
      *rc::gen::container<std::vector<std::tuple<int, std::size_t, std::size_t, int>>>(
          rc::gen::tuple(rc::gen::inRange(0, 4), replica, rc::gen::inRange<std::size_t>(0, 12),
                         rc::gen::inRange(0, 40)));
  for (const auto& [what, at, other, wall] : steps) {
    if (what == 0) history.Read(at);
    if (what == 1) history.Exchange(other % 3, at);
    if (what >= 2) history.Write(at, other, wall);
    RC_ASSERT(!history.Resurrects(at));
    RC_ASSERT(history.Shown(at) == history.Expected(at));
  }
}

}  // namespace
}  // namespace meridian::crdt
