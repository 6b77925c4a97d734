// What nodes of a region tell each other about who is alive (local/failure_detector.h).
//
//     LiveGossip {2: term 5, beat 90, alive} {3: term 1, beat 7, suspect}
//     Ping ─> PingAck                      "are you there?"
//     PingFor 3 ─> PingForDone reached     "ask node 3 for me": a way around a broken link
//
// A term orders what is said of a node: a later one overrides, also "down". Only the node itself
// begins a term: at its start (incarnation << 20), and to refute what is said of it.

#pragma once

#include <cstdint>
#include <vector>

#include "base/codec.h"
#include "base/disk_room.h"
#include "base/ids.h"
#include "local/liveness.h"

namespace meridian::local {

struct LiveEntry {
  NodeId node;
  std::uint64_t term = 0;  // 0: nothing was ever heard from it
  std::uint64_t beat = 0;  // counts up within a term while the node runs
  std::uint32_t incarnation = 0;
  std::uint32_t load = 0;  // requests that wait there
  PeerState state = PeerState::kAlive;
  bool accused = false;  // the sender itself has found it silent
  DiskRoom room = DiskRoom::kPlenty;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(node, term, beat, incarnation, load, state, accused, room);
    if constexpr (Archive::is_loading::value) {
      codec::Require(state <= PeerState::kLeft, "unknown state of a peer");
      codec::Require(room <= DiskRoom::kNone, "unknown room of a disk");
    }
  }
};

inline constexpr std::size_t kLiveEntriesMax = 128;  // of one message

struct LiveGossip {
  bool wants_answer = false;  // with what the sender does not know yet
  std::vector<LiveEntry> entries;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(wants_answer, entries);
    if constexpr (Archive::is_loading::value) {
      codec::Require(entries.size() <= kLiveEntriesMax, "too many peers in one message");
    }
  }
};

struct Ping {
  std::uint64_t id = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id);
  }
};
struct PingAck {
  std::uint64_t id = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id);
  }
};
struct PingFor {
  std::uint64_t id = 0;
  NodeId target;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, target);
  }
};
// Also sent when the target did not answer: silence then tells of the asker's own links.
struct PingForDone {
  std::uint64_t id = 0;
  bool reached = false;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, reached);
  }
};

}  // namespace meridian::local
