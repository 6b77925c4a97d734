#include "io/driver.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/check.h"
#include "io/clocks.h"

namespace meridian::io {
namespace {

constexpr unsigned kSlotBits = 16;
constexpr std::size_t kSlotsMax = std::size_t{1} << kSlotBits;
// Requests up to this size are bounded by their number alone.
constexpr std::size_t kSmallRequest = 4096;

Bytes Refusal(node::Status status, std::string message) {
  node::ClientAnswer refusal;
  refusal.status = status;
  refusal.message = std::move(message);
  return node::EncodeAnswer(refusal);
}

std::size_t SizeOf(const std::variant<Message, Answer>& output) {
  return std::visit([](const auto& held) { return held.body.size(); }, output);
}

}  // namespace

Driver::Driver(asio::io_context& loop, Machine& machine, Options options)
    : loop_(loop),
      machine_(machine),
      options_(std::move(options)),
      request_bytes_(options_.requests_bytes_max, kSmallRequest),
      timer_(loop),
      drain_timer_(loop) {
  MERIDIAN_CHECK(static_cast<bool>(options_.apply) == static_cast<bool>(options_.commit));
  MERIDIAN_CHECK(static_cast<bool>(options_.fatal));
  MERIDIAN_CHECK(options_.requests_max <= kSlotsMax);
}

void Driver::Start() {
  ScheduleTurn();
}

void Driver::Run() {
  Start();
  loop_.run();
}

void Driver::Stop() {
  stopped_ = true;
  timer_.cancel();
  drain_timer_.cancel();
  loop_.stop();
}

void Driver::Deliver(Message message) {
  if (inbox_.size() >= options_.inbox_max || inbox_bytes_ >= options_.inbox_bytes_max ||
      held_.size() >= options_.held_max || held_bytes_ >= options_.held_bytes_max) {
    ++counters_.messages_dropped;
    return;
  }
  inbox_bytes_ += message.body.size();
  inbox_.push_back(std::move(message));
  ScheduleTurn();
}

// Requests leave half of what may be held to the messages of those already in flight.
bool Driver::Overfull() const {
  return in_flight_ >= options_.requests_max || held_.size() >= options_.held_max / 2 ||
         held_bytes_ >= options_.held_bytes_max / 2;
}

void Driver::Submit(Bytes request, Answered answered) {
  if (draining_ || stopped_) {
    ++counters_.requests_refused;
    return answered(Refusal(node::Status::kUnavailable, "shutting down; ask another node"));
  }
  ByteBudget::Share share;
  if (!Overfull()) share = request_bytes_.Take(request.size());
  if (!share) {
    ++counters_.requests_refused;
    return answered(Refusal(node::Status::kOverloaded, "too many requests; try again later"));
  }
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  const RequestTag tag{(++last_sequence_ << kSlotBits) | slot};
  slots_[slot] = {tag, std::move(answered), std::move(share)};
  ++in_flight_;
  requests_.push_back({tag, std::move(request)});
  ScheduleTurn();
}

void Driver::Committed(Result<Done> synced, BatchId up_to) {
  asio::post(loop_, [this, synced = std::move(synced), up_to] {
    if (stopped_) return;
    if (!synced) return Fail(synced.error());
    synced_ = std::max(synced_, up_to);
    ScheduleTurn();
  });
}

void Driver::ScheduleTurn() {
  if (turn_posted_ || stopped_) return;
  turn_posted_ = true;
  asio::post(loop_, [this] { Turn(); });
}

void Driver::Turn() {
  turn_posted_ = false;
  if (stopped_) return;
  ++counters_.turns;
  Feed(Now());
  if (!Perform(machine_.TakeOutput())) return;
  Flush();
  ArmTimer();
  CheckDrained();
}

void Driver::Feed(Moment now) {
  if (synced_ > durable_) {
    MERIDIAN_CHECK(synced_ <= applied_);
    durable_ = synced_;
    machine_.Durable(now, durable_);
    Release();
  }
  counters_.messages += inbox_.size();
  for (Message& message : inbox_) machine_.Receive(now, std::move(message));
  inbox_.clear();
  inbox_bytes_ = 0;
  counters_.requests += requests_.size();
  for (Request& request : requests_) machine_.Serve(now, std::move(request));
  requests_.clear();
  if (machine_.NextDeadline() <= now.monotonic) machine_.Tick(now);
}

void Driver::Release() {
  while (!held_.empty() && held_.front().after <= durable_) {
    std::variant<Message, Answer> output = std::move(held_.front().output);
    held_.pop_front();
    held_bytes_ -= SizeOf(output);
    if (auto* const message = std::get_if<Message>(&output)) {
      SendOut(std::move(*message));
    } else {
      AnswerOut(std::move(std::get<Answer>(output)));
    }
  }
}

// False when the process is to end: nothing of this turn may leave it.
bool Driver::Perform(Output output) {
  if (!output.writes.writes.empty()) {
    MERIDIAN_CHECK(static_cast<bool>(options_.apply));
    MERIDIAN_CHECK(output.writes.id > applied_);
    if (Result<Done> applied = options_.apply(output.writes); !applied) {
      Fail(applied.error());
      return false;
    }
    ++counters_.batches;
    applied_ = output.writes.id;
    options_.commit(applied_);
  }
  Dispatch(std::move(output));
  return true;
}

void Driver::Dispatch(Output output) {
  for (Outgoing& outgoing : output.messages) {
    if (outgoing.after <= durable_) {
      SendOut(std::move(outgoing.message));
    } else {
      Hold(outgoing.after, std::move(outgoing.message));
    }
  }
  for (Answer& answer : output.replies) {
    if (answer.after <= durable_) {
      AnswerOut(std::move(answer));
    } else {
      const BatchId after = answer.after;
      Hold(after, std::move(answer));
    }
  }
}

void Driver::Hold(BatchId after, std::variant<Message, Answer> output) {
  MERIDIAN_CHECK(after <= applied_);  // nobody may wait for a batch that was never made
  held_bytes_ += SizeOf(output);
  const auto later = [](BatchId batch, const Held& held) { return batch < held.after; };
  // Nearly always the end; earlier when an older batch than the last one is waited for.
  auto place = held_.end();
  if (!held_.empty() && after < held_.back().after) {
    place = std::upper_bound(held_.begin(), held_.end(), after, later);
  }
  held_.insert(place, {after, std::move(output)});
}

void Driver::SendOut(Message message) {
  if (message.to == options_.self) return Deliver(std::move(message));
  Transport* const way = message.to.region == options_.self.region ? ring_ : wan_;
  if (way == nullptr) {
    ++counters_.messages_dropped;
    return;
  }
  way->Send(std::move(message));
}

void Driver::AnswerOut(Answer answer) {
  const auto slot = static_cast<std::uint32_t>(answer.tag.value & (kSlotsMax - 1));
  // Once for each request: a second answer, or one to nobody, is a bug of the machine.
  MERIDIAN_CHECK(slot < slots_.size() && slots_[slot].tag == answer.tag && slots_[slot].answered);
  // The slot is free before the call, which may submit the client's next request.
  const Answered answered = std::exchange(slots_[slot].answered, nullptr);
  slots_[slot].share = {};
  free_slots_.push_back(slot);
  --in_flight_;
  answered(std::move(answer.body));
}

void Driver::Flush() {
  if (ring_ != nullptr) ring_->Flush();
  if (wan_ != nullptr) wan_->Flush();
  for (const std::function<void()>& flush : after_turn_) flush();
}

void Driver::ArmTimer() {
  const Instant next = machine_.NextDeadline();
  if (stopped_ || next >= armed_) return;
  armed_ = next;
  ++counters_.timer_armings;
  timer_.expires_at(SteadyTime(next));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) OnTimer();
  });
}

void Driver::OnTimer() {
  armed_ = kNever;
  if (machine_.NextDeadline() <= Now().monotonic) {
    ScheduleTurn();
  } else {
    ArmTimer();
  }
}

void Driver::Drain(Instant deadline, std::function<void(bool)> done, std::function<bool()> others) {
  MERIDIAN_CHECK(!draining_);
  draining_ = true;
  drained_ = std::move(done);
  others_are_idle_ = std::move(others);
  machine_.Leave(Now());
  if (deadline != kNever) {
    drain_timer_.expires_at(SteadyTime(deadline));
    drain_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error && !stopped_) FinishDrain(false);
    });
  }
  ScheduleTurn();
}

void Driver::CheckDrained() {
  if (!draining_ || stopped_) return;
  const bool idle = in_flight_ == 0 && inbox_.empty() && held_.empty() && durable_ == applied_;
  if (idle && machine_.IsIdle() && others_are_idle_()) FinishDrain(true);
}

void Driver::FinishDrain(bool clean) {
  if (const auto done = std::exchange(drained_, nullptr)) done(clean);
  Stop();
}

void Driver::Fail(const Error& error) {
  Stop();
  options_.fatal(error);
}

}  // namespace meridian::io
