// Drives one machine under the virtual clock: what io/driver and io/committer do with real parts.
//
//     arrivals ─▶ inbox ─▶ turn: Durable, Receive..., Serve..., Tick, TakeOutput
//                          apply writes ─▶ a sync begins, if none runs ─▶ send what need not wait
//     sync done ─▶ storage.Sync ─▶ next turn: Durable, release in order what waited
//
// A crash drops the machine, its inbox and what waited, and the unsynced tail of its disk (all of
// it or, torn, a part); a start makes a new machine over what is left. Clocks: each process has its
// own origin of monotonic time, which never goes back, and a wall clock that may be stepped either
// way.

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <variant>
#include <vector>

#include "base/disk_room.h"
#include "base/ports.h"
#include "base/random.h"
#include "sim/event_queue.h"
#include "sim/observer.h"
#include "sim/sim_network.h"
#include "sim/sim_storage.h"
#include "sim/trace.h"

namespace meridian::sim {

// What all processes of a run share.
struct World {
  EventQueue& queue;
  SimNetwork& network;
  Trace& trace;
  Observer& observer;
};

class SimProcess final : private Log, public DiskGauge {
 public:
  // Makes the machine and starts it.
  using Factory = std::function<std::unique_ptr<Machine>(const Storage&, Log&, Moment)>;
  using Answered = std::function<void(const Bytes&)>;

  // What `world` refers to outlives this.
  SimProcess(ProcessId self, World world, Factory factory, Random random);
  SimProcess(const SimProcess&) = delete;
  SimProcess& operator=(const SimProcess&) = delete;

  void Start();           // Requires !up().
  void Crash(bool torn);  // Requires up().
  bool up() const { return machine_ != nullptr; }
  Machine& machine() { return *machine_; }              // Requires up().
  const Machine& machine() const { return *machine_; }  // Requires up().
  SimStorage& disk() { return disk_; }
  const SimStorage& disk() const { return disk_; }

  // Stands still: takes no turn, though messages gather and syncs that run end. Its clocks go on,
  // as those of a stopped process do.
  void Pause() { paused_ = true; }
  void Resume();
  bool paused() const { return paused_; }
  // How much longer a turn may take from now on.
  void SetTurnTime(Duration most) { turn_most_ = most; }

  // A full one writes nothing out: batches wait, as with io/lasting_storage.h.
  void SetRoom(DiskRoom room);

  void Deliver(Message message);  // lost when it is not up
  // `answered` is never called when the process crashes first.
  void Serve(Bytes request, Answered answered);

  void StepWallClock(Duration step) { wall_offset_ += step; }
  void SetSyncTime(Duration least, Duration most);
  // Plants a bug: tells the machine at once that its writes are durable.
  void PretendDurable() { pretends_durable_ = true; }

  DiskRoom Room() const override { return room_; }
  ProcessId self() const { return self_; }
  std::uint64_t starts() const { return start_; }

 private:
  struct Held {
    BatchId after;
    std::variant<Message, Answer> output;
  };
  // Runs it unless the process has crashed in between.
  void Later(Instant when, std::function<void()> what);
  Moment Now() const;
  void ScheduleTurn();
  void Turn();
  void Feed(Moment now);
  void Perform(Output output);
  void TraceWrites(const WriteBatch& batch);
  void Release();
  void LetGo(std::variant<Message, Answer> output);
  void BeginSync();
  void ArmTimer();
  void Write(Severity severity, std::string line) override;

  const ProcessId self_;
  World world_;
  Factory factory_;
  Random random_;
  SimStorage disk_;
  std::unique_ptr<Machine> machine_;
  std::uint64_t start_ = 0;  // how many there were: events of an earlier one are void

  Duration monotonic_offset_;
  Duration wall_offset_{};
  Duration sync_least_ = std::chrono::microseconds(200);
  Duration sync_most_ = std::chrono::milliseconds(2);
  Duration turn_most_{};
  bool pretends_durable_ = false;

  std::vector<Message> inbox_;
  std::vector<Request> requests_;
  std::map<RequestTag, Answered> waiting_;
  std::uint64_t last_tag_ = 0;
  std::deque<Held> held_;  // in the order of output
  BatchId synced_;         // as the sync has said
  BatchId durable_;        // as the machine was told
  bool syncing_ = false;
  bool turn_scheduled_ = false;
  bool paused_ = false;
  DiskRoom room_ = DiskRoom::kPlenty;
  Instant armed_ = kNever;
};

}  // namespace meridian::sim
