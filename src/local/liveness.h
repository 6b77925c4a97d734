// What this node believes of its peers right now: alive, suspect, down or left.
//
// Written by the failure detector, read by whoever chooses nodes: the coordinators, hand-over,
// catch-up. An opinion, never a fact: no rule of safety may rest on it, only the choice of whom to
// ask first. A peer nobody has spoken of yet counts as alive, so a ring that starts is usable.

#pragma once

#include <cstdint>
#include <map>

#include "base/disk_room.h"
#include "base/ids.h"

namespace meridian::local {

enum class PeerState : std::uint8_t {
  kAlive,
  kSuspect,  // silent for longer than is usual; may still refute it
  kDown,     // convicted: nobody who asked it for us was answered
  kLeft,     // said goodbye
};

// "alive", "suspect", "down", "left".
inline const char* NameOf(PeerState state) {
  constexpr const char* kNames[] = {"alive", "suspect", "down", "left"};
  return kNames[static_cast<std::size_t>(state)];
}

class Liveness {
 public:
  void Set(NodeId node, PeerState state) { states_[node] = state; }
  void SetRoom(NodeId node, DiskRoom room) { rooms_[node] = room; }
  // It is no peer any more; should it come back, it is a new one.
  void Forget(NodeId node) {
    states_.erase(node);
    rooms_.erase(node);
  }
  PeerState StateOf(NodeId node) const {
    const auto found = states_.find(node);
    return found == states_.end() ? PeerState::kAlive : found->second;
  }
  // Worth sending to: a suspect still is, and may refute the suspicion by answering.
  bool IsUp(NodeId node) const { return StateOf(node) <= PeerState::kSuspect; }

  // Takes new values: its disk has room, as it last said.
  bool HasRoom(NodeId node) const {
    const auto found = rooms_.find(node);
    return found == rooms_.end() || found->second == DiskRoom::kPlenty;
  }

 private:
  std::map<NodeId, PeerState> states_;
  std::map<NodeId, DiskRoom> rooms_;
};

}  // namespace meridian::local
