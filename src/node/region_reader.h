// Reads rows by quorum in this region's ring for each_quorum gets of other regions.
//
//     RowAsk ─> ReadRow to every primary ─> RowRead of most of them ─> joined: RowAnswer
//
// All primaries are asked at once, and the silent ones again until the asker gives up. Nothing is
// repaired: stale replicas here catch up by themselves. Bounded by number and by the bytes of what
// was gathered; beyond either an ask is not taken on, and the asker asks again.

#pragma once

#include <map>

#include "base/turn.h"
#include "local/messages.h"
#include "local/read_quorum.h"
#include "local/ring.h"
#include "wan/messages.h"

namespace meridian::node {

class RegionReader {
 public:
  // Both outlive this. `life` differs at every start: rows for an earlier process are not for this.
  RegionReader(const local::Ring& ring, Turn& turn, std::uint64_t life)
      : ring_(ring), turn_(turn), last_id_(life) {}

  // Once while the same is being read; ignored when too much is, or this region does not hold the
  // row.
  void Read(Moment now, ProcessId gateway, const wan::RowAsk& ask);
  void OnRowRead(NodeId from, local::RowRead read);
  // What is under way is given up; its askers will ask again.
  void Forget() {
    reads_.clear();
    bytes_ = 0;
  }
  void Tick(Moment now);
  Instant NextDeadline() const;

  std::size_t in_flight() const { return reads_.size(); }

 private:
  struct Pending {
    ProcessId gateway;
    wan::RowAsk ask;
    local::ReadQuorum quorum;
    std::size_t bytes = 0;  // of the rows gathered
    Instant next_resend;
    Instant deadline;
  };
  using Reads = std::map<std::uint64_t, Pending>;

  void AskSilent(Moment now, std::uint64_t id, const Pending& pending);
  Reads::iterator Forget(Reads::iterator read);

  const local::Ring& ring_;
  Turn& turn_;
  std::uint64_t last_id_;
  Reads reads_;
  std::size_t bytes_ = 0;
};

}  // namespace meridian::node
