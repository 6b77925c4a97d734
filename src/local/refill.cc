#include "local/refill.h"

#include <algorithm>

#include "local/partition_range.h"

namespace meridian::local {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(200);
// So far ahead of the rate it may be: a wait for each answer would be a wait for each tick.
constexpr Duration kBurst = std::chrono::milliseconds(20);
// Between gentle asks: so many times what the last one took, and no longer than that.
constexpr int kRest = 8;
constexpr Duration kRestMost = std::chrono::milliseconds(200);

}  // namespace

std::string Summary(const RefillProgress& done) {
  return "filled: " + std::to_string(done.partitions) + " partitions, " +
         std::to_string(done.rows) + " rows, " + std::to_string(done.bytes) + " bytes in " +
         std::to_string(Milliseconds(done.elapsed)) + " ms";
}

void Refill::Add(Moment now, PartitionKey key, std::vector<NodeId> nodes, std::size_t sound_needed,
                 bool gently) {
  MERIDIAN_CHECK(replica_.log().Holds(key));
  if (jobs_.empty()) {
    began_ = now.monotonic;
    added_ = ended_ = 0;
  }
  Job job;
  job.sound_needed = sound_needed;
  job.gently = gently;
  for (const NodeId node : nodes) job.sources.push_back({node, false, false, {}, {}, false, {}});
  // Partitions begin with different nodes, so that all of them share the work.
  if (!nodes.empty()) {
    const std::size_t first = key.partition.value % nodes.size();
    std::ranges::rotate(job.sources, job.sources.begin() + static_cast<std::ptrdiff_t>(first));
  }
  added_ += jobs_.insert_or_assign(key, std::move(job)).second ? 1U : 0U;
  EndIfFilled(now, jobs_.find(key));
  next_tick_ = jobs_.empty() ? kNever : now.monotonic;
}

std::size_t Refill::AsksOut(NodeId node) const {
  return static_cast<std::size_t>(std::ranges::count_if(asks_, [&](const auto& ask) {
    const auto job = jobs_.find(ask.second);
    return job != jobs_.end() && job->second.sources[job->second.at].node == node;
  }));
}

// Partitions in their order, so those begun are ended before others are.
void Refill::Pump(Moment now) {
  for (auto& [key, job] : jobs_) {
    if (asks_.size() >= options_.asks_in_all || now.monotonic + kBurst < not_before_) break;
    if (job.ask_id == 0 && MayAsk(now, job) && Choose(now, job)) Ask(now, key, job);
  }
  next_tick_ = jobs_.empty() ? kNever : now.monotonic + kTick;
  if (now.monotonic < rest_until_) next_tick_ = std::min(next_tick_, rest_until_);
  if (now.monotonic + kBurst < not_before_) next_tick_ = std::min(next_tick_, not_before_ - kBurst);
}

bool Refill::MayAsk(Moment now, const Job& job) const {
  if (!job.gently) return true;
  return now.monotonic >= rest_until_ && std::ranges::none_of(asks_, [&](const auto& ask) {
           const auto other = jobs_.find(ask.second);
           return other != jobs_.end() && other->second.gently;
         });
}

bool Refill::Choose(Moment now, Job& job) const {
  for (std::size_t i = 0; i < job.sources.size(); ++i) {
    const std::size_t at = (job.at + i) % job.sources.size();
    const Source& source = job.sources[at];
    if ((source.passed && source.sound) || now.monotonic < source.not_before) continue;
    const auto silent = silent_until_.find(source.node);
    if (silent != silent_until_.end() && now.monotonic < silent->second) continue;
    if (AsksOut(source.node) >= options_.asks_per_node) continue;
    job.at = at;
    return true;
  }
  return false;
}

void Refill::Ask(Moment now, PartitionKey key, Job& job) {
  Source& source = job.sources[job.at];
  if (source.after.empty()) source.seen = replica_.log().Seen(key);
  job.ask_id = ++last_id_;
  job.asked_at = now.monotonic;
  asks_.emplace(job.ask_id, key);
  const FillAsk ask{job.ask_id, key, source.seen, source.after, source.by_log};
  turn_.Send(ring_.Process(source.node), Pack(ask));
}

