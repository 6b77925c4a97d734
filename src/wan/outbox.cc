#include "wan/outbox.h"

#include <algorithm>

namespace meridian::wan {
namespace {

// The dots that a region holds once it has applied the row.
crdt::SeenVector DotsOf(const crdt::RowUpdate& update) {
  crdt::SeenVector dots;
  for (const crdt::Version& version : update.row.versions) dots.Add(version.dot);
  for (const crdt::Dot& dot : update.listed) dots.Add(dot);
  return dots;
}

const crdt::SeenVector& Find(const std::map<crdt::PartitionKey, crdt::SeenVector>& vectors,
                             crdt::PartitionKey key) {
  static const crdt::SeenVector kNothing;
  const auto at = vectors.find(key);
  return at == vectors.end() ? kNothing : at->second;
}

}  // namespace

void Outbox::Believe(crdt::PartitionKey partition, const crdt::SeenVector& held,
                     const crdt::SeenVector& denied) {
  crdt::SeenVector& ours = held_[partition];
  ours.Merge(held);
  if (!denied.empty()) ours = ours.Without(denied);
}

void Outbox::Offer(Parcel parcel) {
  const crdt::SeenVector dots = DotsOf(parcel.update);
  if (Missing(parcel.partition, dots).empty()) return;
  const std::size_t bytes = parcel.update.ApproximateBytes();
  if (bytes > options_.row_bytes_max) {
    // Neither held nor missing: it shows as behind, and is not read from the log without end.
    on_way_[parcel.partition].Merge(dots);
    ++rows_too_large_;
    return;
  }
  if (pending_bytes_ + bytes > options_.pending_bytes_max && !pending_.empty()) return;
  on_way_[parcel.partition].Merge(dots);
  pending_bytes_ += bytes;
  pending_.push_back(std::move(parcel));
}

crdt::SeenVector Outbox::Missing(crdt::PartitionKey partition, const crdt::SeenVector& seen) const {
  crdt::SeenVector missing = NotHeld(partition, seen);
  return missing.empty() ? missing : missing.Without(Find(on_way_, partition));
}

crdt::SeenVector Outbox::NotHeld(crdt::PartitionKey partition, const crdt::SeenVector& seen) const {
  return seen.Without(Find(held_, partition));
}

bool Outbox::Holds(crdt::PartitionKey partition, const crdt::Dot& dot) const {
  return Find(held_, partition).Contains(dot);
}

std::optional<Batch> Outbox::Next(Instant now) {
  if (pending_.empty() || !WindowOpen()) return std::nullopt;
  const bool full = pending_bytes_ >= options_.batch_bytes;
  if (!full && now < last_batch_ + options_.gather) return std::nullopt;
  InFlight flight;
  while (!pending_.empty() && flight.bytes < options_.batch_bytes) {
    const std::size_t bytes = pending_.front().update.ApproximateBytes();
    flight.bytes += bytes;
    pending_bytes_ -= bytes;
    flight.parcels.push_back(std::move(pending_.front()));
    pending_.pop_front();
  }
  flight.first_sent = flight.last_sent = last_batch_ = now;
  in_flight_bytes_ += flight.bytes;
  const auto [at, is_new] = in_flight_.emplace(++last_number_, std::move(flight));
  return MakeBatch(at->first, at->second);
}

Batch Outbox::MakeBatch(std::uint64_t number, const InFlight& flight) const {
  Batch batch{life_, number, {}};
  batch.rows.reserve(flight.parcels.size());
  for (const Parcel& parcel : flight.parcels) batch.rows.push_back(parcel.update);
  return batch;
}

// Patient with a slow link: resending into a full pipe only fills it further.
Duration Outbox::ResendAfter() const {
  return std::max(options_.resend_after, 4 * round_trip_);
}

std::vector<Batch> Outbox::Overdue(Instant now) {
  std::vector<Batch> overdue;
  for (auto& [number, flight] : in_flight_) {
    if (now < flight.last_sent + ResendAfter()) continue;
    flight.last_sent = now;
    ++resent_batches_;
    overdue.push_back(MakeBatch(number, flight));
  }
  return overdue;
}

Instant Outbox::NextDeadline() const {
  Instant next = kNever;
  if (!pending_.empty() && WindowOpen()) {
    const bool full = pending_bytes_ >= options_.batch_bytes;
    next = full ? Instant{} : last_batch_ + options_.gather;
  }
  for (const auto& [number, flight] : in_flight_) {
    next = std::min(next, flight.last_sent + ResendAfter());
  }
  return next;
}

void Outbox::OnAck(Instant now, const BatchAck& ack) {
  if (ack.life != life_) return;
  for (const std::uint64_t number : ack.numbers) {
    const auto at = in_flight_.find(number);
    if (at == in_flight_.end()) continue;
    InFlight& flight = at->second;
    if (flight.first_sent == flight.last_sent) {
      const Duration sample = now - flight.first_sent;
      round_trip_ = round_trip_ == Duration{} ? sample : (7 * round_trip_ + sample) / 8;
    }
    for (const Parcel& parcel : flight.parcels) {
      const crdt::SeenVector dots = DotsOf(parcel.update);
      held_[parcel.partition].Merge(dots);
      crdt::SeenVector& on_way = on_way_[parcel.partition];
      on_way = on_way.Without(dots);
    }
    in_flight_bytes_ -= flight.bytes;
    in_flight_.erase(at);
  }
}

std::optional<crdt::Stamp> Outbox::OldestStamp() const {
  std::optional<crdt::Stamp> oldest;
  const auto consider = [&](const Parcel& parcel) {
    for (const crdt::Version& version : parcel.update.row.versions) {
      if (!oldest || version.stamp < *oldest) oldest = version.stamp;
    }
  };
  // Rows come in about the order they were minted; the ends of the queues are enough.
  if (!in_flight_.empty()) std::ranges::for_each(in_flight_.begin()->second.parcels, consider);
  if (!pending_.empty()) consider(pending_.front());
  return oldest;
}

}  // namespace meridian::wan
