#include "sim/history_checker.h"

#include <algorithm>

#include "base/fail_stop.h"

namespace meridian::sim {
namespace {

std::map<KeyName, std::set<Bytes>> VisibleIn(const SimCluster& cluster) {
  std::map<KeyName, std::set<Bytes>> visible;
  for (const ProcessId process : cluster.nodes()) {
    OrStop(cluster.at(process).disk().Scan(Column::kData, {}, {}, [&](const Entry& entry) {
      const crdt::RowKey key = OrStop(crdt::ParseStorageKey(entry.key));
      const local::Namespace* space = cluster.topology().FindNamespace(key.space);
      for (const crdt::Version& version : OrStop(crdt::DecodeRow(entry.value)).versions) {
        if (version.value) visible[{space->name, key.key}].insert(*version.value);
      }
      return true;
    }));
  }
  return visible;
}

}  // namespace

HistoryChecker::HistoryChecker(const local::Topology& topology, const History& history,
                               const DotChecker& dots, const LostCopies& lost)
    : topology_(topology), history_(history), dots_(dots), lost_(lost) {}

bool HistoryChecker::IsLww(const Op& op) const {
  return topology_.FindNamespace(op.key.first)->policy == local::Policy::kLww;
}

bool HistoryChecker::MayBeLost(const Op& put) const {
  if (put.copies > lost_.NodesOf(put.value, put.region)) return false;
  if (!put.everywhere) return true;
  const auto& replicas = PlacementOf(put).replicas;
  return std::ranges::all_of(replicas, [&](const auto& region) {
    return lost_.NodesOf(put.value, region.first) >= region.second / 2 + 1;
  });
}

std::size_t HistoryChecker::DisksLost(RegionId region, Instant from, Instant to) const {
  std::set<ProcessId> nodes;
  for (const auto& [node, at] : disks_lost_) {
    if (node.region == region && at >= from && at <= to) nodes.insert(node);
  }
  return nodes.size();
}

bool HistoryChecker::MayBeForgotten(const Op& write) const {
  return write.copies <= DisksLost(write.region, write.invoked, kNever);
}

const local::Placement& HistoryChecker::PlacementOf(const Op& op) const {
  return *topology_.FindPlacement(topology_.FindNamespace(op.key.first)->placement);
}

bool HistoryChecker::IsVisible(const Op& put) const {
  const auto at = visible_.find(put.key);
  return at != visible_.end() && at->second.contains(put.value);
}

HistoryChecker::Values HistoryChecker::Shown(std::size_t token) const {
  const Op& from = history_[token];
  if (from.operation == node::Operation::kPut) return {from.value};
  return {from.values.begin(), from.values.end()};
}

const HistoryChecker::Values& HistoryChecker::SurelyCovered(std::size_t token) {
  const auto known = surely_.find(token);
  if (known != surely_.end()) return known->second;
  const Op& from = history_[token];
  Values values(from.values.begin(), from.values.end());
  if (from.token_from) values.merge(Values(SurelyCovered(*from.token_from)));
  // The latest of all has the highest stamp, and tokens carry it.
  if (from.operation == node::Operation::kPut && IsLww(from)) values.insert(from.value);
  return surely_[token] = std::move(values);
}

bool HistoryChecker::HasSeen(const Op& op, const Op& other) {
  const auto known = seen_.find(op.id);
  if (known != seen_.end()) return known->second.contains(other.id);
  std::set<std::size_t> seen;
  const auto add = [&](const Op& one) {
    if (one.id == op.id || !seen.insert(one.id).second) return;
    HasSeen(one, other);
    seen.insert(seen_[one.id].begin(), seen_[one.id].end());
  };
  if (op.token_from) {
    const Op& from = history_[*op.token_from];
    if (from.writes()) add(from);
    for (const Bytes& value : from.values) {
      if (const auto writer = writer_of_.find(value); writer != writer_of_.end()) {
        add(*writer->second);
      }
    }
  }
  return (seen_[op.id] = std::move(seen)).contains(other.id);
}

bool HistoryChecker::Explains(const Op& write, const Op& missing) {
  if (write.id == missing.id || !write.may_be_done()) return false;
  if (IsLww(missing)) return write.may_repeat || !HasSeen(missing, write);
  if (write.token_from) return Shown(*write.token_from).contains(missing.value);
  // A blind delete covers what its coordinator holds, so it must not have ended before; unless its
  // client tried it again, when the first try may have come late.
  return write.operation == node::Operation::kDelete &&
         (write.fate != Fate::kAcked || write.was_retried || write.ended > missing.invoked);
}

void HistoryChecker::CheckPut(const Op& put, Violations& violations) {
  const std::size_t dots = dots_.DotsOf(put.value);
  if (put.fate == Fate::kFailed && dots > 0) {
    violations.Add("surfaced: " + ToString(put) + " was told that it failed (" + put.message +
                   "), but was stored");
  }
  if (!put.may_repeat && dots > 1) {
    violations.Add("repeated: " + ToString(put) + " was sent once to a primary, but has " +
                   std::to_string(dots) + " dots");
  }
  if (put.fate != Fate::kAcked || IsVisible(put) || MayBeLost(put)) return;
  const bool explained =
      std::ranges::any_of(writes_[put.key], [&](const Op* write) { return Explains(*write, put); });
  if (!explained) {
    violations.Add("lost: " + ToString(put) +
                   " was acknowledged, is not visible, and no client overwrote it");
  }
}

void HistoryChecker::CheckCovered(const Op& write, Violations& violations) {
  if (write.fate != Fate::kAcked || !write.token_from || MayBeForgotten(write)) return;
  for (const Bytes& value : SurelyCovered(*write.token_from)) {
    const Op& put = *writer_of_.at(value);
    // One that was done twice may have been done again after it was read.
    if (put.id == write.id || !IsVisible(put) || dots_.DotsOf(value) != 1) continue;
    violations.Add("undead: " + ToString(put) + " is visible, though the acknowledged " +
                   ToString(write) + " covered it by the token of #" +
                   std::to_string(*write.token_from));
  }
}

void HistoryChecker::CheckShown(const Op& get, Violations& violations) const {
  for (const Bytes& value : get.values) {
    const auto writer = writer_of_.find(value);
    if (writer == writer_of_.end() || writer->second->key != get.key) {
      violations.Add("invented: " + ToString(get) + " showed '" + value +
                     "', which nobody wrote to that key");
    }
  }
}

bool HistoryChecker::MustShow(const Op& get, const Op& put) {
  if (put.operation != node::Operation::kPut || put.fate != Fate::kAcked || put.sloppy)
    return false;
  if (put.region != get.region || put.ended >= get.invoked) return false;
  if (put.copies + get.copies <= PlacementOf(put).replicas.at(put.region)) return false;
  return DisksLost(put.region, put.invoked, get.ended) == 0;
}

void HistoryChecker::CheckFresh(const Op& get, Violations& violations) {
  if (get.writes() || get.fate != Fate::kAcked || get.sloppy) return;
  const std::vector<const Op*>& writes = writes_[get.key];
  for (const Op* put : writes) {
    if (!MustShow(get, *put) || std::ranges::count(get.values, put->value) != 0) continue;
    const bool explained = std::ranges::any_of(writes, [&](const Op* write) {
      return write->invoked < get.ended && Explains(*write, *put);
    });
    if (explained) continue;
    violations.Add("stale: " + ToString(get) + " did not show what " + ToString(*put) +
                   " had been acknowledged, and no client overwrote it");
  }
}

void HistoryChecker::Check(const SimCluster& cluster, Violations& violations) {
  visible_ = VisibleIn(cluster);
  disks_lost_ = cluster.disks_lost();
  for (const Op& op : history_) {
    if (op.writes()) writes_[op.key].push_back(&op);
    if (op.operation == node::Operation::kPut) writer_of_[op.value] = &op;
  }
  for (const Op& op : history_) {
    CheckShown(op, violations);
    if (op.status == node::Status::kBadRequest) violations.Add("refused: " + ToString(op));
  }
  if (!violations.empty()) return;  // what follows relies on it
  for (const Op& op : history_) {
    if (op.operation == node::Operation::kPut) CheckPut(op, violations);
    if (op.writes()) CheckCovered(op, violations);
    CheckFresh(op, violations);
  }
}

}  // namespace meridian::sim
