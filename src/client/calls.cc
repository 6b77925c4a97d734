#include "client/calls.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/hash.h"
#include "node/request_rules.h"

namespace meridian::client {
namespace {

using node::ClientAnswer;
using node::ClientRequest;
using node::Operation;
using node::Status;

constexpr Duration kAvoidFor = std::chrono::seconds(1);
constexpr Duration kFirstPause = std::chrono::milliseconds(10);
constexpr Duration kLongestPause = std::chrono::milliseconds(500);
// The first attempt gets this part of the timeout, but no more than this long.
constexpr int kShares = 5;
constexpr Duration kLongestFirstShare = std::chrono::seconds(1);
constexpr std::size_t kContextBytesMax = std::size_t{64} << 10;  // no node gives a longer one

bool IsWrite(Operation operation) {
  return operation == Operation::kPut || operation == Operation::kDelete;
}

bool IsSuccess(Status status) {
  return status == Status::kOk || status == Status::kSiblings || status == Status::kNotFound;
}

ClientAnswer Failed(Status status, std::string message) {
  ClientAnswer answer;
  answer.status = status;
  answer.message = std::move(message);
  return answer;
}

// A node says the same, but of what is far too large it does not read more than the beginning: it
// ends the connection, and every other call on it.
std::optional<ClientAnswer> TooLarge(const local::Limits& limits, const ClientRequest& request) {
  if (auto objection = node::SizeObjection(limits, request)) return objection;
  if (request.context.size() <= kContextBytesMax) return std::nullopt;
  return Failed(Status::kBadRequest, "the context is none: no node gives one of " +
                                         std::to_string(request.context.size()) + " bytes");
}

}  // namespace

bool IsWorthRetrying(Status status) {
  return status == Status::kUnavailable || status == Status::kOverloaded ||
         status == Status::kTimeout;
}

Calls::Calls(local::Topology topology, RegionId region, std::size_t max_in_flight, Random random)
    : topology_(std::move(topology)),
      region_(region),
      table_(local::PartitionTable::Build(topology_, region)),
      max_in_flight_(max_in_flight),
      random_(random) {}

const local::PreferenceList* Calls::ListFor(const ClientRequest& request, std::string& message) {
  const local::Namespace* space = topology_.FindNamespace(request.space);
  if (space == nullptr) {
    message = "no namespace '" + request.space + "' in the topology; add it there or use another";
    return nullptr;
  }
  const Token token = TokenOf(space->id, request.key);
  const PartitionId partition = PartitionOf(token, topology_.partition_bits);
  const local::PreferenceList* list = table_.ListOf(space->placement, partition);
  if (list == nullptr || list->nodes.empty()) {
    message = "region " + topology_.FindRegion(region_)->name + " does not hold namespace '" +
              request.space + "'; ask a region of its placement";
    return nullptr;
  }
  return list;
}

void Calls::Follow(local::Topology topology, local::PartitionTable table) {
  topology_ = std::move(topology);
  table_ = std::move(table);
  for (auto at = calls_.begin(); at != calls_.end();) {
    const auto call = at++;
    std::string message;
    call->second.list = ListFor(call->second.request, message);
    if (call->second.list != nullptr) continue;
    call->second.uncertain |= call->second.waiting;
    Finish(call, Failed(Status::kBadRequest, message));
  }
}

bool Calls::IsOnce(const ClientRequest& request) {
  return request.operation == Operation::kDelete && request.context.empty();
}

void Calls::Start(Instant now, ClientRequest request, Duration timeout, Callback callback) {
  MERIDIAN_CHECK(timeout > Duration::zero());
  ++figures_.calls;
  if (calls_.size() >= max_in_flight_) {
    ++figures_.refused;
    finished_.push_back({std::move(callback),
                         Failed(Status::kOverloaded,
                                "too many calls in flight in this client; "
                                "wait for some to end"),
                         {}});
    return;
  }
  if (auto objection = TooLarge(topology_.limits, request)) {
    finished_.push_back({std::move(callback), std::move(*objection), {}});
    return;
  }
  std::string message;
  const local::PreferenceList* list = ListFor(request, message);
  if (list == nullptr) {
    finished_.push_back({std::move(callback), Failed(Status::kBadRequest, message), {}});
    return;
  }
  Call call;
  call.request = std::move(request);
  call.callback = std::move(callback);
  call.list = list;
  call.deadline = now + timeout;
  call.share = IsOnce(call.request)
                   ? timeout
                   : std::clamp(timeout / kShares, Duration(1), kLongestFirstShare);
  Attempt(now, calls_.emplace(next_id_++, std::move(call)).first);
}

bool Calls::Avoided(Instant now, NodeId node) const {
  const auto health = health_.find(node);
  return health != health_.end() && health->second.suspect && now < health->second.avoid_until;
}

// The best node: not avoided, least tried by this call, first in the list.
NodeId Calls::Pick(Instant now, const Call& call) const {
  const auto rank = [&](NodeId node) {
    return std::tuple(Avoided(now, node), std::count(call.tried.begin(), call.tried.end(), node));
  };
  return *std::min_element(call.list->nodes.begin(), call.list->nodes.end(),
                           [&](NodeId a, NodeId b) { return rank(a) < rank(b); });
}

bool Calls::HasFresh(Instant now, const Call& call) const {
  return std::ranges::any_of(call.list->nodes, [&](NodeId node) {
    return !Avoided(now, node) && std::count(call.tried.begin(), call.tried.end(), node) == 0;
  });
}

void Calls::Attempt(Instant now, CallMap::iterator at) {
  auto& [id, call] = *at;
  const NodeId to = Pick(now, call);
  Health& health = health_[to];
  if (health.suspect && now >= health.avoid_until) health.avoid_until = now + kAvoidFor;
  if (!call.tried.empty()) ++figures_.retries;
  call.tried.push_back(to);
  call.waiting = true;
  const Instant until = std::min(now + call.share, call.deadline);
  // The node gives up just before this client does, so that its own reason arrives.
  call.request.timeout_ms =
      static_cast<std::uint32_t>(std::max<std::int64_t>(1, Milliseconds((until - now) * 9 / 10)));
  sends_.push_back({to, id, node::EncodeRequest(call.request), until});
  Wait(id, call, until);
}

void Calls::Wait(std::uint64_t id, Call& call, Instant until) {
  wakes_.erase({call.wake, id});
  call.wake = until;
  wakes_.emplace(until, id);
}

void Calls::Receive(Instant now, NodeId from, std::uint64_t id, ByteView body) {
  health_.erase(from);
  const auto at = calls_.find(id);
  if (at == calls_.end()) return;
  Call& call = at->second;
  Result<ClientAnswer> answer = node::DecodeAnswer(body);
  if (!answer) return;
  if (IsSuccess(answer->status)) return Finish(at, std::move(*answer));
  doubt_ = doubt_ || answer->status == Status::kUnavailable;
  // A failure of an attempt that was already given up says nothing about the present one.
  if (!call.waiting || call.tried.back() != from) return;
  if (!IsWorthRetrying(answer->status)) return Finish(at, std::move(*answer));
  Refused(now, at, std::move(*answer));
}

void Calls::Refused(Instant now, CallMap::iterator at, ClientAnswer answer) {
  Call& call = at->second;
  call.uncertain |= answer.maybe;
  call.refusal = std::move(answer);
  call.waiting = false;
  if (call.uncertain && IsOnce(call.request)) return Expire(at);
  if (call.refusal.status == Status::kUnavailable) {
    if (HasFresh(now, call)) return Attempt(now, at);
    if (!call.request.sloppy) return Expire(at);
  }
  const auto doublings = std::min<std::size_t>(call.tried.size() - 1, 6);
  const Duration longest = std::min(kFirstPause * (1 << doublings), kLongestPause);
  const auto jitter = static_cast<std::uint64_t>(longest.count() / 2);
  const Duration pause = longest / 2 + Duration(static_cast<std::int64_t>(random_.Below(jitter)));
  if (now + pause >= call.deadline) return Expire(at);
  Wait(at->first, call, now + pause);
}

void Calls::Undeliverable(Instant now, NodeId to, std::uint64_t id) {
  const auto at = calls_.find(id);
  if (at == calls_.end() || !at->second.waiting || at->second.tried.back() != to) return;
  health_[to] = {true, now + kAvoidFor};
  Refused(now, at,
          Failed(Status::kUnavailable, "no node of region " + topology_.FindRegion(region_)->name +
                                           " can be reached; see `meridian dev status`"));
}

void Calls::Lost(Instant now, NodeId node) {
  health_[node] = {true, now + kAvoidFor};
  std::vector<std::uint64_t> lost;
  for (const auto& [id, call] : calls_) {
    if (call.waiting && call.tried.back() == node) lost.push_back(id);
  }
  figures_.lost += lost.size();
  for (const std::uint64_t id : lost) {
    const auto at = calls_.find(id);
    at->second.uncertain = true;
    Refused(
        now, at,
        Failed(Status::kUnavailable, topology_.NameOf(NodeProcess(region_, node)) +
                                         " ended before it answered; see `meridian dev status`"));
  }
}

void Calls::GiveUpAttempt(Instant now, CallMap::iterator at) {
  Call& call = at->second;
  ++figures_.timeouts;
  call.uncertain = true;
  call.share *= 2;
  health_[call.tried.back()] = {true, now + kAvoidFor};
  if (now >= call.deadline) return Expire(at);
  Attempt(now, at);
}

void Calls::Tick(Instant now) {
  while (!wakes_.empty() && wakes_.begin()->first <= now) {
    const auto at = calls_.find(wakes_.begin()->second);
    if (at->second.waiting) {
      GiveUpAttempt(now, at);
    } else {
      Attempt(now, at);
    }
  }
}

// The deadline is over: the last refusal explains best; without one nobody answered.
void Calls::Expire(CallMap::iterator at) {
  Call& call = at->second;
  if (!call.refusal.message.empty()) return Finish(at, std::move(call.refusal));
  std::string names;
  for (const NodeId node : call.list->nodes) {
    if (std::count(call.tried.begin(), call.tried.end(), node) == 0) continue;
    if (!names.empty()) names += ", ";
    names += topology_.NameOf(NodeProcess(region_, node));
  }
  Finish(at, Failed(Status::kTimeout, "no answer in time from " + names +
                                          "; see `meridian dev status`, or allow more time"));
}

void Calls::Finish(CallMap::iterator at, ClientAnswer answer) {
  Call& call = at->second;
  if (IsWrite(call.request.operation) && !IsSuccess(answer.status)) {
    answer.maybe |= call.uncertain;
    if (answer.maybe) ++figures_.maybes;
  }
  const CallFigures figures{static_cast<std::uint32_t>(call.tried.size())};
  finished_.push_back({std::move(call.callback), std::move(answer), figures});
  wakes_.erase({call.wake, at->first});
  calls_.erase(at);
}

void Calls::NeverSent(NodeId to, std::uint64_t id) {
  const auto at = calls_.find(id);
  if (at != calls_.end() && at->second.tried.back() == to) at->second.waiting = false;
}

void Calls::Abandon() {
  for (const Send& send : sends_) NeverSent(send.to, send.id);
  while (!calls_.empty()) {
    calls_.begin()->second.uncertain |= calls_.begin()->second.waiting;
    Finish(calls_.begin(), Failed(Status::kUnavailable, "the client was closed"));
  }
}

Instant Calls::NextDeadline() const {
  return wakes_.empty() ? kNever : wakes_.begin()->first;
}

std::vector<Calls::Send> Calls::TakeSends() {
  return std::exchange(sends_, {});
}

std::vector<Calls::Finished> Calls::TakeFinished() {
  return std::exchange(finished_, {});
}

}  // namespace meridian::client
