// Drives one Machine with real parts: the turn of base/ports.h on an io_context.
//
//     arrivals ─▶ queues ─▶ turn: Durable, Receive..., Serve..., Tick, TakeOutput
//                            apply writes ─▶ ask for a commit ─▶ send what need not wait ─▶ flush
//     committer ─▶ Committed ─▶ next turn: release, in order, what waited
//
// Handlers only queue. The first of them posts the turn to the end of the loop's ready list, so one
// turn takes all that has arrived, and batches form by themselves under load. The timer is armed
// anew only for an earlier deadline: one that fires too early costs less than one that always
// moves.
//
// Everything is bounded, in number and in bytes: requests in flight, messages queued, outputs that
// wait for the disk. Too many requests are told kOverloaded; too many messages are dropped, as any
// message may be.
// A disk that fails ends the process (Options::fatal); nothing more leaves it then.
//
// All of it runs on the loop's thread, except Committed. The driver is destroyed after the loop has
// stopped and before its transports; what it was given outlives it.

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <variant>
#include <vector>

#include "base/byte_budget.h"
#include "base/ports.h"
#include "io/transport.h"
#include "node/client_api.h"

namespace meridian::io {

namespace asio = boost::asio;

class Driver {
 public:
  struct Options {
    ProcessId self;
    // Both empty for a machine without a disk. `apply` makes a batch visible to reads, unsynced;
    // `commit` asks for every batch up to this one to be synced and for Committed to be called.
    std::function<Result<Done>(const WriteBatch&)> apply;
    std::function<void(BatchId)> commit;
    // The disk failed; to end the process with status 1. The driver has stopped.
    std::function<void(const Error&)> fatal;
    std::size_t requests_max = 8192;                         // in flight
    std::size_t requests_bytes_max = std::size_t{64} << 20;  // of them, small ones apart
    std::size_t inbox_max = std::size_t{1} << 17;            // messages of one turn
    std::size_t inbox_bytes_max = std::size_t{64} << 20;     // and their bytes
    std::size_t held_max = std::size_t{1} << 17;             // outputs that wait for the disk
    std::size_t held_bytes_max = std::size_t{256} << 20;     // and their bytes
  };
  struct Counters {
    std::uint64_t turns = 0;
    std::uint64_t batches = 0;
    std::uint64_t requests = 0;
    std::uint64_t requests_refused = 0;
    std::uint64_t messages = 0;
    std::uint64_t messages_dropped = 0;
    std::uint64_t timer_armings = 0;
  };
  using Answered = std::function<void(Bytes)>;

  // Requires apply and commit, or neither; and fatal.
  Driver(asio::io_context& loop, Machine& machine, Options options);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // Where messages go: to other regions through `wan`, to all others through `ring`. Both before
  // Start; without one its messages are dropped.
  void UseRing(Transport& ring) { ring_ = &ring; }
  void UseWan(Transport& wan) { wan_ = &wan; }
  // Called at the end of each turn, in the order added: ClientPort::Flush.
  void AfterTurn(std::function<void()> flush) { after_turn_.push_back(std::move(flush)); }

  // The first turn, which only asks for timers. Run does it, too, and then runs the loop until
  // Stop.
  void Start();
  void Run();
  // No turn begins any more and the loop stops. Unanswered requests stay unanswered.
  void Stop();

  // The machine says goodbye. New requests are told kUnavailable. Once none is in flight, nothing
  // waits for the disk, the machine is idle and so are `others`, or at the deadline, calls
  // done(whether all was finished), then Stop.
  void Drain(
      Instant deadline, std::function<void(bool)> done,
      std::function<bool()> others = [] { return true; });
  // The others may be idle now.
  void CheckDrainedSoon() { ScheduleTurn(); }

  void Deliver(Message message);                  // an Inbox
  void Submit(Bytes request, Answered answered);  // a Serve; may answer at once
  // From any thread: all batches up to here are on stable storage, or cannot be.
  void Committed(Result<Done> synced, BatchId up_to);

  std::size_t in_flight() const { return in_flight_; }
  std::size_t held() const { return held_.size(); }
  const Counters& counters() const { return counters_; }

 private:
  // A request in flight. Its tag is sequence << 16 | slot: found at once, never reused.
  struct Slot {
    RequestTag tag;
    Answered answered;
    ByteBudget::Share share;
  };
  struct Held {
    BatchId after;
    std::variant<Message, Answer> output;
  };

  void ScheduleTurn();
  void Turn();
  void Feed(Moment now);
  void Release();
  bool Perform(Output output);
  void Dispatch(Output output);
  void Hold(BatchId after, std::variant<Message, Answer> output);
  void SendOut(Message message);
  void AnswerOut(Answer answer);
  void Flush();
  void ArmTimer();
  void OnTimer();
  bool Overfull() const;
  void CheckDrained();
  void FinishDrain(bool clean);
  void Fail(const Error& error);

  asio::io_context& loop_;
  Machine& machine_;
  const Options options_;
  Transport* ring_ = nullptr;
  Transport* wan_ = nullptr;
  std::vector<std::function<void()>> after_turn_;

  std::vector<Message> inbox_;
  std::size_t inbox_bytes_ = 0;
  std::vector<Request> requests_;
  ByteBudget request_bytes_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::uint64_t last_sequence_ = 0;
  std::size_t in_flight_ = 0;

  BatchId applied_;        // the last batch
  BatchId durable_;        // as the machine was told
  BatchId synced_;         // as the committer has said
  std::deque<Held> held_;  // ascending `after`; in order of output among equals
  std::size_t held_bytes_ = 0;

  bool turn_posted_ = false;
  bool stopped_ = false;
  asio::steady_timer timer_;
  Instant armed_ = kNever;  // when timer_ fires at the latest

  bool draining_ = false;
  asio::steady_timer drain_timer_;
  std::function<void(bool)> drained_;
  std::function<bool()> others_are_idle_;
  Counters counters_;
};

}  // namespace meridian::io
