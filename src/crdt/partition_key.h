// What dots, logs, seen vectors and trees are kept per: a partition of one placement.

#pragma once

#include <compare>

#include "base/ids.h"
#include "crdt/seen_vector.h"

namespace meridian::crdt {

struct PartitionKey {
  PlacementId placement;
  PartitionId partition;

  friend auto operator<=>(const PartitionKey&, const PartitionKey&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(placement, partition);
  }
};

// A seen vector and whose it is, as it travels.
struct PartitionSeen {
  PartitionKey key;
  SeenVector seen;

  friend bool operator==(const PartitionSeen&, const PartitionSeen&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(key, seen);
  }
};

}  // namespace meridian::crdt
