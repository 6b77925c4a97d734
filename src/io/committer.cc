#include "io/committer.h"

#include <utility>

#include "base/check.h"

namespace meridian::io {

Committer::Committer(Sync sync, Report done)
    : sync_(std::move(sync)), done_(std::move(done)), thread_([this] { Run(); }) {}

void Committer::Request(BatchId up_to) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    MERIDIAN_CHECK(up_to > requested_);
    requested_ = up_to;
    wake = std::exchange(waiting_, false);
  }
  if (wake) wake_.notify_one();
}

void Committer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

BatchId Committer::AwaitRequest(BatchId synced) {
  std::unique_lock lock(mutex_);
  while (requested_ == synced && !stopping_) {
    waiting_ = true;
    wake_.wait(lock);
  }
  waiting_ = false;
  return requested_ == synced ? BatchId{} : requested_;
}

void Committer::Run() {
  BatchId synced;
  while (true) {
    const BatchId up_to = AwaitRequest(synced);
    if (up_to == BatchId{}) return;
    const Result<Done> result = sync_();
    done_(result, up_to);
    if (!result) return;
    synced = up_to;
  }
}

}  // namespace meridian::io
