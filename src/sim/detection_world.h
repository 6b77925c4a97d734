// One region's failure detectors and nothing else, as many as one likes, under a virtual clock.
//
//     DetectionWorld world(100, 7);
//     world.RunFor(20s);
//     world.Kill(5);                       no word from it any more
//     world.RunUntil([&] { return world.CountWhoSay(5, kDown) == 99; }, 60s)
//
// Links take 0.2 to 2 ms and lose what they are told to; nodes beat out of step with each other.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/random.h"
#include "local/failure_detector.h"
#include "sim/event_queue.h"
#include "sim/sim_storage.h"

namespace meridian::sim {

class DetectionWorld {
 public:
  DetectionWorld(std::uint32_t nodes, std::uint64_t seed, double loss = 0);

  // Nodes are numbered from 1. A killed one may be started, a paused one resumed.
  void Kill(std::uint32_t node);
  void Start(std::uint32_t node);
  void Pause(std::uint32_t node) { members_[node - 1]->paused = true; }
  void Resume(std::uint32_t node);
  void Leave(std::uint32_t node);
  void Cut(std::uint32_t from, std::uint32_t to) { cut_.insert({from, to}); }
  void HealAll() { cut_.clear(); }

  void RunFor(Duration duration) { queue_.RunUntil(queue_.now() + duration); }
  // How long it took; nothing when it did not come true.
  std::optional<Duration> RunUntil(const std::function<bool()>& holds, Duration patience);

  local::PeerState StateAt(std::uint32_t observer, std::uint32_t node) const;
  // Of the others that run.
  std::size_t CountWhoSay(std::uint32_t node, local::PeerState state) const;
  // Of the others that run.
  std::size_t CountWhoKnow(std::uint32_t node, std::uint32_t incarnation) const;
  std::uint32_t incarnation(std::uint32_t node) const { return members_[node - 1]->incarnation; }
  // How often any node began to take any other for this since it was last asked.
  std::size_t TakeVerdicts(local::PeerState state);

  const local::FailureDetector& detector(std::uint32_t node) const {
    return *members_[node - 1]->detector;
  }
  std::uint64_t messages() const { return messages_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Member {
    std::unique_ptr<local::Ring> ring;
    SimStorage disk;
    std::unique_ptr<Turn> turn;
    local::Liveness liveness;
    std::unique_ptr<local::FailureDetector> detector;  // null: killed
    std::uint32_t incarnation = 0;
    bool paused = false;
    std::vector<Message> inbox;  // while paused
    Instant armed = kNever;
  };

  Moment Now() const { return {queue_.now(), WallTime(queue_.now().time_since_epoch())}; }
  void Deliver(std::uint32_t to, const Message& message);
  void Take(Member& member, const Message& message);
  void EndTurn(std::uint32_t node);

  EventQueue queue_;
  Random random_;
  double loss_;
  std::vector<std::unique_ptr<Member>> members_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> cut_;
  std::map<local::PeerState, std::size_t> verdicts_;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace meridian::sim
