// Makes batches durable on a thread of its own, so that no turn waits for the disk.
//
//     machine's thread      Request(7)   Request(8)  Request(9)
//     committer's thread    [ sync ......... done(7) ][ sync ......... done(9) ]
//
// What is requested while a sync runs shares the next one: batches grow with the load and cost
// nothing when there is none. A sync costs CPU as well as time, so while they follow each other the
// next one starts four of their own lengths later (docs/adr/0002-commit-pacing.md); a request that
// finds the thread asleep is synced at once. `sync` must cover everything applied before it is
// called. `done` runs on the committer's thread; it should only post. A failed sync is told once
// and is the last: the disk may have lost any part of what it was given, so the driver stops the
// process.

#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/ids.h"
#include "base/result.h"

namespace meridian::io {

class Committer {
 public:
  using Sync = std::function<Result<Done>()>;
  using Report = std::function<void(Result<Done>, BatchId up_to)>;

  Committer(Sync sync, Report done);
  ~Committer() { Stop(); }
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Batches up to here were applied: make them durable. Requires rising ids.
  void Request(BatchId up_to);

  // Syncs and reports what was requested, then ends the thread. May be called again.
  void Stop();

 private:
  void Run();
  // Waits for work; 0 when there will be none.
  BatchId AwaitRequest(BatchId synced);
  // Lets requests gather, if there are any already.
  void Rest(BatchId synced, std::chrono::steady_clock::duration sync_took);

  const Sync sync_;
  const Report done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  BatchId requested_;     // the three guarded by mutex_
  bool waiting_ = false;  // the thread sleeps, so a request must wake it
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace meridian::io
