#include "io/emulated_pipe.h"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <utility>

namespace meridian::io {

namespace {

using boost::system::error_code;
using namespace std::chrono_literals;

constexpr std::size_t kChunkBytes = std::size_t{16} << 10;  // 1.3 ms at 100 Mbit/s
constexpr std::size_t kBufferBytesMin = std::size_t{256} << 10;
constexpr std::size_t kChunksPerWrite = 64;
constexpr auto kReleaseEvery = 1ms;  // so that many small chunks do not cost a timer each

}  // namespace

EmulatedWire::Clock::time_point EmulatedWire::Carry(Clock::time_point now, std::size_t size) {
  const auto takes =
      std::chrono::nanoseconds(std::uint64_t{size} * 8 * 1'000'000'000 / bits_per_second);
  free_at = std::max(free_at, now) + takes;
  const auto most = static_cast<std::uint64_t>(jitter.count());
  return free_at + delay + std::chrono::microseconds(random.Below(most + 1));
}

std::size_t EmulatedWire::BufferBytes() const {
  const auto delay_us = static_cast<std::uint64_t>(delay.count());
  return std::max(kBufferBytesMin, 4 * (bits_per_second / 8) * delay_us / 1'000'000);
}

EmulatedPipe::EmulatedPipe(tcp::socket& source, tcp::socket& target,
                           std::shared_ptr<EmulatedWire> wire, std::function<void()> ended,
                           std::function<void()> broken)
    : source_(source),
      target_(target),
      wire_(std::move(wire)),
      ended_(std::move(ended)),
      broken_(std::move(broken)),
      timer_(source.get_executor()) {}

void EmulatedPipe::Start(const std::shared_ptr<void>& owner) {
  buffer_.resize(kChunkBytes);
  Read(owner);
}

void EmulatedPipe::Stop() {
  stopped_ = true;
  timer_.cancel();
}

void EmulatedPipe::Read(const std::shared_ptr<void>& owner) {
  if (reading_ || read_to_end_ || queued_bytes_ >= wire_->BufferBytes()) return;
  reading_ = true;
  source_.async_read_some(asio::buffer(buffer_),
                          [this, owner](const error_code& error, std::size_t size) {
                            if (stopped_) return;
                            reading_ = false;
                            if (size > 0) Queue(Kind::kBytes, ByteView(buffer_).substr(0, size));
                            if (error) {
                              read_to_end_ = true;
                              Queue(error == asio::error::eof ? Kind::kEnd : Kind::kBreak, {});
                            }
                            Schedule(owner);
                            if (!stopped_) Read(owner);
                          });
}

void EmulatedPipe::Queue(Kind kind, ByteView bytes) {
  auto at = wire_->Carry(EmulatedWire::Clock::now(), bytes.size());
  if (!chunks_.empty()) at = std::max(at, chunks_.back().at);
  chunks_.push_back({at, kind, Bytes(bytes)});
  queued_bytes_ += bytes.size();
}

void EmulatedPipe::Schedule(const std::shared_ptr<void>& owner) {
  if (waiting_ || !releasing_.empty() || chunks_.empty()) return;
  waiting_ = true;
  timer_.expires_at(std::max(chunks_.front().at, released_at_ + kReleaseEvery));
  timer_.async_wait([this, owner](const error_code&) {
    waiting_ = false;
    if (!stopped_) Release(owner);
  });
}

void EmulatedPipe::Release(const std::shared_ptr<void>& owner) {
  released_at_ = EmulatedWire::Clock::now();
  while (!chunks_.empty() && chunks_.front().at <= released_at_ &&
         chunks_.front().kind == Kind::kBytes && releasing_.size() < kChunksPerWrite) {
    releasing_.push_back(std::move(chunks_.front()));
    chunks_.pop_front();
  }
  // Only now: while the list grows, its short strings move and their bytes with them.
  std::vector<asio::const_buffer> buffers;
  for (const Chunk& chunk : releasing_) buffers.push_back(asio::buffer(chunk.bytes));
  if (buffers.empty()) {
    ReleaseMark(chunks_.front().kind);
    return;
  }
  asio::async_write(target_, buffers, [this, owner](const error_code& error, std::size_t size) {
    if (stopped_) return;
    if (error) return broken_();
    wire_->bytes += size;
    queued_bytes_ -= size;
    releasing_.clear();
    Schedule(owner);
    Read(owner);
  });
}

void EmulatedPipe::ReleaseMark(Kind kind) {
  if (kind == Kind::kBreak) return broken_();
  error_code ignored;
  target_.shutdown(tcp::socket::shutdown_send, ignored);
  chunks_.clear();
  ended_();
}

}  // namespace meridian::io
