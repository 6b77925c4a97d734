// What the processes of one region say to each other: nodes among themselves, and with gateways.
//
// A body is one byte, the message's place in RingMessage, and its encoding (docs/wire.md). The list
// only grows at its end. Every request carries an id of its sender's choice that the answer
// repeats; ids are never used again, also not after a restart, or an answer to the process that was
// would be taken for one to the process that is. Any message may be lost or repeated, so every one
// is safe to handle twice.

#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/codec.h"
#include "crdt/row_update.h"
#include "crdt/seen_vector.h"
#include "local/audit_messages.h"
#include "local/disk_messages.h"
#include "local/fill_messages.h"
#include "local/liveness_messages.h"
#include "local/move_messages.h"
#include "local/patience.h"
#include "local/ring.h"
#include "local/view_messages.h"

namespace meridian::local {

// The ids of a node's messages are above this. Unique to the actor's incarnation, so none may leave
// before that is durable.
constexpr std::uint64_t FirstIdOf(Actor actor) {
  return std::uint64_t{actor.incarnation()} << 32;
}

// Apply these rows; answer when they are durable. id 0: no answer wanted (read repair). Dropped
// when the asker's patience is over; catch-up brings the rows.
struct Replicate {
  std::uint64_t id = 0;
  std::vector<crdt::RowUpdate> rows;
  Patience patience;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, rows, patience);
  }
};
// Of one Replicate or more.
struct ReplicateAck {
  std::vector<std::uint64_t> ids;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(ids);
  }
};

// Answered by RowRead, or by RowDigest if that will do for the asker.
struct ReadRow {
  std::uint64_t id = 0;
  crdt::RowKey key;
  bool digest = false;
  Patience patience;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, key, digest, patience);
  }
};
struct RowRead {
  std::uint64_t id = 0;
  crdt::Row row;  // with an empty context when there is none

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, row);
  }
};

// A client's request passed on to a primary, and what it answered. Done by the life that it names
// only: what a receiver knows again is in its memory, so a copy that reached its next life would be
// done a second time.
struct Forward {
  std::uint64_t id = 0;
  Bytes request;
  std::uint64_t life = 0;  // of the receiver, its actor; 0: the sender does not know it
  Patience patience;       // a little less than the sender's own: its answer is to come in time

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, request, life, patience);
  }
};
struct Forwarded {
  std::uint64_t id = 0;
  Bytes answer;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, answer);
  }
};

// Digests of the seen vectors of every partition that both hold, in ascending order.
struct SeenProbe {
  std::vector<Fixed64> digests;
  std::uint64_t life = 0;  // of the sender, for Forward

  template <class Archive>
  void serialize(Archive& archive) {
    archive(digests, life);
  }
};
// "This is what I have seen of these partitions; send me what I lack."
struct CatchUpAsk {
  std::uint64_t id = 0;
  std::vector<PartitionSeen> partitions;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, partitions);
  }
};
struct CatchUpRows {
  std::uint64_t id = 0;
  std::vector<crdt::RowUpdate> rows;
  bool more = false;  // cut at the byte limit: ask again

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, rows, more);
  }
};

// A gateway's standing order: "send me my share of what you mint, and tell me what you have seen
// since your report number `since`." Renewed every second; lapses after five.
struct FeedOrder {
  std::uint64_t life = 0;  // of the report that `since` refers to; 0: none yet
  std::uint64_t since = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(life, since);
  }
};
// Rows that this node has minted and holds durably.
struct FeedRows {
  std::vector<crdt::RowUpdate> rows;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(rows);
  }
};
struct SeenReport {
  std::uint64_t life = 0;    // differs after every restart: numbers start anew
  std::uint64_t since = 0;   // only partitions that changed after this number are in here
  std::uint64_t number = 0;  // for the next order
  std::vector<std::uint32_t> gateways;  // whose orders stand, ascending: they share the partitions
  std::vector<PartitionSeen> partitions;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(life, since, number, gateways, partitions);
  }
};
// "Send me the rows of these dots from your durable log."
struct LogRead {
  std::uint64_t id = 0;
  std::vector<PartitionSeen> wanted;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, wanted);
  }
};
struct LogRows {
  std::uint64_t id = 0;
  std::vector<crdt::RowUpdate> rows;
  std::uint64_t orphans = 0;  // log rows whose data row is missing; never shown as covered (rule 3)
  bool more = false;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, rows, orphans, more);
  }
};

// A coordinator's question for each_quorum, and the gateway's answer when every other region of the
// placement holds the dot by quorum.
struct HeldAsk {
  std::uint64_t id = 0;
  PartitionKey key;
  crdt::Dot dot;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, key, dot);
  }
};
struct HeldEverywhere {
  std::uint64_t id = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id);
  }
};

// "That Forward was addressed to another life than mine; I have not done it." The same life twice:
// it was mine, but one of us has an older view of the ring.
struct ForwardRefused {
  std::uint64_t id = 0;
  std::uint64_t addressed = 0;
  std::uint64_t life = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, addressed, life);
  }
};

// A coordinator's question for an each_quorum get, and one region's answer: the row as a quorum of
// its primaries knows it. Regions answer one by one.
struct ReadElsewhere {
  std::uint64_t id = 0;
  crdt::RowKey key;
  std::vector<RegionId> regions;
  std::uint32_t timeout_ms = 0;  // the asker gives up after this

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, key, regions, timeout_ms);
  }
};
struct RowElsewhere {
  std::uint64_t id = 0;
  RegionId region;
  crdt::Row row;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, region, row);
  }
};

// "Keep these rows for primaries that cannot be had." Answered with ReplicateAck when durable.
struct KeepHint {
  std::uint64_t id = 0;
  std::uint32_t needed = 0;  // W of the put: so many primaries must hold it before it is dropped
  std::vector<crdt::RowUpdate> rows;
  std::vector<NodeId> absent;  // those primaries, as the coordinator saw it; told to operators

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, needed, rows, absent);
  }
};

// Not kept: too much is being kept already. Ask another.
struct HintRefused {
  std::uint64_t id = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id);
  }
};

// The answer to ReadRow of a node that is no primary of the row: what it keeps of it for others.
struct HintRead {
  std::uint64_t id = 0;
  crdt::Row row;  // with an empty context when it keeps nothing, which says nothing about the row

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, row);
  }
};

// "My row of that key has this digest" (local/row_digest.h).
struct RowDigest {
  std::uint64_t id = 0;
  Fixed64 digest;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, digest);
  }
};

using RingMessage =
    std::variant<Replicate, ReplicateAck, ReadRow, RowRead, Forward, Forwarded, SeenProbe,
                 CatchUpAsk, CatchUpRows, FeedOrder, FeedRows, SeenReport, LogRead, LogRows,
                 HeldAsk, HeldEverywhere, ForwardRefused, ReadElsewhere, RowElsewhere, LiveGossip,
                 Ping, PingAck, PingFor, PingForDone, KeepHint, HintRefused, HintRead, AuditRoots,
                 AuditBranches, AuditLeaves, AuditDiffering, AuditList, AuditRows, AuditMend,
                 AuditRestore, RowDigest, FillAsk, FillRows, DiskAsk, DiskKnown, LifeMark,
                 ReadRefused, DecreeCall, ViewNotice, ViewAsk, ViewTold, LayoutTold, SumAsk, Sum,
                 HandOn, HeldHere>;

Bytes Pack(const RingMessage& message);
// The same bytes, for one that need not be in a variant; there is one for each (messages.cc).
template <class Message>
Bytes Pack(const Message& message);
Result<RingMessage> UnpackRingMessage(ByteView body);

}  // namespace meridian::local
