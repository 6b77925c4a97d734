// Sends whole partitions to nodes that lack them: the answering side of local/refill.
//
//     FillAsk ──> much is missing: the rows in key order, from `after` on
//                 little is:       the rows of the logged dots that the asker lacks
//
// Keeps nothing between two asks, so a restart of either side costs one ask. Everything seen is
// sent, what is not settled too: the asker counts for no read, and must not wait for a beat. Who
// gains the partition by a change of the ring is in no hurry, and gets it in small pieces.

#pragma once

#include "local/messages.h"
#include "local/replica.h"

namespace meridian::local {

class FillSource {
 public:
  // All outlive this.
  FillSource(const Ring& ring, Turn& turn, const Replica& replica, std::size_t bytes_per_answer)
      : ring_(ring), turn_(turn), replica_(replica), bytes_per_answer_(bytes_per_answer) {}

  // `sound`: this node is not being filled with that partition itself.
  void OnAsk(ProcessId from, const FillAsk& ask, bool sound);

  std::uint64_t rows_sent() const { return rows_sent_; }
  std::uint64_t orphans() const { return orphans_; }

 private:
  struct Piece {
    std::size_t bytes;
    std::size_t rows_looked_at;
  };
  void FillFromData(const FillAsk& ask, const Piece& piece, FillRows& answer);
  void FillFromLog(const FillAsk& ask, const Piece& piece, const crdt::SeenVector& missing,
                   FillRows& answer);

  const Ring& ring_;
  Turn& turn_;
  const Replica& replica_;
  const std::size_t bytes_per_answer_;
  std::uint64_t rows_sent_ = 0;
  std::uint64_t orphans_ = 0;
};

}  // namespace meridian::local
