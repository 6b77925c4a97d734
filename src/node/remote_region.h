// A gateway's dealings with one other region: what it must be sent, and what it told of itself.
//
//     nodes' FeedRows ───────────────> Outbox ─> Batch ─> one of its gateways
//     Missing() ─> LogRead ─> LogRows ──^          <─ BatchAck
//
// In the normal course only dots of this region's own origin are sent. For others the remote region
// asks, by naming origins in its Extent: it lost rows of its own, or their origin is dead or cut
// off.

#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/turn.h"
#include "local/messages.h"
#include "node/region_view.h"
#include "wan/lag.h"
#include "wan/outbox.h"

namespace meridian::node {

class RemoteRegion {
 public:
  // All outlive this.
  RemoteRegion(const local::Ring& ring, RegionId id, RegionView& view, Turn& turn,
               std::uint64_t life, wan::OutboxOptions options);

  // A row that a node of this region has just minted.
  void Offer(const wan::Parcel& parcel) {
    if (Concerns(parcel.partition)) outbox_.Offer(parcel);
  }

  void OnHeard(Moment now, ProcessId gateway) {
    if (!Alive(now)) outbox_.OnReturn();
    heard_[gateway] = now.monotonic;
  }
  void OnAck(Moment now, const wan::BatchAck& ack) { outbox_.OnAck(now.monotonic, ack); }
  void OnExtent(const wan::Extent& extent);
  // Ignored unless this had asked for them.
  void OnLogRows(const local::LogRows& rows);
  void OnBeat(Moment now, ProcessId gateway, const wan::Beat& beat) {
    remote_digest_ = beat.digest.value;
    lag_.OnBeat(now, gateway.number, beat);
  }

  // "Read this row by quorum for a get of a node here."
  void AskRow(Moment now, const wan::RowAsk& ask) { Send(now, ask); }

  // Once a second: tells how far behind it is, and looks for what it lacks.
  void Beat(Moment now);
  // Sends what is due. After every event.
  void Pump(Moment now);
  Instant NextDeadline() const;

  // Sends what this region holds of these origins: to the gateway that asked, or to all of them,
  // for each ships its share.
  void SendExtent(std::vector<RegionId> origins, std::optional<ProcessId> to);

  // The share of partitions that this gateway looks after; when it changes, what the region holds
  // must be asked anew, because another gateway has shipped to it.
  void SetShare(std::size_t index, std::size_t count);

  // False when the region does not hold the placement; then it is nobody's business there.
  bool Concerns(local::PartitionKey key) const;
  bool Holds(local::PartitionKey key, const crdt::Dot& dot) const {
    return outbox_.Holds(key, dot);
  }
  bool Alive(Moment now) const;  // a gateway of it was heard of lately
  const local::Region& region() const { return *ring_.topology().FindRegion(id_); }
  const wan::Outbox& outbox() const { return outbox_; }
  wan::Lag& lag() { return lag_; }
  const wan::Lag& lag() const { return lag_; }
  // By its last word it has seen what this region holds of the partitions they share.
  bool HoldsTheSame() const { return remote_digest_ == view_.HeldDigest(id_); }
  std::uint64_t mutations_behind() const { return mutations_behind_; }
  // Age of the oldest mutation of this region that the other is not known to hold.
  Duration Behind(Moment now) const;

 private:
  void Send(Moment now, const wan::WanMessage& message);
  void SendToAll(const wan::WanMessage& message);
  void LookForMissing(Moment now);
  std::optional<NodeId> HolderOf(Moment now, local::PartitionKey key,
                                 const crdt::SeenVector& missing) const;
  bool IsOwn(Actor actor) const;
  crdt::SeenVector Wanted(local::PartitionKey key) const;
  bool IsMyShare(local::PartitionKey key) const;
  void CountBehind(Moment now);

  const local::Ring& ring_;
  RegionId id_;  // its gateways are those of the epoch in force
  RegionView& view_;
  Turn& turn_;
  wan::Outbox outbox_;
  wan::Lag lag_;
  std::uint64_t remote_digest_ = 0;
  std::map<ProcessId, Instant> heard_;
  // Dots of other origins that the region lacked when it last asked for them.
  std::map<local::PartitionKey, crdt::SeenVector> owed_;
  std::size_t share_index_ = 0;
  std::size_t share_count_ = 1;
  std::size_t rotation_ = 0;
  std::uint64_t beats_ = 0;
  bool look_ = false;          // something may be missing there that is in a log here
  std::uint64_t read_id_ = 0;  // of the LogRead that is out; 0: none
  NodeId read_from_;
  Instant read_deadline_ = kNever;
  std::map<NodeId, Instant> silent_until_;  // nodes that let a LogRead wait are not asked before
  local::PartitionKey look_after_;          // the next look begins behind this partition
  std::uint64_t last_read_id_;
  std::uint64_t mutations_behind_ = 0;
  std::uint64_t counted_at_ = UINT64_MAX;  // changes of the view when those were counted
  std::optional<WallTime> behind_since_;   // while it is not zero
};

}  // namespace meridian::node
