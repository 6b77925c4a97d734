#include "local/disk_check.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/big_endian.h"
#include "base/fail_stop.h"

namespace meridian::local {
namespace {

constexpr ByteView kMarkKey = "mark";
constexpr std::uint8_t kMarkVersion = 1;

using Remembered = std::pair<std::uint32_t, std::uint64_t>;  // incarnation, mark

Bytes KnownKey(NodeId node) {
  Bytes key = "known";
  AppendBigEndian(key, node.value);
  return key;
}

}  // namespace

DiskCheck::DiskCheck(const Ring& ring, Turn& turn, Replica& replica, DiskCheckOptions options,
                     std::uint64_t nonce)
    : ring_(ring), turn_(turn), replica_(replica), options_(options), nonce_(nonce) {
  for (const Node& node : ring_.region().nodes) {
    if (node.id.value != ring_.self().number) peers_[node.id] = {};
  }
}

void DiskCheck::Start(Moment now) {
  stored_incarnation_ = replica_.minter().latest();
  if (const auto stored = OrStop(turn_.Get(Column::kMeta, kMarkKey))) {
    stored_mark_ = OrStop(DecodeVersioned<std::uint64_t>(kMarkVersion, *stored));
  }
  for (auto& [node, peer] : peers_) {
    const auto stored = OrStop(turn_.Get(Column::kMeta, KnownKey(node)));
    if (!stored) continue;
    std::tie(peer.incarnation, peer.mark) =
        OrStop(DecodeVersioned<Remembered>(kMarkVersion, *stored));
  }
  judged_by_ = now.monotonic + options_.grace;
  next_ = now.monotonic + options_.ask_again;
  AskSilent();
  Judge(now);
}

void DiskCheck::FollowView() {
  const std::vector<NodeId> nodes = ring_.Nodes();
  std::erase_if(peers_, [&](const auto& peer) {
    return std::ranges::find(nodes, peer.first) == nodes.end();
  });
  for (const NodeId node : nodes) {
    if (node.value == ring_.self().number || peers_.contains(node)) continue;
    Peer peer;
    peer.is_new = peer.came_later = true;
    peers_.emplace(node, peer);
  }
}

void DiskCheck::AskSilent() {
  const DiskAsk ask{nonce_, first_, begun_ ? replica_.minter().latest() : 0};
  for (const auto& [node, peer] : peers_) {
    if (!peer.answered) turn_.Send(ring_.Process(node), Pack(ask));
  }
}

void DiskCheck::Judge(Moment now) {
  const bool all = std::ranges::all_of(peers_, [](const auto& p) { return p.second.answered; });
  judged_ = judged_ || all || now.monotonic >= judged_by_;
}

bool DiskCheck::must_fill() const {
  if (known_mark_ > stored_mark_ || known_incarnation_ > stored_incarnation_) return true;
  const bool new_ring = std::ranges::all_of(peers_, [](const auto& p) { return p.second.is_new; });
  return is_empty() && !new_ring;
}

void DiskCheck::Begin(Moment now) {
  fills_ = must_fill();
  contradicted_ = false;
  if (!std::exchange(begun_, true)) first_ = replica_.actor().incarnation();
  mark_ = std::max({mark_, stored_mark_, known_mark_});
  AdvanceMark();
  next_ = now.monotonic + options_.beat;
}

void DiskCheck::AdvanceMark() {
  changes_marked_ = replica_.log().changes();
  turn_.Put(Column::kMeta, Bytes(kMarkKey), EncodeVersioned(kMarkVersion, ++mark_));
}

// Of its dots that are seen here, too: a peer may have died before anybody heard its mark.
std::uint32_t DiskCheck::IncarnationSeen(NodeId node, const DiskAsk& ask) const {
  const auto is_news = [&](std::uint32_t number) {
    return number < ask.first || number > ask.last;
  };
  std::uint32_t highest = 0;
  const auto known = peers_.find(node);
  if (known != peers_.end() && is_news(known->second.incarnation)) {
    highest = known->second.incarnation;
  }
  for (const PartitionKey key : replica_.log().partitions()) {
    for (const crdt::SeenVector::Entry& entry : replica_.log().Seen(key).entries()) {
      const Actor actor = entry.actor;
      if (actor.region() != ring_.self().region || actor.node() != node) continue;
      if (is_news(actor.incarnation())) highest = std::max(highest, actor.incarnation());
    }
  }
  return highest;
}

void DiskCheck::OnAsk(NodeId from, const DiskAsk& ask) {
  const auto peer = peers_.find(from);
  if (peer == peers_.end()) return;
  DiskKnown known{ask.nonce, IncarnationSeen(from, ask), peer->second.mark, true};
  for (const PartitionKey key : replica_.log().partitions()) {
    known.empty = known.empty && replica_.log().Seen(key).empty();
  }
  turn_.Send(ring_.Process(from), Pack(known));
}

void DiskCheck::OnKnown(Moment now, NodeId from, const DiskKnown& known) {
  const auto peer = peers_.find(from);
  if (peer == peers_.end() || peer->second.answered || known.nonce != nonce_) return;
  peer->second.answered = true;
  if (!peer->second.came_later) {
    peer->second.is_new = known.incarnation == 0 && known.mark == 0 && known.empty;
  }
  known_mark_ = std::max(known_mark_, known.mark);
  // An ask from before this life had begun may be answered when its first dots have spread.
  const std::uint32_t latest = replica_.minter().latest();
  const bool is_own = begun_ && known.incarnation >= first_ && known.incarnation <= latest;
  if (!is_own) known_incarnation_ = std::max(known_incarnation_, known.incarnation);
  if (!begun_) return Judge(now);
  // Dots could be minted twice, or what this disk has acknowledged is missing.
  contradicted_ = contradicted_ || known_incarnation_ > latest || (must_fill() && !fills_);
}

// A part of it may be of an earlier life that went further: each is kept at its highest.
void DiskCheck::OnLifeMark(NodeId from, const LifeMark& mark) {
  const auto found = peers_.find(from);
  if (found == peers_.end()) return;
  Peer& peer = found->second;
  if (mark.incarnation <= peer.incarnation && mark.mark <= peer.mark) return;
  peer.incarnation = std::max(peer.incarnation, mark.incarnation);
  peer.mark = std::max(peer.mark, mark.mark);
  turn_.Put(Column::kMeta, KnownKey(from),
            EncodeVersioned(kMarkVersion, Remembered(peer.incarnation, peer.mark)));
}

// Only changes of the log count: if what peers tell of themselves did, two idle nodes would keep
// each other writing for ever. A peer that has not answered yet hears no mark of this life, or it
// could no longer tell what it knew before.
void DiskCheck::Tick(Moment now) {
  if (now.monotonic < next_) return;
  AskSilent();
  Judge(now);
  next_ = now.monotonic + (begun_ ? options_.beat : options_.ask_again);
  if (!begun_) return;
  // A peer that answered late may remember a higher one of an earlier life.
  const bool outdone = known_mark_ >= mark_;
  mark_ = std::max(mark_, known_mark_);
  if (outdone || replica_.log().changes() != changes_marked_) AdvanceMark();
  if (turn_.Unless(told_after_) != BatchId{}) return;  // the last one has not left: a full disk
  const LifeMark mark{replica_.minter().latest(), mark_};
  for (const auto& [node, peer] : peers_) {
    if (peer.answered) turn_.Send(ring_.Process(node), Pack(mark), turn_.Barrier());
  }
  told_after_ = turn_.Barrier();
}

}  // namespace meridian::local
