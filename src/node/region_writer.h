// Applies batches from other regions in this region's ring at LOCAL_QUORUM, durable.
//
//     batch ─> one Replicate to every primary concerned ─> acks ─> W of each row's primaries ─>
//     done
//
// Rows that share their primaries are counted together. Silent primaries are asked again. After
// some seconds a batch is done with what it has: rows without W are named as left, so that one
// partition without a quorum does not hold up the others. Applying twice is harmless. Bounded by
// number and by the bytes kept for asking again; beyond either a batch is not taken on, and its
// sender sends it again.

#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/turn.h"
#include "local/messages.h"
#include "local/ring.h"
#include "local/write_quorum.h"

namespace meridian::node {

class RegionWriter {
 public:
  // Names a batch to whoever ordered it.
  struct Ticket {
    ProcessId from;
    std::uint64_t life = 0;
    std::uint64_t number = 0;
    friend auto operator<=>(const Ticket&, const Ticket&) = default;
  };
  // The latest version of a row that was written: when and where it was minted.
  struct Newest {
    RegionId origin;
    crdt::Stamp stamp;
  };
  struct Written {
    Ticket ticket;
    std::vector<Newest> newest;       // of each row that is stored
    std::vector<std::uint32_t> left;  // places of the rows that are not, ascending
  };

  // Both outlive this. `life` differs at every start: acks to an earlier process are not for this.
  RegionWriter(const local::Ring& ring, Turn& turn, std::uint64_t life)
      : ring_(ring), turn_(turn), last_id_(life) {}

  // Ignored when the same batch is being written or too many are. Rows of placements that this
  // region does not hold count as done.
  void Write(Moment now, Ticket ticket, std::vector<crdt::RowUpdate> rows);
  void OnAck(NodeId from, std::uint64_t id);
  // What is under way is given up; its senders will send it again.
  void Forget();
  void Tick(Moment now);
  Instant NextDeadline() const;
  std::vector<Written> TakeWritten() { return std::exchange(written_, {}); }

  std::size_t in_flight() const { return batches_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct RowPlace {
    std::uint32_t place = 0;  // in the batch
    std::size_t quorum = 0;   // index of its
    std::optional<Newest> newest;
  };
  struct Pending {
    Ticket ticket;
    std::vector<RowPlace> rows;               // ascending places
    std::vector<local::WriteQuorum> quorums;  // one for every set of primaries
    std::map<NodeId, Bytes> messages;         // what each primary was sent
    Instant next_resend;
    Instant deadline;
  };
  using Batches = std::map<std::uint64_t, Pending>;
  void Settle(Batches::iterator batch);
  static Written Result(const Pending& pending);
  Batches::iterator Forget(Batches::iterator batch);

  const local::Ring& ring_;
  Turn& turn_;
  std::uint64_t last_id_;
  Batches batches_;
  std::size_t bytes_ = 0;  // of all messages of all batches
  std::map<Ticket, std::uint64_t> ids_;
  std::vector<Written> written_;
};

}  // namespace meridian::node
