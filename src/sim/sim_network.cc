#include "sim/sim_network.h"

#include <array>

#include "base/hash.h"

namespace meridian::sim {
namespace {

Duration Between(Random& random, Duration low, Duration high) {
  return Duration(static_cast<Duration::rep>(
      random.Between(static_cast<std::uint64_t>(low.count()),
                     static_cast<std::uint64_t>(std::max(low, high).count()))));
}

constexpr std::array kRingNames{"replicate",
                                "replicate-ack",
                                "read",
                                "row-read",
                                "forward",
                                "forwarded",
                                "probe",
                                "catch-up-ask",
                                "catch-up",
                                "feed-order",
                                "feed",
                                "seen-report",
                                "log-read",
                                "log-rows",
                                "held-ask",
                                "held-everywhere",
                                "forward-refused",
                                "read-elsewhere",
                                "row-elsewhere",
                                "live-gossip",
                                "ping",
                                "ping-ack",
                                "ping-for",
                                "ping-for-done",
                                "decree",
                                "view-notice",
                                "view-ask",
                                "view-told",
                                "layout-told",
                                "pull-ask",
                                "pull-rows",
                                "sum-ask",
                                "sum",
                                "hand-on",
                                "held-here"};
constexpr std::array kWanNames{"batch",   "batch-ack",  "extent-ask", "extent",       "beat",
                               "row-ask", "row-answer", "layout-ask", "layout-answer"};

}  // namespace

std::string NameOf(const Bytes& body) {
  const std::size_t tag = body.empty() ? 255 : static_cast<std::uint8_t>(body[0]);
  if (tag < kRingNames.size()) return kRingNames[tag];
  if (tag >= 64 && tag - 64 < kWanNames.size()) return kWanNames[tag - 64];
  return "message " + std::to_string(tag);
}

SimNetwork::SimNetwork(EventQueue& queue, Random random, Trace& trace, Observer& observer,
                       Deliver deliver)
    : queue_(queue),
      random_(random),
      trace_(trace),
      observer_(observer),
      deliver_(std::move(deliver)) {}

void SimNetwork::SetQuality(LinkQuality in_region, LinkQuality between_regions) {
  in_region_ = in_region;
  between_regions_ = between_regions;
}

void SimNetwork::Send(Message message) {
  ++counters_.sent;
  observer_.OnSent(message);
  if (rewrite_) message.body = rewrite_(message.body);
  const Link link{message.from, message.to};
  if (const auto held = held_.find(link); held != held_.end()) {
    held->second.push_back(std::move(message));
    return;
  }
  if (cut_.contains(link)) {
    ++counters_.cut;
    return;
  }
  const bool near = message.from.region == message.to.region;
  const LinkQuality& quality = near ? in_region_ : between_regions_;
  if (quality.loss > 0 && random_.Chance(quality.loss)) {
    ++counters_.lost;
  } else {
    Schedule(message, quality, false);
  }
  if (quality.repeat > 0 && random_.Chance(quality.repeat)) {
    ++counters_.repeated;
    Schedule(message, quality, true);
  }
}

void SimNetwork::Schedule(const Message& message, const LinkQuality& quality, bool is_repeat) {
  Instant arrival = queue_.now() + Between(random_, quality.delay_min, quality.delay_max);
  const bool is_late = quality.late > 0 && random_.Chance(quality.late);
  if (is_late || is_repeat) {
    arrival += Between(random_, Duration{}, quality.late_max);
  } else if (quality.in_order) {
    Instant& last = last_[{message.from, message.to}];
    arrival = last = std::max(arrival, last);
  }
  queue_.At(arrival, [this, message] {
    trace_.Add(queue_.now(), ToString(message.from) + " > " + ToString(message.to) + ' ' +
                                 NameOf(message.body) + ' ' + std::to_string(message.body.size()) +
                                 " bytes " + Hex(HashOf(message.body)));
    deliver_(message);
  });
}

void SimNetwork::Release(ProcessId from, ProcessId to) {
  auto held = held_.extract({from, to});
  if (held.empty()) return;
  const LinkQuality& quality = from.region == to.region ? in_region_ : between_regions_;
  for (const Message& message : held.mapped()) Schedule(message, quality, false);
}

}  // namespace meridian::sim
