#include "sim/sim_process.h"

#include "base/check.h"
#include "base/fail_stop.h"
#include "base/hash.h"
#include "crdt/row.h"
#include "crdt/row_key.h"

namespace meridian::sim {
namespace {

// How long arrivals gather before a turn takes them all, at most.
constexpr std::uint64_t kTurnDelayMicros = 200;
constexpr Duration kWallAtStart = std::chrono::hours(24 * 365 * 54);

Duration Micros(std::uint64_t count) {
  return Duration(static_cast<Duration::rep>(count));
}

// "k2 of namespace 3: {1.2#1:4} 1.2#1:4=v17 1.1#1:2=deleted"
std::string DescribeRow(const Bytes& storage_key, const Bytes& value) {
  const crdt::RowKey key = OrStop(crdt::ParseStorageKey(storage_key));
  const crdt::Row row = OrStop(crdt::DecodeRow(value));
  std::string text =
      key.key + " of namespace " + std::to_string(key.space.value) + ": " + row.context.ToString();
  for (const crdt::Version& version : row.versions) {
    text += ' ' + ToString(version.dot) + '=' + version.value.value_or("deleted");
  }
  return text;
}

}  // namespace

SimProcess::SimProcess(ProcessId self, World world, Factory factory, Random random)
    : self_(self),
      world_(world),
      factory_(std::move(factory)),
      random_(random),
      monotonic_offset_(Micros(random_.Below(3'600'000'000))) {}

void SimProcess::SetSyncTime(Duration least, Duration most) {
  // One that does not wait for its disk meets a slow one: what it loses should be worth a look.
  sync_least_ = least;
  sync_most_ = pretends_durable_ ? 10 * most : most;
}

Moment SimProcess::Now() const {
  const Duration since = world_.queue.now().time_since_epoch();
  return {Instant(since + monotonic_offset_), WallTime(kWallAtStart + since + wall_offset_)};
}

void SimProcess::Later(Instant when, std::function<void()> what) {
  world_.queue.At(when, [this, start = start_, what = std::move(what)] {
    if (machine_ && start == start_) what();
  });
}

void SimProcess::Start() {
  MERIDIAN_CHECK(!up());
  ++start_;
  machine_ = factory_(disk_, *this, Now());
  ScheduleTurn();
}

void SimProcess::Crash(bool torn) {
  MERIDIAN_CHECK(up());
  world_.trace.Add(world_.queue.now(), ToString(self_) + " crashes");
  machine_.reset();
  inbox_.clear();
  requests_.clear();
  waiting_.clear();
  held_.clear();
  if (torn) {
    disk_.Crash(random_);
  } else {
    disk_.Crash();
  }
  synced_ = durable_ = {};
  syncing_ = turn_scheduled_ = paused_ = false;
  armed_ = kNever;
}

void SimProcess::Deliver(Message message) {
  if (!up()) return;
  inbox_.push_back(std::move(message));
  ScheduleTurn();
}

void SimProcess::Serve(Bytes request, Answered answered) {
  if (!up()) return;
  const RequestTag tag{++last_tag_};
  waiting_.emplace(tag, std::move(answered));
  requests_.push_back({tag, std::move(request)});
  ScheduleTurn();
}

void SimProcess::Resume() {
  if (!std::exchange(paused_, false) || !up()) return;
  ScheduleTurn();
  BeginSync();
}

void SimProcess::SetRoom(DiskRoom room) {
  if (room == room_) return;
  room_ = room;
  world_.trace.Add(world_.queue.now(), ToString(self_) + " has room on its disk: " + NameOf(room));
  if (up()) BeginSync();
}

void SimProcess::ScheduleTurn() {
  if (turn_scheduled_) return;
  turn_scheduled_ = true;
  const std::uint64_t most = kTurnDelayMicros + static_cast<std::uint64_t>(turn_most_.count());
  Later(world_.queue.now() + Micros(random_.Below(most)), [this] { Turn(); });
}

void SimProcess::Turn() {
  turn_scheduled_ = false;
  if (paused_) return;
  Feed(Now());
  Perform(machine_->TakeOutput());
  BeginSync();
  ArmTimer();
}

void SimProcess::Feed(Moment now) {
  if (synced_ > durable_) {
    durable_ = synced_;
    machine_->Durable(now, durable_);
    Release();
  }
  for (Message& message : std::exchange(inbox_, {})) machine_->Receive(now, std::move(message));
  for (Request& request : std::exchange(requests_, {})) machine_->Serve(now, std::move(request));
  if (machine_->NextDeadline() <= now.monotonic) machine_->Tick(now);
}

void SimProcess::Perform(Output output) {
  if (!output.writes.writes.empty()) {
    world_.observer.OnApplied(self_, output.writes);
    TraceWrites(output.writes);
    MERIDIAN_CHECK(disk_.Apply(output.writes).has_value());
    if (pretends_durable_) {
      synced_ = disk_.applied();
      ScheduleTurn();
    }
  }
  const auto hold_or_send = [this](BatchId after, std::variant<Message, Answer> out) {
    MERIDIAN_CHECK(after <= disk_.applied());
    if (after <= durable_) return LetGo(std::move(out));
    held_.push_back({after, std::move(out)});
  };
  for (Outgoing& outgoing : output.messages) {
    hold_or_send(outgoing.after, std::move(outgoing.message));
  }
  for (Answer& answer : output.replies) {
    const BatchId after = answer.after;
    hold_or_send(after, std::move(answer));
  }
}

void SimProcess::TraceWrites(const WriteBatch& batch) {
  std::uint64_t digest = batch.id.value;
  for (const meridian::Write& write : batch.writes) {
    digest = HashOf(write.key, HashOf(write.value.value_or(Bytes()), digest));
  }
  world_.trace.Add(world_.queue.now(), ToString(self_) + " writes batch " +
                                           std::to_string(batch.id.value) + ' ' + Hex(digest));
  if (!world_.trace.is_shown()) return;
  for (const meridian::Write& write : batch.writes) {
    if (write.column == Column::kData && write.value) {
      world_.trace.Note(DescribeRow(write.key, *write.value));
    }
  }
}

void SimProcess::Release() {
  std::deque<Held> still;
  for (Held& held : std::exchange(held_, {})) {
    if (held.after <= durable_) {
      LetGo(std::move(held.output));
    } else {
      still.push_back(std::move(held));
    }
  }
  held_ = std::move(still);
}

void SimProcess::LetGo(std::variant<Message, Answer> output) {
  if (auto* const message = std::get_if<Message>(&output)) {
    return world_.network.Send(std::move(*message));
  }
  const Answer& answer = std::get<Answer>(output);
  world_.trace.Add(world_.queue.now(),
                   ToString(self_) + " answers " + Hex(HashOf(answer.body, answer.tag.value)));
  const auto waiting = waiting_.find(answer.tag);
  // Once for each request: a second answer, or one to nobody, is a bug of the machine.
  MERIDIAN_CHECK(waiting != waiting_.end());
  const Answered answered = std::move(waiting->second);
  waiting_.erase(waiting);
  answered(answer.body);
}

void SimProcess::BeginSync() {
  if (paused_ || syncing_ || room_ == DiskRoom::kNone) return;
  if (disk_.synced() >= disk_.applied()) return;
  syncing_ = true;
  const BatchId up_to = disk_.applied();
  const auto spread = static_cast<std::uint64_t>((sync_most_ - sync_least_).count());
  Later(world_.queue.now() + sync_least_ + Micros(random_.Below(spread + 1)), [this, up_to] {
    syncing_ = false;
    disk_.Sync(up_to);
    synced_ = std::max(synced_, up_to);
    ScheduleTurn();
    BeginSync();
  });
}

void SimProcess::ArmTimer() {
  const Instant next = machine_->NextDeadline();
  if (next >= armed_) return;
  armed_ = next;
  Later(next - monotonic_offset_, [this, next] {
    if (armed_ != next) return;
    armed_ = kNever;
    ScheduleTurn();
  });
}

void SimProcess::Write(Severity severity, std::string line) {
  const char* const kind = severity == Severity::kInfo ? " says: " : " warns: ";
  world_.trace.Add(world_.queue.now(), ToString(self_) + kind + line);
}

}  // namespace meridian::sim
