// How long whoever asked still waits, carried with a request, and whether that time is over when
// the request is met.
//
//     sender     {sent 81'000, left 1'500}      milliseconds of its own monotonic clock
//     receiver   9'300 on arrival; the quickest of that sender took 9'300 - 81'000 lately
//                -> this one lay around for 0 ms more, and 1'500 are left
//
// The clocks of two machines need not agree: a request's age is what it took longer than the
// quickest of the same sender in the last 10 to 20 seconds. So a request that waited in a queue, of
// the network or of a process that stood still, is known for what it is. Work that nobody waits for
// any more is dropped, and the time goes to work that somebody waits for. In doubt a request counts
// as fresh: after a silence, after a restart of the sender, after a jump of a clock. One of less
// than a minute looks like a queue; but a queue ends, or is emptied within a second.

#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/ids.h"
#include "base/time.h"

namespace meridian::local {

struct Patience {
  std::uint64_t sent_ms = 0;  // when `left_ms` was true
  std::uint32_t left_ms = 0;  // 0: nobody waits, it is to be done whenever it arrives

  // Of a request that leaves now; at least 1 ms.
  static Patience Until(Instant now, Instant deadline);

  template <class Archive>
  void serialize(Archive& archive) {
    archive(sent_ms, left_ms);
  }
};

class RequestAges {
 public:
  // What is left of the asker's time, at least 1 ms; kForever when nobody waits; nothing when it is
  // over. `life` differs when another process of the same name asks.
  static constexpr Duration kForever = Duration::max();
  std::optional<Duration> Left(Instant now, ProcessId from, std::uint64_t life,
                               const Patience& patience);

  // How often nothing was left.
  std::uint64_t expired() const { return expired_; }

 private:
  // The least difference of the clocks, of this window of time and of the one before.
  struct Quickest {
    std::uint64_t life = 0;
    Instant since;
    std::int64_t now_ms = 0;
    std::int64_t before_ms = 0;
    std::optional<Instant> late_since;  // none was quick since this one was too late
  };
  static std::int64_t AgeMs(Instant now, Quickest& quickest, std::uint64_t life,
                            std::int64_t difference);

  std::map<ProcessId, Quickest> quickest_;
  std::uint64_t expired_ = 0;
};

}  // namespace meridian::local