// The next ask waits for as long as these rows should have taken.
void Refill::Apply(Moment now, FillRows& rows) {
  const auto ask = asks_.find(rows.id);
  const auto job = ask == asks_.end() ? jobs_.end() : jobs_.find(ask->second);
  const bool gently = job != jobs_.end() && job->second.gently;
  const std::uint64_t applied = replica_.counters().rows_applied;
  std::uint64_t bytes = 0;
  const std::vector<bool> absent = replica_.AbsentOf(rows.rows);
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const std::size_t size = rows.rows[i].ApproximateBytes();
    if (replica_.Apply(std::move(rows.rows[i]), absent[i])) bytes += size;
  }
  rows_ += rows.rows.size();
  rows_new_ += replica_.counters().rows_applied - applied;
  bytes_ += bytes;
  const std::chrono::duration<double> takes(
      static_cast<double>(bytes) /
      static_cast<double>(gently ? options_.bytes_per_second_gently : options_.bytes_per_second));
  not_before_ = std::max(not_before_, now.monotonic) + std::chrono::duration_cast<Duration>(takes);
}

void Refill::OnRows(Moment now, NodeId from, FillRows rows) {
  Apply(now, rows);
  const auto ask = asks_.find(rows.id);
  if (ask == asks_.end()) return;
  const auto job = jobs_.find(ask->second);
  if (job != jobs_.end() && job->second.ask_id == rows.id) {
    Source& source = job->second.sources[job->second.at];
    if (source.node != from) return;
    job->second.ask_id = 0;
    if (job->second.gently) {
      const Duration rest = kRest * (now.monotonic - job->second.asked_at);
      rest_until_ = now.monotonic + std::min<Duration>(rest, kRestMost);
    }
    source.after = rows.after;
    source.by_log = rows.after.empty();
    if (!rows.more) OnPassed(now, source, rows.sound);
    EndIfFilled(now, job);
  }
  asks_.erase(ask);
  Pump(now);
}

// Asked again later when it was not sound: by then it may be.
void Refill::OnPassed(Moment now, Source& source, bool sound) {
  source.passed = true;
  source.sound = sound;
  source.not_before = now.monotonic + options_.pause;
  source.after.clear();
  source.by_log = false;
  source.seen = {};
}

bool Refill::EndIfFilled(Moment now, Jobs::iterator job) {
  const std::vector<Source>& sources = job->second.sources;
  const auto sound = static_cast<std::size_t>(
      std::ranges::count_if(sources, [](const Source& s) { return s.passed && s.sound; }));
  const bool filled =
      sound >= job->second.sound_needed || std::ranges::all_of(sources, &Source::passed);
  if (!filled) return false;
  filled_.push_back(job->first);
  jobs_.erase(job);
  ++ended_;
  ended_at_ = now.monotonic;
  return true;
}

void Refill::Tick(Moment now) {
  if (now.monotonic < next_tick_) return;
  for (auto ask = asks_.begin(); ask != asks_.end();) {
    const auto job = jobs_.find(ask->second);
    const bool current = job != jobs_.end() && job->second.ask_id == ask->first;
    if (current && now.monotonic - job->second.asked_at < options_.ask_timeout) {
      ++ask;
      continue;
    }
    if (current) {
      job->second.ask_id = 0;
      silent_until_[job->second.sources[job->second.at].node] = now.monotonic + options_.pause;
    }
    ask = asks_.erase(ask);
  }
  Pump(now);
}

RefillProgress Refill::Progress(Moment now) const {
  RefillProgress progress;
  progress.partitions = added_;
  progress.filled = ended_;
  progress.rows = rows_;
  progress.rows_new = rows_new_;
  progress.bytes = bytes_;
  progress.elapsed = (jobs_.empty() ? ended_at_ : now.monotonic) - began_;
  if (jobs_.empty()) return progress;
  double done = static_cast<double>(ended_);
  for (const auto& [key, job] : jobs_) {
    double share = 0;
    for (const Source& source : job.sources) {
      const double of_rows =
          source.passed || source.by_log
              ? 1
              : PartitionRange::ShareBefore(source.after, ring_.topology().partition_bits);
      share = std::max(share, of_rows);
    }
    done += share;
  }
  // All rows may be there while the last words of a second source are awaited.
  progress.share = std::min(0.99, done / static_cast<double>(added_));
  if (progress.share > 0) {
    const double seconds = std::chrono::duration<double>(progress.elapsed).count();
    const double left = seconds * (1 - progress.share) / progress.share;
    progress.left = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(left));
  }
  return progress;
}

}  // namespace meridian::local
