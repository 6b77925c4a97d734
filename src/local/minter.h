// Mints dots: decides under which actor, and that none is ever minted twice.
//
//     incarnation 7 drawn at start, durable ──> 1.2.7:1, 1.2.7:2, ...   counted a partition
//     Renew(p)  ──> incarnation 8 for p, once durable ──> 1.2.8:1, ...  others go on under 7
//
// An actor mints only while it holds every row it minted (rule 2). So every start draws another
// incarnation, and so does a partition whose rows this node gives up, and each term as a stand-in:
// its rows are hints, and it ends when the first of them is given away. The number is durable
// before the first dot that bears it. A disk may be lost, or be an old copy, and know less than was
// drawn: so a number is also above what peers know and above the seconds since 1970, and then some
// steps further, by chance: two draws from the same beginnings differ even when no peer can be
// asked.

#pragma once

#include <cstdint>
#include <map>

#include "base/turn.h"
#include "crdt/dot.h"
#include "local/ring.h"

namespace meridian::local {

// As what a node mints for a partition.
enum class TermKind : std::uint8_t { kPrimary, kStandIn, kEnded };

class Minter {
 public:
  // Both outlive this.
  Minter(const Ring& ring, Turn& turn) : ring_(ring), turn_(turn) {}

  // Reads what was drawn before. Once, before anything else.
  void Load();
  // What this disk has drawn so far; 0 on an empty one.
  std::uint32_t latest() const { return incarnation_; }

  // Draws this start's incarnation, for all partitions: above what is stored, above `known`, of
  // this node's by whoever was asked, and above the clock. `chance` differs at every start.
  void Begin(WallTime now, std::uint32_t known, std::uint64_t chance);

  // This start; names the process where it must differ from the one before.
  Actor actor() const { return start_.actor; }
  // Until then nothing may be minted, nor any id be used that is unique to this start.
  bool HasStarted() const { return turn_.durable() >= start_.drawn_in; }
  bool HasBegun() const { return start_.drawn_in != kNotDrawn; }

  bool MayMint(PartitionKey key) const {
    const Term& term = TermOf(key);
    return term.kind != TermKind::kEnded && turn_.durable() >= term.drawn_in;
  }
  // Requires MayMint(key).
  crdt::Dot Mint(PartitionKey key);

  // From now on the partition's dots are another actor's.
  void Renew(PartitionKey key, TermKind kind = TermKind::kPrimary);
  // Renews unless the partition's term is of this kind already: what a primary minted is not where
  // a stand-in looks, nor the other way round.
  void Ensure(PartitionKey key, TermKind kind) {
    if (TermOf(key).kind != kind) Renew(key, kind);
  }
  // A hint of the partition is given up: whatever this node mints for it next is another actor's.
  void EndStandIn(PartitionKey key);

  // For messages: unique to this start. Requires HasStarted().
  std::uint64_t NewMessageId() {
    return (std::uint64_t{start_.actor.incarnation()} << 32) + ++messages_;
  }

 private:
  static constexpr BatchId kNotDrawn{UINT64_MAX};
  struct Term {
    Actor actor;
    BatchId drawn_in = kNotDrawn;  // the batch that makes its incarnation durable
    TermKind kind = TermKind::kPrimary;
  };
  Term Draw(TermKind kind);
  const Term& TermOf(PartitionKey key) const;

  const Ring& ring_;
  Turn& turn_;
  std::uint32_t incarnation_ = 0;  // the last one drawn
  std::uint64_t messages_ = 0;
  Term start_;
  std::map<PartitionKey, Term> renewed_;
  std::map<PartitionKey, std::uint64_t> minted_;  // highest sequence of the partition's actor
};

}  // namespace meridian::local
