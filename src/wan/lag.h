// Lag of one origin as the receiving region sees it: how old its oldest mutation is that is not
// held here by a quorum, in seconds, true when idle.
//
//     the origin's last word      what is said
//     fresh, nothing waiting      0
//     fresh, oldest stamp T       now - T
//     older than three seconds    at most now - that word (or T): unknown since then
//
// The origin's gateways share its partitions and each speaks for its share, "1 of 3": the oldest of
// them counts. One that has been silent for longer than the others is gone. Mostly they have taken
// over its share; while they have not, as when only its links are cut, nobody speaks for that share
// and the lag is unknown.
//
// Beside it, how long every mutation took from mint to held here.
// The two clocks are the two regions' wall clocks; their offset is part of the figure.

#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/histogram.h"
#include "base/time.h"
#include "crdt/hybrid_clock.h"
#include "wan/messages.h"

namespace meridian::wan {

struct LagNow {
  bool heard = false;    // any word of the origin since this process started
  bool unknown = false;  // the last word is too old: `age` is an upper bound
  Duration age{};
  std::uint64_t mutations = 0;
  std::uint64_t bytes = 0;
};

class Lag {
 public:
  void OnBeat(Moment now, std::uint32_t gateway, const Beat& beat);
  // A mutation of this stamp is now held by a quorum here.
  void OnHeld(Moment now, crdt::Stamp stamp);

  LagNow Now(Moment now) const;
  const Histogram& held_ms() const { return held_ms_; }

 private:
  struct Word {
    Beat beat;
    Moment at;
  };
  bool HasAllShares(Moment now) const;

  std::map<std::uint32_t, Word> words_;  // the last of each gateway
  std::optional<Instant> complete_at_;   // when all shares were last spoken for, or the first word
  Histogram held_ms_;
};

}  // namespace meridian::wan
