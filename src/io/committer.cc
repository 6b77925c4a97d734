#include "io/committer.h"

#include <algorithm>
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

void Committer::Rest(BatchId synced, std::chrono::steady_clock::duration sync_took) {
  constexpr std::chrono::steady_clock::duration kRestMax = std::chrono::milliseconds(2);
  std::unique_lock lock(mutex_);
  if (requested_ == synced || stopping_) return;
  wake_.wait_for(lock, std::min(4 * sync_took, kRestMax), [this] { return stopping_; });
}

void Committer::Run() {
  BatchId synced;
  while (true) {
    const BatchId up_to = AwaitRequest(synced);
    if (up_to == BatchId{}) return;
    const auto began = std::chrono::steady_clock::now();
    const Result<Done> result = sync_();
    done_(result, up_to);
    if (!result) return;
    synced = up_to;
    Rest(synced, std::chrono::steady_clock::now() - began);
  }
}

}  // namespace meridian::io
