#include "wan/outbox.h"

#include <algorithm>

namespace meridian::wan {
namespace {

constexpr unsigned kDoublingsMax = 5;

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

bool Outbox::Offer(Parcel parcel) {
  const crdt::SeenVector dots = DotsOf(parcel.update);
  if (Rests(parcel.partition)) return false;
  if (Missing(parcel.partition, dots).empty()) return true;
  const std::size_t bytes = parcel.update.ApproximateBytes();
  if (bytes > options_.row_bytes_max) {
    // Neither held nor missing: it shows as behind, and is not read from the log without end.
    too_large_[parcel.partition].Merge(dots);
    ++rows_too_large_;
    return true;
  }
  if (pending_bytes_ + bytes > options_.pending_bytes_max && !pending_.empty()) return false;
  on_way_[parcel.partition].Merge(dots);
  pending_bytes_ += bytes;
  pending_.push_back(std::move(parcel));
  return true;
}

crdt::SeenVector Outbox::Missing(crdt::PartitionKey partition, const crdt::SeenVector& seen) const {
  crdt::SeenVector missing = NotHeld(partition, seen);
  if (!missing.empty()) missing = missing.Without(Find(on_way_, partition));
  return missing.empty() ? missing : missing.Without(Find(too_large_, partition));
}

crdt::SeenVector Outbox::NotHeld(crdt::PartitionKey partition, const crdt::SeenVector& seen) const {
  return seen.Without(Find(held_, partition));
}

bool Outbox::Holds(crdt::PartitionKey partition, const crdt::Dot& dot) const {
  return Find(held_, partition).Contains(dot);
}

std::optional<Batch> Outbox::Next(Instant now) {
  std::erase_if(resting_, [&](const auto& one) { return now >= one.second; });
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
  return std::max(options_.resend_after, 4 * round_trip_) * (1 << doublings_);
}

std::vector<Batch> Outbox::Overdue(Instant now) {
  std::vector<Batch> overdue;
  for (auto& [number, flight] : in_flight_) {
    if (now < flight.last_sent + ResendAfter()) continue;
    // Batches that were sent together count as one silence.
    if (flight.last_sent >= doubled_at_ && doublings_ < kDoublingsMax) {
      ++doublings_;
      doubled_at_ = now;
    }
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
    const InFlight& flight = at->second;
    if (flight.first_sent == flight.last_sent) {
      const Duration sample = now - flight.first_sent;
      round_trip_ = round_trip_ == Duration{} ? sample : (7 * round_trip_ + sample) / 8;
      doublings_ = 0;
    }
    End(now, number, {});
  }
  // How long these took says how long the region waited for its nodes, and nothing of the link.
  for (const BatchPart& part : ack.parts) {
    if (!std::ranges::is_sorted(part.left)) continue;
    doublings_ = 0;
    End(now, part.number, part.left);
  }
}

void Outbox::End(Instant now, std::uint64_t number, const std::vector<std::uint32_t>& left) {
  const auto flight = in_flight_.extract(number);
  if (!flight) return;
  in_flight_bytes_ -= flight.mapped().bytes;
  std::uint32_t place = 0;
  for (const Parcel& parcel : flight.mapped().parcels) {
    NotOnWay(parcel);
    if (std::ranges::binary_search(left, place++)) {
      LetRest(now, parcel.partition);
    } else {
      held_[parcel.partition].Merge(DotsOf(parcel.update));
    }
  }
}

void Outbox::NotOnWay(const Parcel& parcel) {
  crdt::SeenVector& on_way = on_way_[parcel.partition];
  on_way = on_way.Without(DotsOf(parcel.update));
}

// What is pending of it would only come back as well.
void Outbox::LetRest(Instant now, crdt::PartitionKey partition) {
  if (!resting_.insert_or_assign(partition, now + options_.rest).second) return;
  std::erase_if(pending_, [&](const Parcel& parcel) {
    if (parcel.partition != partition) return false;
    NotOnWay(parcel);
    pending_bytes_ -= parcel.update.ApproximateBytes();
    return true;
  });
}

std::optional<crdt::Stamp> Outbox::OldestStamp(RegionId origin) const {
  std::optional<crdt::Stamp> oldest;
  const auto consider = [&](const Parcel& parcel) {
    for (const crdt::Version& version : parcel.update.row.versions) {
      if (version.dot.actor.region() != origin || Holds(parcel.partition, version.dot)) continue;
      if (!oldest || version.stamp < *oldest) oldest = version.stamp;
    }
  };
  // Rows come in about the order they were minted; the ends of the queues are enough.
  if (!in_flight_.empty()) std::ranges::for_each(in_flight_.begin()->second.parcels, consider);
  if (!pending_.empty()) consider(pending_.front());
  return oldest;
}

}  // namespace meridian::wan
