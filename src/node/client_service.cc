#include "node/client_service.h"

#include <algorithm>
#include <iterator>

#include "local/stand_ins.h"
#include "node/outcome_answer.h"
#include "node/request_rules.h"

namespace meridian::node {
namespace {

constexpr Duration kAskAgainAfter = std::chrono::seconds(1);
// What a forwarded request has less time than the one that was asked: for timers, which are rounded
// up, and the way back.
constexpr Duration kForwardMarginLeast = std::chrono::milliseconds(40);
constexpr Duration kForwardMarginMost = std::chrono::milliseconds(100);
// What was refused for its view waits so long for the newer one, at most.
constexpr Duration kOtherViewAgain = std::chrono::milliseconds(10);

}  // namespace

ClientService::ClientService(const RingNodeOptions& options, const local::Ring& ring, Turn& turn,
                             local::Coordinator& coordinator, const local::Liveness& liveness,
                             const Signer& signer)
    : options_(options),
      ring_(ring),
      turn_(turn),
      coordinator_(coordinator),
      liveness_(liveness),
      signer_(signer) {}

void ClientService::Serve(Moment now, RequestTag tag, const Bytes& encoded,
                          const Result<ClientRequest>& request) {
  Admit(now, tag, encoded, request, std::nullopt);
}

void ClientService::OnForward(Moment now, ProcessId from, local::Forward forward, Duration left) {
  if (forward.life != life_) {
    // A life that does not last must not be addressed: the next one would be the same.
    const BatchId known = coordinator_.IsReady() ? BatchId{} : turn_.Barrier();
    return turn_.Send(from, Pack(local::ForwardRefused{forward.id, forward.life, life_}), known);
  }
  if (!forwarded_here_.Insert(from, forward.id)) return;
  // Never forwarded on: two nodes that disagree on the owner would play ball.
  Admit(now, Peer{from, forward.id}, forward.request, DecodeRequest(forward.request), left);
}

void ClientService::Admit(Moment now, Origin origin, const Bytes& encoded,
                          const Result<ClientRequest>& request, std::optional<Duration> left) {
  if (request) return Order(now, std::move(origin), encoded, *request, left);
  const std::string why = "the request cannot be read: " + request.error().message;
  AnswerTo(origin, EncodeAnswer(Refused(Status::kBadRequest, why)), {});
}

void ClientService::Order(Moment now, Origin origin, const Bytes& encoded,
                          const ClientRequest& request, std::optional<Duration> left) {
  // While a change fills, who is to leave serves on.
  const bool has_left = !ring_.HasSelf() && ring_.stage() != local::Stage::kFilling;
  if (!ring_.IsKnown() || has_left || leaving_) {
    const auto refusal =
        Refused(Status::kUnavailable, leaving_ ? "shutting down; ask another node"
                                               : "this node is not part of the ring; ask another");
    return AnswerTo(origin, EncodeAnswer(refusal), {});
  }
  if (auto objection = Objection(ring_, request)) {
    return AnswerTo(origin, EncodeAnswer(*objection), {});
  }
  const local::Namespace* space = ring_.topology().FindNamespace(request.space);
  crdt::RowKey key{space->placement, space->id, request.key, {}};
  std::optional<crdt::ContextToken> read;
  if (!request.context.empty()) {
    Result<crdt::ContextToken> token = crdt::OpenToken(request.context, key, signer_);
    if (!token) {
      return AnswerTo(origin, EncodeAnswer(Refused(Status::kBadRequest, token.error().message)),
                      {});
    }
    read = std::move(*token);
  }
  Waiting waiting;
  waiting.origin = std::move(origin);
  waiting.deadline = now.monotonic + std::min(TimeoutOf(request), left.value_or(Duration::max()));
  waiting.writes = request.operation != Operation::kGet;
  waiting.each_quorum = waiting.writes && request.level == Level::kEachQuorum;
  const std::uint64_t id = ++last_id_;
  const local::PreferenceList& list = ListOf(key);
  const bool is_primary = list.IsPrimary(Self());
  const bool is_filling =
      coordinator_.IsFilling(ring_.PartitionOfToken(key.placement, key.token()));
  if (is_primary && !is_filling) {
    requests_.emplace(id, std::move(waiting));
    return Issue(now, id, request, std::move(read));
  }
  if (!coordinator_.IsReady()) {
    const auto starting = Refused(Status::kUnavailable, "this node is starting; try again");
    return AnswerTo(waiting.origin, EncodeAnswer(starting), {});
  }
  if (!left) {
    waiting.request = encoded;
    return ForwardOn(now, id, requests_.emplace(id, std::move(waiting)).first->second);
  }
  if (is_filling || !request.sloppy || std::ranges::find(list.nodes, Self()) == list.nodes.end()) {
    const auto refusal = Refused(Status::kUnavailable,
                                 is_filling ? "the primaries of the key are being filled; try again"
                                            : "forwarded to a node that does not hold it");
    return AnswerTo(waiting.origin, EncodeAnswer(refusal), {});
  }
  // Who sent it here believes that no primary can be had.
  requests_.emplace(id, std::move(waiting));
  Issue(now, id, request, std::move(read));
}

const local::PreferenceList& ClientService::ListOf(const crdt::RowKey& key) const {
  return *ring_.ListOf(ring_.PartitionOfToken(key.placement, key.token()));
}

void ClientService::Issue(Moment now, std::uint64_t id, const ClientRequest& request,
                          std::optional<crdt::ContextToken> read) {
  if (auto refusal = NoRoomFor(request.operation)) {
    refusal->maybe = requests_.at(id).may_have_acted;
    return Finish(id, *refusal, {});
  }
  const local::Namespace* space = ring_.topology().FindNamespace(request.space);
  crdt::RowKey key{space->placement, space->id, request.key, {}};
  const std::size_t replicas = ReplicasAsked(request, ListOf(key).primaries);
  const Duration timeout = requests_.at(id).deadline - now.monotonic;
  if (request.operation == Operation::kGet) {
    const bool everywhere = request.level == Level::kEachQuorum;
    return coordinator_.Get(now,
                            {{id}, std::move(key), replicas, timeout, everywhere, request.sloppy});
  }
  local::PutOrder order{{id},     std::move(key), std::nullopt,  std::move(read),
                        replicas, timeout,        request.sloppy};
  if (request.operation == Operation::kPut) order.value = request.value;
  coordinator_.Put(now, std::move(order));
}

// Deletes make room in the end, and so go on while there is some for them.
std::optional<ClientAnswer> ClientService::NoRoomFor(Operation operation) const {
  if (operation == Operation::kGet) return std::nullopt;
  const DiskRoom room = options_.Room();
  if (room == DiskRoom::kPlenty) return std::nullopt;
  if (room == DiskRoom::kLow && operation == Operation::kDelete) return std::nullopt;
  return Refused(Status::kUnavailable,
                 "the disk of " + ring_.topology().NameOf(ring_.self()) +
                     (room == DiskRoom::kLow ? " is nearly full: new values are refused, reads and "
                                               "deletes go on; make room, or ask another node"
                                             : " is full: nothing is written, reads go on; make "
                                               "room, or ask another node"));
}

Duration ClientService::TimeoutOf(const ClientRequest& request) const {
  if (request.timeout_ms == 0) return options_.timeout_default;
  return std::min<Duration>(std::chrono::milliseconds(request.timeout_ms), options_.timeout_max);
}

// Who may run the request, best first: primaries that are up; for a sloppy one then the fallbacks
// that are, this node perhaps among them.
std::vector<NodeId> ClientService::CandidatesFor(const ClientRequest& request,
                                                 const local::PreferenceList& list) const {
  local::Healthy healthy = local::HealthyOf(list, liveness_, Self());
  std::erase(healthy.primaries, Self());  // a primary only while it is being filled
  // Who has no room would refuse a new value.
  if (request.operation == Operation::kPut) {
    std::ranges::stable_partition(healthy.primaries,
                                  [&](NodeId node) { return liveness_.HasRoom(node); });
  }
  if (request.sloppy) std::ranges::move(healthy.fallbacks, std::back_inserter(healthy.primaries));
  return std::move(healthy.primaries);
}

// To the best node that was not tried yet; again from the first when all were.
void ClientService::ForwardOn(Moment now, std::uint64_t id, Waiting& waiting) {
  const Result<ClientRequest> request = DecodeRequest(waiting.request);
  MERIDIAN_CHECK(request.has_value());
  if (auto objection = Objection(ring_, *request)) {  // the topology may be another by now
    objection->maybe = waiting.writes && (waiting.may_have_acted || waiting.at != ProcessId{});
    return Finish(id, *objection, {});
  }
  const local::Namespace* space = ring_.topology().FindNamespace(request->space);
  const crdt::RowKey key{space->placement, space->id, request->key, {}};
  const local::PreferenceList& list = ListOf(key);
  const std::vector<NodeId> candidates = CandidatesFor(*request, list);
  if (candidates.empty()) {
    ClientAnswer none =
        Refused(Status::kUnavailable, "none of the key's " + std::to_string(list.primaries) +
                                          " primaries is up; let others stand in (sloppy)");
    none.maybe = waiting.writes && waiting.may_have_acted;
    return Finish(id, none, {});
  }
  // Refused for its view: it has not been done.
  if (std::exchange(waiting.refused, false)) waiting.tried.pop_back();
  const auto was_tried = [&](NodeId node) {
    return std::ranges::find(waiting.tried, node) != waiting.tried.end();
  };
  auto next = std::ranges::find_if_not(candidates, was_tried);
  if (next == candidates.end()) {
    waiting.tried.clear();
    next = candidates.begin();
  }
  waiting.may_have_acted |= waiting.at != ProcessId{};
  waiting.tried.push_back(*next);
  if (*next == Self()) return ServeHere(now, id, waiting, *request, key);
  waiting.at = ring_.Process(*next);
  waiting.once = request->operation == Operation::kDelete && request->context.empty();
  SendForward(now, id, waiting);
  const std::uint32_t tries = waiting.once ? 1 : list.primaries + (request->sloppy ? 1 : 0);
  timers_.Arm(std::min(now.monotonic + TimeoutOf(*request) / tries, waiting.deadline), id);
}

// As a stand-in for primaries that are down or silent.
void ClientService::ServeHere(Moment now, std::uint64_t id, Waiting& waiting,
                              const ClientRequest& request, const crdt::RowKey& key) {
  std::optional<crdt::ContextToken> read;
  if (!request.context.empty()) {
    Result<crdt::ContextToken> token = crdt::OpenToken(request.context, key, signer_);
    MERIDIAN_CHECK(token.has_value());  // it was opened when the request came
    read = std::move(*token);
  }
  waiting.request.clear();
  Issue(now, id, request, std::move(read));
}

// The primary is to have its say, a reason for a failure too, before this node's time is over.
void ClientService::SendForward(Moment now, std::uint64_t id, Waiting& waiting) {
  waiting.life = lives_[waiting.at];
  const Duration left = waiting.deadline - now.monotonic;
  const Duration margin = std::clamp(left / 10, kForwardMarginLeast, kForwardMarginMost);
  const Instant until = waiting.deadline - std::min(margin, left / 2);
  turn_.Send(waiting.at, Pack(local::Forward{id, waiting.request, waiting.life,
                                             local::Patience::Until(now.monotonic, until)}));
}

void ClientService::OnPeerLife(ProcessId peer, std::uint64_t life) {
  if (life != 0) lives_[peer] = life;
}

void ClientService::RefuseForward(ProcessId from, const local::Forward& forward) {
  turn_.Send(from, Pack(local::ForwardRefused{forward.id, life_, life_}));
}

void ClientService::FollowView(Moment now) {
  std::vector<std::uint64_t> refused;
  for (const auto& [id, waiting] : requests_) {
    if (waiting.refused) refused.push_back(id);
  }
  for (const std::uint64_t id : refused) ForwardOn(now, id, requests_.at(id));
}

void ClientService::OnForwardRefused(Moment now, ProcessId from,
                                     const local::ForwardRefused& refused) {
  const auto found = requests_.find(refused.id);
  if (found == requests_.end() || found->second.request.empty()) return;
  Waiting& waiting = found->second;
  if (waiting.at != from) return;  // an older try
  if (refused.life == refused.addressed) {
    waiting.refused = true;
    waiting.at = {};
    timers_.Arm(std::min<Instant>(now.monotonic + kOtherViewAgain, waiting.deadline), refused.id);
    return;
  }
  if (waiting.life != refused.addressed) return;
  OnPeerLife(from, refused.life);
  if (refused.addressed != 0) waiting.may_have_acted = true;
  if (!waiting.once || !waiting.may_have_acted) return SendForward(now, refused.id, waiting);
  ClientAnswer restarted = Refused(Status::kUnavailable,
                                   "a primary of the key restarted; whether it deleted the key "
                                   "first is not known: read it and try again");
  restarted.maybe = true;
  Finish(refused.id, restarted, {});
}

// A primary that cannot serve it has done nothing; false when all have been asked.
bool ClientService::TryNext(Moment now, std::uint64_t id, Waiting& waiting) {
  const Result<ClientRequest> request = DecodeRequest(waiting.request);
  MERIDIAN_CHECK(request.has_value());
  const local::Namespace* space = ring_.topology().FindNamespace(request->space);
  if (space == nullptr) return false;
  const auto candidates =
      CandidatesFor(*request, ListOf({space->placement, space->id, request->key, {}}));
  const bool all_tried = std::ranges::all_of(candidates, [&](NodeId node) {
    return std::ranges::find(waiting.tried, node) != waiting.tried.end();
  });
  if (all_tried) return false;
  waiting.at = {};  // it has done nothing
  ForwardOn(now, id, waiting);
  return true;
}

void ClientService::OnForwarded(Moment now, ProcessId from, local::Forwarded forwarded) {
  const auto waiting = requests_.find(forwarded.id);
  if (waiting == requests_.end() || waiting->second.request.empty()) return;
  // The byte behind the version; most answers are passed on unread.
  if (forwarded.answer.substr(1, 1) == Bytes(1, static_cast<char>(Status::kUnavailable))) {
    const Result<ClientAnswer> answer = DecodeAnswer(forwarded.answer);
    // Of an older try, or told twice: who was asked since is at it.
    if (answer && !answer->maybe && waiting->second.at != from) return;
    if (answer && !answer->maybe && TryNext(now, forwarded.id, waiting->second)) return;
  }
  if (waiting->second.writes && waiting->second.may_have_acted) {
    // The primaries that were silent may have written it, whatever this one says.
    Result<ClientAnswer> answer = DecodeAnswer(forwarded.answer);
    if (answer && answer->status != Status::kOk) {
      answer->maybe = true;
      forwarded.answer = EncodeAnswer(*answer);
    }
  }
  AnswerTo(waiting->second.origin, std::move(forwarded.answer), {});
  requests_.erase(waiting);
}

void ClientService::Tick(Moment now) {
  for (const std::uint64_t id : timers_.DueBy(now.monotonic)) {
    const auto found = requests_.find(id);
    if (found == requests_.end()) continue;
    Waiting& waiting = found->second;
    if (now.monotonic < waiting.deadline) {
      if (waiting.local_outcome) {
        AskOtherRegions(now, id, waiting);
      } else if (!waiting.request.empty()) {  // else it came to be served here
        ForwardOn(now, id, waiting);
      }
    } else if (waiting.local_outcome) {
      ClientAnswer late = Refused(Status::kTimeout,
                                  "this region holds the write, but not every other region has "
                                  "confirmed it in time; it will reach them");
      late.maybe = true;
      Finish(id, late, {});
    } else if (!waiting.request.empty()) {
      ClientAnswer silent = Refused(Status::kTimeout, "no primary of the key answered; try again");
      silent.maybe = waiting.writes;
      Finish(id, silent, {});
    }
  }
}

void ClientService::Settle(Moment now, std::vector<local::Outcome> outcomes) {
  for (local::Outcome& outcome : outcomes) {
    const auto found = requests_.find(outcome.ticket.value);
    if (found == requests_.end()) continue;
    Waiting& waiting = found->second;
    if (waiting.each_quorum && outcome.status == local::OutcomeStatus::kDone) {
      AwaitOtherRegions(now, found->first, waiting, std::move(outcome));
    } else {
      ClientAnswer answer = AnswerOf(outcome, !waiting.writes, ring_.topology(), signer_);
      // Primaries that were silent before this node stood in may have written it.
      if (waiting.writes && waiting.may_have_acted && answer.status != Status::kOk) {
        answer.maybe = true;
      }
      Finish(found->first, answer, outcome.after);
    }
  }
}

void ClientService::AwaitOtherRegions(Moment now, std::uint64_t id, Waiting& waiting,
                                      local::Outcome outcome) {
  const local::Placement* placement = ring_.topology().FindPlacement(outcome.key.placement);
  if (placement->replicas.size() == 1) {
    return Finish(id, AnswerOf(outcome, false, ring_.topology(), signer_), outcome.after);
  }
  waiting.local_outcome = std::move(outcome);
  AskOtherRegions(now, id, waiting);
}

// Again and again until the deadline: a gateway may have been killed with the question.
void ClientService::AskOtherRegions(Moment now, std::uint64_t id, const Waiting& waiting) {
  const local::Outcome& outcome = *waiting.local_outcome;
  const local::PartitionKey partition =
      ring_.PartitionOfToken(outcome.key.placement, outcome.key.token());
  const Bytes ask = Pack(local::HeldAsk{id, partition, outcome.dot});
  for (const local::Gateway& gateway : ring_.region().gateways) {
    turn_.Send({ring_.self().region, Role::kGateway, gateway.id}, ask);
  }
  timers_.Arm(std::min(now.monotonic + kAskAgainAfter, waiting.deadline), id);
}

void ClientService::OnHeldEverywhere(const local::HeldEverywhere& held) {
  const auto found = requests_.find(held.id);
  if (found == requests_.end() || !found->second.local_outcome) return;
  const local::Outcome outcome = *found->second.local_outcome;
  Finish(held.id, AnswerOf(outcome, false, ring_.topology(), signer_), {});
}

void ClientService::Finish(std::uint64_t id, const ClientAnswer& answer, BatchId after) {
  const auto waiting = requests_.find(id);
  MERIDIAN_CHECK(waiting != requests_.end());
  AnswerTo(waiting->second.origin, EncodeAnswer(answer), after);
  requests_.erase(waiting);
}

void ClientService::AnswerTo(const Origin& origin, Bytes answer, BatchId after) {
  if (const auto* tag = std::get_if<RequestTag>(&origin)) {
    turn_.Reply(*tag, std::move(answer), after);
  } else {
    const Peer& peer = std::get<Peer>(origin);
    turn_.Send(peer.process, Pack(local::Forwarded{peer.id, std::move(answer)}), after);
  }
}

}  // namespace meridian::node
