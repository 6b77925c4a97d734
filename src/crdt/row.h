// A row: the unit of storage, replication, shipping and repair. A context and the versions it left.
//
//     context {A:3 B:1}   versions [ A:3 "milk"   B:1 "bread" ]      two siblings
//     context {A:3 B:2}   versions [ B:2 "milk, bread" ]             B's client had read both
//     context {A:4 B:2}   versions [ A:4 tombstone ]                 deleted
//
// A version that is missing but covered by the context was overwritten; that is how a join tells
// "you have not seen it" from "you have replaced it" without remembering every delete.
//
// Join is commutative, associative and idempotent under both policies (tests/property/row_test.cc).
// Canonical: contexts and versions are sorted, every version is covered by the context, so equal
// rows have equal encodings.
// Source: Almeida et al., "Scalable and accurate causality tracking", 2014 (DVVSet).

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/result.h"
#include "crdt/context.h"
#include "crdt/dot.h"
#include "crdt/hybrid_clock.h"
#include "crdt/policy.h"

namespace meridian::crdt {

struct Version {
  Dot dot;
  Stamp stamp;
  std::optional<Bytes> value;    // none: a tombstone
  std::uint64_t expires_ms = 0;  // absolute, milliseconds since 1970; 0: never

  friend bool operator==(const Version&, const Version&) = default;
};

struct Row {
  Context context;
  std::vector<Version> versions;  // ascending dot

  // Null when it is not here.
  const Version* Find(const Dot& dot) const;
  bool Has(const Dot& dot) const { return Find(dot) != nullptr; }
  // The highest stamp among the versions; 0 when there are none.
  Stamp MaxStamp() const;

  friend bool operator==(const Row&, const Row&) = default;

  template <class Archive>
  void save(Archive& archive) const;
  template <class Archive>
  void load(Archive& archive);
};

// Both rows' knowledge in one. Made of `b`, so a row that is not needed any more is moved there. A
// dot names one version; where rot has made two of it, `a`'s stays, so what is stored does not
// catch it.
Row Join(const Row& a, Row b, Policy policy);

// What a client asked to write.
struct Change {
  Dot dot;
  Stamp stamp;                 // rule 7: above MaxStamp() of the row and the client's token
  std::optional<Bytes> value;  // none: delete
  Context read;                // the context that the client had read; empty: none
  // One more version that the client knows, its own last write. Replaced if it is here; not merged
  // into the context, which would claim its actor's earlier dots too.
  std::optional<Dot> also;
};

// The row after `change`: versions that the client had read are replaced, others stay as siblings
// (none stays under kLww, where the change has the highest stamp). Requires that the dot is new.
Row Updated(const Row& row, Change change, Policy policy);

// The stored form, behind a version byte (docs/storage.md).
Bytes EncodeRow(const Row& row);
Result<Row> DecodeRow(ByteView bytes);

// Versions name their actor by its place in the context, and their sequence by its distance from
// the context's: in the usual row of one version that is two zero bytes instead of twelve.
template <class Archive>
void Row::save(Archive& archive) const {
  archive(context, static_cast<std::uint64_t>(versions.size()));
  const std::vector<Dot>& entries = context.entries();
  for (const Version& version : versions) {
    const auto at = std::ranges::lower_bound(entries, version.dot.actor, {}, &Dot::actor);
    MERIDIAN_CHECK(at != entries.end() && context.Covers(version.dot));
    const std::uint8_t flags =
        static_cast<std::uint8_t>((version.value ? 1U : 0U) | (version.expires_ms != 0 ? 2U : 0U));
    archive(static_cast<std::uint64_t>(at - entries.begin()), at->sequence - version.dot.sequence,
            version.stamp, flags);
    if (version.value) archive(*version.value);
    if (version.expires_ms != 0) archive(version.expires_ms);
  }
}

template <class Archive>
void Row::load(Archive& archive) {
  archive(context);
  const std::vector<Dot>& entries = context.entries();
  std::uint64_t left = archive.Count();
  versions.clear();
  for (; left > 0; --left) {
    std::uint64_t index = 0;
    std::uint64_t distance = 0;
    std::uint8_t flags = 0;
    Version version;
    archive(index, distance, version.stamp, flags);
    codec::Require(index < entries.size() && flags < 4, "version is not of this row");
    const Dot& entry = entries[index];
    codec::Require(distance < entry.sequence, "version is below its actor's first");
    version.dot = {entry.actor, entry.sequence - distance};
    if ((flags & 1U) != 0) archive(version.value.emplace());
    if ((flags & 2U) != 0) {
      archive(version.expires_ms);
      codec::Require(version.expires_ms != 0, "expires, and never does");
    }
    codec::Require(versions.empty() || versions.back().dot < version.dot, "versions out of order");
    versions.push_back(std::move(version));
  }
}

}  // namespace meridian::crdt
