#include "local/coordinator.h"

#include <iterator>

namespace meridian::local {

void Coordinator::Start() {
  gets_.Start();
}

bool Coordinator::Refuse(Ticket ticket, const crdt::RowKey& key, std::size_t needed) {
  const bool full =
      in_flight() >= options_.in_flight_max || puts_.bytes() + gets_.bytes() >= options_.bytes_max;
  if (IsReady() && !full) return false;
  Outcome outcome;
  outcome.ticket = ticket;
  outcome.status = IsReady() ? OutcomeStatus::kOverloaded : OutcomeStatus::kNotReady;
  outcome.key = key;
  outcome.needed = needed;
  refused_.push_back(std::move(outcome));
  return true;
}

void Coordinator::Put(Moment now, PutOrder order) {
  if (!Refuse(order.ticket, order.key, order.w)) puts_.Put(now, std::move(order));
}

void Coordinator::Get(Moment now, const GetOrder& order) {
  if (!Refuse(order.ticket, order.key, order.r)) gets_.Get(now, order);
}

void Coordinator::Tick(Moment now) {
  puts_.Tick(now);
  gets_.Tick(now);
}

std::vector<Outcome> Coordinator::TakeOutcomes() {
  std::vector<Outcome> outcomes = std::exchange(refused_, {});
  std::ranges::move(puts_.TakeOutcomes(), std::back_inserter(outcomes));
  std::ranges::move(gets_.TakeOutcomes(), std::back_inserter(outcomes));
  return outcomes;
}

}  // namespace meridian::local
