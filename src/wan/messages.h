// What gateways of different regions say to each other.
//
// A body is one byte, the message's place in WanMessage, and its encoding (docs/wire.md). The bytes
// start at 64, so that no body can be taken for one of the ring. Any message may be lost, repeated
// or reordered; all are safe to handle twice.

#pragma once

#include <variant>
#include <vector>

#include "base/codec.h"
#include "crdt/partition_key.h"
#include "crdt/row_update.h"

namespace meridian::wan {

// Rows with their dots. The receiver applies them in its ring at LOCAL_QUORUM, durable, then acks.
struct Batch {
  std::uint64_t life = 0;    // of the sending gateway process: numbers start anew after a restart
  std::uint64_t number = 0;  // from 1
  std::vector<crdt::RowUpdate> rows;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(life, number, rows);
  }
};

// Of one batch, the places (from 0) of rows that could not be stored by a quorum in time. The
// others were.
struct BatchPart {
  std::uint64_t number = 0;
  std::vector<std::uint32_t> left;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, left);
  }
};
// Batches that are stored, and those of which a part is. What is left the sender sends again,
// later.
struct BatchAck {
  std::uint64_t life = 0;
  std::vector<std::uint64_t> numbers;
  std::vector<BatchPart> parts;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(life, numbers, parts);
  }
};

// "What does your region hold of this origin?" From a gateway that knows nothing yet.
struct ExtentAsk {
  RegionId origin;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(origin);
  }
};

// "My region holds these dots of these origins by quorum; send me what you have besides." The
// complete answer for the origins named: what is not in here is not held.
struct Extent {
  std::vector<RegionId> origins;
  std::vector<crdt::PartitionSeen> partitions;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(origins, partitions);
  }
};

// Every second: how far behind the sender believes the receiver to be in mutations of the sender's
// own origin that the sender ships, which share of the partitions that is, and a digest of what the
// sender's region has seen of the partitions that both hold.
struct Beat {
  std::uint64_t oldest_ms = 0;  // stamp of the oldest mutation not known to be held; 0: none
  std::uint64_t mutations = 0;
  std::uint64_t bytes = 0;  // known part, not compressed
  Fixed64 digest;
  std::uint64_t epoch = 0;  // that the sender's region is at
  std::uint32_t share = 0;  // from 0
  std::uint32_t shares = 1;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(oldest_ms, mutations, bytes, digest, epoch, share, shares);
  }
};

// A row for an each_quorum get: "read it by quorum in your region", and what that brought. `node`
// and `id` are the asking node and its name for the get; they come back, so that a gateway passes
// both on and keeps nothing.
struct RowAsk {
  NodeId node;
  std::uint64_t id = 0;
  crdt::RowKey key;
  std::uint32_t timeout_ms = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(node, id, key, timeout_ms);
  }
};
struct RowAnswer {
  NodeId node;
  std::uint64_t id = 0;
  crdt::Row row;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(node, id, row);
  }
};

// "Your region is at a newer epoch; tell me its layout." And that: local/view.h knows its encoding.
struct LayoutAsk {
  std::uint64_t epoch = 0;  // what the asker has

  template <class Archive>
  void serialize(Archive& archive) {
    archive(epoch);
  }
};
struct LayoutAnswer {
  Bytes layout;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(layout);
  }
};

using WanMessage = std::variant<Batch, BatchAck, ExtentAsk, Extent, Beat, RowAsk, RowAnswer,
                                LayoutAsk, LayoutAnswer>;

Bytes Pack(const WanMessage& message);
Result<WanMessage> UnpackWanMessage(ByteView body);

}  // namespace meridian::wan
