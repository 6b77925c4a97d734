// Fills partitions of this node from nodes that hold them, at a bounded rate.
//
//     Add(partition 7, from {2, 3}, 2)
//        ask 2 ─> rows ─> ask 2 ─> rows ... done: 2 is passed
//        ask 3 ─> what 2 had not ......... done: 3 is passed ──> TakeFilled() says 7
//
// A node is passed when it says that we have all it has. A partition is filled when as many sound
// nodes are passed as its owner asked for, or all of them, sound or not: a node that is being
// filled itself may lack what was lost, so it counts only when there is nobody else to hope for.
// Nodes that are silent, or not sound, are asked again after a while. Rows go through Replica's one
// apply function. Kept in memory: after a restart the owner, local/filling, adds again, and what
// came is skipped.

#pragma once

#include <map>
#include <optional>
#include <vector>

#include "local/messages.h"
#include "local/replica.h"

namespace meridian::local {

struct RefillOptions {
  std::uint64_t bytes_per_second = 100'000'000;
  std::uint64_t bytes_per_second_gently = 24'000'000;
  std::size_t bytes_per_answer = 128 * 1024;
  std::size_t asks_per_node = 2;
  std::size_t asks_in_all = 4;
  Duration ask_timeout = std::chrono::seconds(1);
  Duration pause = std::chrono::seconds(2);  // before a silent or unsound node is asked again
};

struct RefillProgress {
  std::size_t partitions = 0;  // of the fill that runs, or of the last one
  std::size_t filled = 0;
  std::uint64_t rows = 0;      // that came since this process started
  std::uint64_t rows_new = 0;  // of these, that brought something
  std::uint64_t bytes = 0;
  double share = 1;              // of the whole, 0 to 1
  Duration elapsed{};            // since the fill began, or from its begin to its end
  std::optional<Duration> left;  // unknown at the beginning, and while nothing comes
};

// "filled: 85 partitions, 1000000 rows, ... in ... ms"
std::string Summary(const RefillProgress& done);

class Refill {
 public:
  // All outlive this.
  Refill(const Ring& ring, Turn& turn, Replica& replica, RefillOptions options)
      : ring_(ring), turn_(turn), replica_(replica), options_(options) {}

  // Ids of asks are above this.
  void Start(std::uint64_t first_id) { last_id_ = first_id; }

  // Requires that the log holds the partition. Adding again begins again. With no nodes, or none
  // needed, it is filled at once. `gently`: the ring is not short of a copy meanwhile, so of these
  // one ask is out at a time, and eight times as long as it took nothing is asked: a node that has
  // much to do is left in peace by itself.
  void Add(Moment now, PartitionKey key, std::vector<NodeId> nodes, std::size_t sound_needed,
           bool gently = false);
  void Drop(PartitionKey key) { added_ -= jobs_.erase(key); }
  bool IsFilling(PartitionKey key) const { return jobs_.contains(key); }
  bool idle() const { return jobs_.empty(); }

  void OnRows(Moment now, NodeId from, FillRows rows);
  void Tick(Moment now);
  Instant NextDeadline() const { return next_tick_; }

  // What is filled since the last call; its last rows are in the open turn at the latest.
  std::vector<PartitionKey> TakeFilled() { return std::exchange(filled_, {}); }
  RefillProgress Progress(Moment now) const;

 private:
  struct Source {
    NodeId node;
    bool passed = false;
    bool sound = false;
    Instant not_before{};
    // Where its pass is, and what we had seen when its rows began.
    Bytes after;
    bool by_log = false;
    crdt::SeenVector seen;
  };
  struct Job {
    std::vector<Source> sources;
    std::size_t sound_needed = 0;
    bool gently = false;
    std::size_t at = 0;        // the source that is asked
    std::uint64_t ask_id = 0;  // of the ask that is out; 0: none
    Instant asked_at;
  };
  using Jobs = std::map<PartitionKey, Job>;

  void Apply(Moment now, FillRows& rows);
  void Pump(Moment now);
  bool MayAsk(Moment now, const Job& job) const;
  bool Choose(Moment now, Job& job) const;
  void Ask(Moment now, PartitionKey key, Job& job);
  void OnPassed(Moment now, Source& source, bool sound);
  bool EndIfFilled(Moment now, Jobs::iterator job);
  std::size_t AsksOut(NodeId node) const;

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  RefillOptions options_;
  Jobs jobs_;
  std::map<std::uint64_t, PartitionKey> asks_;  // that are out
  std::map<NodeId, Instant> silent_until_;
  std::uint64_t last_id_ = 0;
  Instant not_before_{};  // when the rate allows the next ask
  Instant rest_until_{};  // of what is asked gently
  Instant next_tick_ = kNever;
  std::vector<PartitionKey> filled_;
  std::size_t added_ = 0;
  std::size_t ended_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t rows_new_ = 0;
  std::uint64_t bytes_ = 0;
  Instant began_{};
  Instant ended_at_{};
};

}  // namespace meridian::local
