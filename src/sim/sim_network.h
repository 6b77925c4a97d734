// The network between all processes: late, lossy, repeating, reordering, cut where told.
//
//     1.2 ──Send──> quality of the link (in a region, or between) ──> 0, 1 or 2 deliveries, each
//     when
//                   cut? lost                                          its own delay says
//                   held? kept until released
//
// A repetition comes of a connection that broke, so it may be seconds late, and reach a receiver
// that has restarted since.
// Links are directed. A cut drops what is sent while it lasts; what is on its way arrives, however
// late. Nothing is ever altered, except by the rewrite that plants a bug.

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/ports.h"
#include "base/random.h"
#include "sim/event_queue.h"
#include "sim/observer.h"
#include "sim/trace.h"

namespace meridian::sim {

struct LinkQuality {
  Duration delay_min{};
  Duration delay_max{};
  double loss = 0;
  double repeat = 0;
  double late = 0;  // part of the messages that take up to `late_max` longer
  Duration late_max{};
  bool in_order = true;  // as a connection keeps it; late ones and repeats are still out of order
};

class SimNetwork {
 public:
  using Deliver = std::function<void(Message)>;
  using Rewrite = std::function<Bytes(const Bytes&)>;
  struct Counters {
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;
    std::uint64_t repeated = 0;
    std::uint64_t cut = 0;
  };

  // All outlive this.
  SimNetwork(EventQueue& queue, Random random, Trace& trace, Observer& observer, Deliver deliver);

  void SetQuality(LinkQuality in_region, LinkQuality between_regions);
  void SetRewrite(Rewrite rewrite) { rewrite_ = std::move(rewrite); }

  void Send(Message message);

  void Cut(ProcessId from, ProcessId to) { cut_.insert({from, to}); }
  void Join(ProcessId from, ProcessId to) { cut_.erase({from, to}); }
  void HealAll() { cut_.clear(); }
  // From now on messages of this link are kept until Release, which sends them in their order.
  void Hold(ProcessId from, ProcessId to) { held_[{from, to}]; }
  void Release(ProcessId from, ProcessId to);

  const Counters& counters() const { return counters_; }

 private:
  using Link = std::pair<ProcessId, ProcessId>;
  void Schedule(const Message& message, const LinkQuality& quality, bool is_repeat);

  EventQueue& queue_;
  Random random_;
  Trace& trace_;
  Observer& observer_;
  Deliver deliver_;
  Rewrite rewrite_;
  LinkQuality in_region_;
  LinkQuality between_regions_;
  std::set<Link> cut_;
  std::map<Link, std::deque<Message>> held_;
  std::map<Link, Instant> last_;  // arrival of the latest message in order
  Counters counters_;
};

// What a message is, for people: "replicate", "batch", ...
std::string NameOf(const Bytes& body);

}  // namespace meridian::sim
