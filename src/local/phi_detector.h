// How surprising a peer's silence is: phi accrual over the arrivals of its heartbeats.
//
//     phi 1: once in 10 such silences the peer is still there; phi 5: once in 100,000
//
// Mean and deviation of the intervals are learnt, so a slow or irregular network is not taken for
// death; the deviation has a floor, so a perfect one does not make it nervous. Source: Hayashibara
// et al., "The phi accrual failure detector", 2004. The tail of the normal distribution is
// approximated by Bowling's logistic polynomial, which needs no library function and so is the same
// on every machine.

#pragma once

#include <algorithm>

#include "base/time.h"

namespace meridian::local {

class PhiDetector {
 public:
  // As if the last heartbeat had come at `now`, and all before it `expected` apart.
  PhiDetector(Instant now, Duration expected);

  // A heartbeat. Intervals far beyond the usual are outages, not samples.
  void Beat(Instant now);
  // Any other sign of life: ends the silence, and is no sample.
  void Heard(Instant now) { last_ = std::max(last_, now); }
  // We did not listen for so long: that does not count against the peer.
  void Excuse(Duration missed, Instant now) {
    last_ = std::max(last_, std::min(last_ + missed, now));
  }

  double Phi(Instant now) const;
  Duration Silence(Instant now) const { return std::max(now - last_, Duration{}); }

 private:
  Duration expected_;
  Instant last_;       // sign of life
  Instant last_beat_;  // heartbeat
  double mean_;        // microseconds
  double variance_;
};

}  // namespace meridian::local
