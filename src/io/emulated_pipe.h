// What an emulated WAN does to bytes: a wire has a speed and a length, a pipe goes through it.
//
//     source socket -> EmulatedPipe: | 16 KB chunks, each with the instant it comes out | -> target
//                           EmulatedWire says when: not before the wire is free, and `delay` later
//
// A wire is one direction between two regions and shared by all their connections; a pipe is one
// direction of one connection. Order is kept. A pipe that holds four times what is under way on a
// wire in use stops reading, so the sender feels the wire. No timer runs while nothing is queued.

#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "io/tcp.h"

namespace meridian::io {

struct EmulatedWire {
  using Clock = std::chrono::steady_clock;

  std::chrono::microseconds delay{40'000};
  std::chrono::microseconds jitter{0};  // up to this much is added to the delay
  std::uint64_t bits_per_second = 100'000'000;
  bool cut = false;
  std::uint64_t bytes = 0;  // that came out
  Random random{1};
  Clock::time_point free_at{};  // all that was handed over has been put on the wire

  // When the last of these bytes, handed over now, comes out.
  Clock::time_point Carry(Clock::time_point now, std::size_t size);
  std::size_t BufferBytes() const;
};

// One direction of a connection. Handlers keep `owner` alive.
class EmulatedPipe {
 public:
  // `ended`: the source's end has been passed on; `broken`: the connection is to be closed.
  EmulatedPipe(tcp::socket& source, tcp::socket& target, std::shared_ptr<EmulatedWire> wire,
               std::function<void()> ended, std::function<void()> broken);

  void Start(const std::shared_ptr<void>& owner);
  // From now on it does nothing.
  void Stop();
  std::size_t queued_bytes() const { return queued_bytes_; }

 private:
  enum class Kind { kBytes, kEnd, kBreak };
  struct Chunk {
    EmulatedWire::Clock::time_point at;
    Kind kind = Kind::kBytes;
    Bytes bytes;
  };

  void Read(const std::shared_ptr<void>& owner);
  void Queue(Kind kind, ByteView bytes);
  void Schedule(const std::shared_ptr<void>& owner);
  void Release(const std::shared_ptr<void>& owner);
  void ReleaseMark(Kind kind);

  tcp::socket& source_;
  tcp::socket& target_;
  const std::shared_ptr<EmulatedWire> wire_;
  const std::function<void()> ended_;
  const std::function<void()> broken_;
  asio::steady_timer timer_;
  Bytes buffer_;
  std::deque<Chunk> chunks_;
  std::vector<Chunk> releasing_;  // being written
  std::size_t queued_bytes_ = 0;  // of both
  EmulatedWire::Clock::time_point released_at_{};
  bool stopped_ = false;
  bool reading_ = false;
  bool read_to_end_ = false;
  bool waiting_ = false;
};

}  // namespace meridian::io
