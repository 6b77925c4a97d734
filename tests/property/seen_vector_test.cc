// Interval sets and seen vectors against the plainest model there is: a std::set of what is in
// them.

#include "crdt/seen_vector.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

namespace meridian::crdt {

void showValue(const SeenVector& seen, std::ostream& out) {
  out << seen.ToString();
}

namespace {

using Model = std::set<Dot>;

struct Pair {
  SeenVector seen;
  Model model;
};

// Few actors and short ranges, so that much of what is generated overlaps or touches.
Pair AnyPair() {
  Pair pair;
  const auto range =
      rc::gen::tuple(rc::gen::inRange<std::uint16_t>(1, 13), rc::gen::inRange<std::uint64_t>(1, 40),
                     rc::gen::inRange<std::uint64_t>(0, 5));
  for (const auto& [region, first, more] :
       *rc::gen::container<std::vector<std::tuple<std::uint16_t, std::uint64_t, std::uint64_t>>>(
           range)) {
    const Actor actor = Actor::Of({region}, {1}, 1);
    if (more == 0) {
      const bool is_new = pair.model.insert({actor, first}).second;
      RC_ASSERT(pair.seen.Add(Dot{actor, first}) == is_new);
    } else {
      pair.seen.Add(actor, IntervalSet(Interval{first, first + more}));
      for (std::uint64_t i = first; i <= first + more; ++i) pair.model.insert({actor, i});
    }
  }
  return pair;
}

// The same set, built one dot at a time in the order of the model: there is one form of every set.
SeenVector Of(const Model& model) {
  SeenVector seen;
  for (const Dot& dot : model) seen.Add(dot);
  return seen;
}

template <class Operation>
Model Apply(Operation operation, const Model& a, const Model& b) {
  Model result;
  operation(a.begin(), a.end(), b.begin(), b.end(), std::inserter(result, result.end()));
  return result;
}
const auto kUnion = [](auto... arguments) { return std::set_union(arguments...); };
const auto kDifference = [](auto... arguments) { return std::set_difference(arguments...); };
const auto kIntersection = [](auto... arguments) { return std::set_intersection(arguments...); };

RC_GTEST_PROP(SeenVectorModel, TheOrderOfAddingDoesNotMatter, ()) {
  const Pair pair = AnyPair();
  RC_ASSERT(pair.seen == Of(pair.model));
  RC_ASSERT(pair.seen.Count() == pair.model.size());
  RC_ASSERT(pair.seen.empty() == pair.model.empty());
  RC_ASSERT(pair.seen.Digest() == Of(pair.model).Digest());
}

RC_GTEST_PROP(SeenVectorModel, ContainsWhatWasAdded, ()) {
  const Pair pair = AnyPair();
  for (std::uint16_t region = 1; region <= 13; ++region) {
    for (std::uint64_t sequence = 0; sequence < 48; ++sequence) {
      const Dot dot{Actor::Of({region}, {1}, 1), sequence};
      RC_ASSERT(pair.seen.Contains(dot) == pair.model.contains(dot));
    }
  }
}

RC_GTEST_PROP(SeenVectorModel, MergeIsTheUnion, ()) {
  const Pair a = AnyPair(), b = AnyPair();
  SeenVector merged = a.seen;
  merged.Merge(b.seen);
  RC_ASSERT(merged == Of(Apply(kUnion, a.model, b.model)));
}

RC_GTEST_PROP(SeenVectorModel, WithoutIsTheDifference, ()) {
  const Pair a = AnyPair(), b = AnyPair();
  RC_ASSERT(a.seen.Without(b.seen) == Of(Apply(kDifference, a.model, b.model)));
}

RC_GTEST_PROP(SeenVectorModel, CommonIsTheIntersection, ()) {
  const Pair a = AnyPair(), b = AnyPair();
  RC_ASSERT(a.seen.Common(b.seen) == Of(Apply(kIntersection, a.model, b.model)));
}

RC_GTEST_PROP(SeenVectorModel, CoversIsInclusion, ()) {
  const Pair a = AnyPair(), b = AnyPair();
  RC_ASSERT(a.seen.Covers(b.seen) == std::ranges::includes(a.model, b.model));
  SeenVector both = a.seen;
  both.Merge(b.seen);
  RC_ASSERT(both.Covers(a.seen) && both.Covers(b.seen) && a.seen.Covers(a.seen.Common(b.seen)));
}

RC_GTEST_PROP(SeenVectorModel, SurvivesTheCodec, ()) {
  const Pair pair = AnyPair();
  const Result<SeenVector> decoded = Decode<SeenVector>(Encode(pair.seen));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == pair.seen);
}

RC_GTEST_PROP(SeenVectorModel, WhatDecodesIsCanonical, ()) {
  Bytes bytes = Encode(AnyPair().seen);
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  bytes[at] = *rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::inRange<char>(0, 4));
  const Result<SeenVector> decoded = Decode<SeenVector>(bytes);
  RC_CLASSIFY(decoded.has_value());
  if (decoded) RC_ASSERT(Encode(*decoded) == bytes);
}

RC_GTEST_PROP(SeenVectorModel, HeldByCountsTheHoldersOfEveryDot, ()) {
  std::vector<Pair> pairs(*rc::gen::inRange<std::size_t>(0, 6));
  Model all;
  std::vector<const SeenVector*> vectors;
  for (Pair& pair : pairs) {
    pair = AnyPair();
    all.insert(pair.model.begin(), pair.model.end());
    vectors.push_back(&pair.seen);
  }
  const auto quorum = *rc::gen::inRange<std::size_t>(1, 7);
  Model held;
  for (const Dot& dot : all) {
    const auto holders =
        std::ranges::count_if(pairs, [&](const Pair& pair) { return pair.model.contains(dot); });
    if (static_cast<std::size_t>(holders) >= quorum) held.insert(dot);
  }
  RC_ASSERT(HeldBy(vectors, quorum) == Of(held));
}

}  // namespace
}  // namespace meridian::crdt
