#include "local/catch_up.h"

namespace meridian::local {

CatchUp::CatchUp(const Ring& ring, Turn& turn, Replica& replica, CatchUpOptions options)
    : ring_(ring), turn_(turn), replica_(replica), options_(options) {
  FindPeers();
}

// All who are written a partition, but who is being filled: that has its own ways.
void CatchUp::FindPeers() {
  peers_.clear();
  const NodeId self{ring_.self().number};
  const auto takes_part = [&](PartitionKey key, NodeId node) {
    return ring_.IsWritten(key, node) && !ring_.IsFilling(key, node);
  };
  for (const PartitionKey key : replica_.log().partitions()) {
    if (!takes_part(key, self)) continue;
    for (const NodeId node : ring_.Nodes()) {
      if (node != self && takes_part(key, node)) peers_[node].shared.push_back(key);
    }
  }
}

void CatchUp::Start(Moment now) {
  last_id_ = FirstIdOf(replica_.actor());
  for (const PartitionKey key : replica_.log().partitions()) {
    settled_[key].Reset(replica_.log().Seen(key), replica_.log().ChangedAt(key));
  }
  next_probe_ = now.monotonic;
}

void CatchUp::FollowView() {
  FindPeers();
  std::erase_if(settled_, [&](const auto& one) { return !replica_.log().Holds(one.first); });
  for (const PartitionKey key : replica_.log().partitions()) {
    const auto [settled, is_new] = settled_.try_emplace(key);
    if (is_new) settled->second.Reset(replica_.log().Seen(key), replica_.log().ChangedAt(key));
  }
}

void CatchUp::Tick(Moment now) {
  if (now.monotonic < next_probe_) return;
  next_probe_ = now.monotonic + options_.interval;
  for (auto& [key, settled] : settled_) {
    if (!replica_.log().Holds(key)) continue;  // given up since
    settled.Advance(replica_.log().Seen(key), replica_.log().ChangedAt(key));
  }
  // While the disk is full none leaves, and they would pile up.
  if (turn_.Unless(probed_after_) != BatchId{}) return;
  for (const auto& [node, peer] : peers_) Probe(node, peer);
  probed_after_ = turn_.Barrier();
}

void CatchUp::Probe(NodeId node, const Peer& peer) {
  SeenProbe probe;
  for (const PartitionKey key : peer.shared) probe.digests.push_back({replica_.log().Digest(key)});
  probe.life = replica_.actor().packed;
  turn_.Send(ring_.Process(node), Pack(probe), turn_.Barrier());
}

void CatchUp::OnProbe(Moment now, NodeId from, const SeenProbe& probe) {
  const auto found = peers_.find(from);
  // Another number of partitions: the peer is of another epoch.
  if (found == peers_.end() || probe.digests.size() != found->second.shared.size()) return;
  Peer& peer = found->second;
  if (peer.ask_id != 0 && now.monotonic - peer.asked_at < options_.ask_timeout) return;
  std::vector<PartitionKey> differing;
  for (std::size_t i = 0; i < peer.shared.size(); ++i) {
    const PartitionKey key = peer.shared[i];
    if (replica_.log().IsFilling(key)) continue;  // comes otherwise
    if (probe.digests[i].value != replica_.log().Digest(key)) differing.push_back(key);
  }
  if (!differing.empty()) Ask(now, from, peer, std::move(differing));
}

void CatchUp::Ask(Moment now, NodeId node, Peer& peer, std::vector<PartitionKey> partitions) {
  ++counters_.asks;
  peer.ask_id = ++last_id_;
  peer.asked = std::move(partitions);
  peer.asked_at = now.monotonic;
  CatchUpAsk ask{peer.ask_id, {}};
  for (const PartitionKey key : peer.asked)
    ask.partitions.push_back({key, replica_.log().Seen(key)});
  turn_.Send(ring_.Process(node), Pack(ask), turn_.Barrier());
}

void CatchUp::OnAsk(Moment, NodeId from, const CatchUpAsk& ask) {
  PartitionLog::Slice slice;
  for (const PartitionSeen& theirs : ask.partitions) {
    const auto settled = settled_.find(theirs.key);
    if (settled == settled_.end() || slice.more || !replica_.log().Holds(theirs.key)) continue;
    const crdt::SeenVector missing = settled->second.vector().Without(theirs.seen);
    if (missing.empty()) continue;
    replica_.log().Read(theirs.key, missing, options_.bytes_per_answer, slice);
  }
  counters_.rows_sent += slice.rows.size();
  counters_.orphans += slice.orphans;
  turn_.Send(ring_.Process(from), Pack(CatchUpRows{ask.id, std::move(slice.rows), slice.more}),
             turn_.Barrier());
}

void CatchUp::OnRows(Moment now, NodeId from, CatchUpRows rows) {
  for (crdt::RowUpdate& update : rows.rows) replica_.Apply(std::move(update));
  counters_.rows_received += rows.rows.size();
  const auto peer = peers_.find(from);
  if (peer == peers_.end() || rows.id != peer->second.ask_id) return;
  peer->second.ask_id = 0;
  // Without rows the next answer would be the same: everything left is orphaned there.
  if (rows.more && !rows.rows.empty()) {
    Ask(now, from, peer->second, std::move(peer->second.asked));
  }
}

}  // namespace meridian::local
