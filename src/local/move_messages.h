// What nodes say to move a partition: who gains it compares sums once its rows have come
// (fill_messages.h), and who gives it up asks whether all that it has is held.
//
//     gaining node                         a former primary
//     SumAsk                      ─>
//                                 <─  Sum, to be compared when both have seen the same
//
//     leaving node                         a primary
//     HandOn (what it has seen)   ─>
//                                 <─  HeldHere, once durable; or FillAsk for what is missing

#pragma once

#include "base/codec.h"
#include "crdt/partition_key.h"
#include "crdt/seen_vector.h"

namespace meridian::local {

struct SumAsk {
  std::uint64_t id = 0;
  crdt::PartitionKey key;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, key);
  }
};
struct Sum {
  std::uint64_t id = 0;
  Fixed64 seen;  // digest of the partition's vector at that moment
  Fixed64 root;  // of its Merkle tree, likewise

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, seen, root);
  }
};

struct HandOn {
  crdt::PartitionSeen have;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(have);
  }
};
struct HeldHere {
  crdt::PartitionKey key;
  Fixed64 seen;  // digest of what was asked about

  template <class Archive>
  void serialize(Archive& archive) {
    archive(key, seen);
  }
};

}  // namespace meridian::local
