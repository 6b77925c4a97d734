// One remote region, seen from a gateway: what it holds, what is on its way there, what comes next.
//
//     Offer ──> pending ──Next──> in flight ──OnAck──> held
//                  ^                  │
//                  └── from the log   └─ silent too long: sent again; not stored: missing again
//
// Batches are self-clocked: while the window is open a batch leaves as soon as the last one is a
// few milliseconds old; while it is closed rows gather. What does not fit into `pending` is dropped
// here: it is in the region's logs, Missing() finds it and it is read from there. Nothing in here
// needs to survive the process: a new one asks the region what it holds.
//
// A pure core: no socket, no clock.

#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/time.h"
#include "wan/messages.h"

namespace meridian::wan {

struct OutboxOptions {
  std::size_t window_bytes = 4 << 20;    // in flight, before compression
  std::size_t batch_bytes = 256 * 1024;  // one live batch
  std::size_t pending_bytes_max = 8 << 20;
  std::size_t row_bytes_max = 7 << 20;             // a message between regions carries 8 MiB
  Duration rest = std::chrono::seconds(5);         // of a partition that the region could not store
  Duration gather = std::chrono::milliseconds(5);  // between batches that are not full
  Duration resend_after = std::chrono::milliseconds(1500);
};

// A row to ship, with the partition its dots count in.
struct Parcel {
  crdt::PartitionKey partition;
  crdt::RowUpdate update;
};

class Outbox {
 public:
  // `life` differs at every start of the gateway.
  Outbox(std::uint64_t life, OutboxOptions options) : life_(life), options_(options) {}

  // False until the region has told what it holds: then nothing from the log may be sent yet, or a
  // restart would ship everything again.
  bool knows_extent() const { return knows_extent_; }

  // The region holds this of the partition. Replaces what was believed for dots in `denied`: what
  // it should hold and says it does not.
  void Believe(crdt::PartitionKey partition, const crdt::SeenVector& held,
               const crdt::SeenVector& denied);
  void ExtentKnown() { knows_extent_ = true; }
  void ForgetExtent() { knows_extent_ = false; }

  // Queues a row unless all its dots are held or on their way. False, and it is not queued, when
  // `pending` is full or the partition rests. A row that no message can carry is counted and left:
  // in flight it would keep the window closed for ever.
  bool Offer(Parcel parcel);
  // Rows that were too large are missing again: they may have been overwritten by smaller ones.
  void RetryTooLarge() { too_large_.clear(); }

  // What of `seen` is neither held there nor on its way.
  crdt::SeenVector Missing(crdt::PartitionKey partition, const crdt::SeenVector& seen) const;
  // What of `seen` is not held there, on its way or not.
  crdt::SeenVector NotHeld(crdt::PartitionKey partition, const crdt::SeenVector& seen) const;
  bool Holds(crdt::PartitionKey partition, const crdt::Dot& dot) const;

  // The next batch, if one is due now.
  std::optional<Batch> Next(Instant now);
  // Batches that were not acknowledged for too long; each counts as sent again now. While nothing
  // that was sent once is acknowledged, that takes twice as long each time (Karn's rule, as in
  // TCP).
  std::vector<Batch> Overdue(Instant now);
  // The region is there again after a silence: what waits is sent again soon.
  void OnReturn() { doublings_ = 0; }
  // When Next or Overdue is next worth calling.
  Instant NextDeadline() const;

  void OnAck(Instant now, const BatchAck& ack);

  // The region has no quorum of the partition's nodes: its rows are not taken for a while, lest
  // they fill the window that the others need. They are in the log.
  bool Rests(crdt::PartitionKey partition) const { return resting_.contains(partition); }

  bool HasRoom() const { return pending_bytes_ < options_.pending_bytes_max / 2; }
  bool idle() const { return pending_.empty() && in_flight_.empty(); }
  // The oldest stamp of what this region minted that is pending or in flight and not held there;
  // nothing when idle.
  std::optional<crdt::Stamp> OldestStamp(RegionId origin) const;
  std::size_t waiting_bytes() const { return pending_bytes_ + in_flight_bytes_; }
  std::uint64_t resent_batches() const { return resent_batches_; }
  std::uint64_t rows_too_large() const { return rows_too_large_; }
  Duration round_trip() const { return round_trip_; }

 private:
  struct InFlight {
    std::vector<Parcel> parcels;
    std::size_t bytes = 0;
    Instant first_sent;
    Instant last_sent;
  };
  Batch MakeBatch(std::uint64_t number, const InFlight& flight) const;
  // Its rows at the places `left` (ascending) are not stored there.
  void End(Instant now, std::uint64_t number, const std::vector<std::uint32_t>& left);
  void LetRest(Instant now, crdt::PartitionKey partition);
  void NotOnWay(const Parcel& parcel);
  bool WindowOpen() const { return in_flight_bytes_ < options_.window_bytes; }
  Duration ResendAfter() const;

  std::uint64_t life_;
  OutboxOptions options_;
  bool knows_extent_ = false;
  std::map<crdt::PartitionKey, crdt::SeenVector> held_;
  std::map<crdt::PartitionKey, crdt::SeenVector> on_way_;  // pending and in flight
  std::map<crdt::PartitionKey, crdt::SeenVector> too_large_;
  std::map<crdt::PartitionKey, Instant> resting_;  // and until when
  std::deque<Parcel> pending_;
  std::size_t pending_bytes_ = 0;
  std::map<std::uint64_t, InFlight> in_flight_;  // by batch number
  std::size_t in_flight_bytes_ = 0;
  std::uint64_t last_number_ = 0;
  Instant last_batch_{};
  Duration round_trip_{};   // smoothed, of batches that were sent once
  unsigned doublings_ = 0;  // of the time before a batch is sent again
  Instant doubled_at_{};
  std::uint64_t resent_batches_ = 0;
  std::uint64_t rows_too_large_ = 0;
};

}  // namespace meridian::wan
