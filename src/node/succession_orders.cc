// What operators order of a ring: a new layout, or the one before again.

#include <algorithm>

#include "local/topology_plan.h"
#include "node/request_rules.h"
#include "node/succession.h"
#include "node/topology_text.h"

namespace meridian::node {
namespace {

using local::Stage;
using local::View;

std::string Lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

}  // namespace

void Succession::Refuse(RequestTag tag, Status status, std::string why) {
  turn_.Reply(tag, EncodeAnswer(Refused(status, std::move(why))));
}

bool Succession::CanChange(RequestTag tag, const ClientRequest& request) {
  const local::Region* first = nullptr;
  for (const local::Region& region : ring_.topology().regions) {
    if (first == nullptr && !region.nodes.empty()) first = &region;
  }
  const auto refuse = [&](Status status, const std::string& why) {
    Refuse(tag, status, why);
    return false;
  };
  if (view_.number == 0) return refuse(Status::kUnavailable, "this node is not in the ring yet");
  if (first == nullptr || first->id != ring_.self().region) {
    return refuse(Status::kBadRequest,
                  "changes begin in region " + first->name + "; ask a node there");
  }
  if (!decree_.IsVoter()) return refuse(Status::kUnavailable, "this node has no vote; ask another");
  const std::uint64_t next = view_.layout.epoch().value + 1;
  if (request.key != std::to_string(next)) {
    return refuse(Status::kConflict, "the ring is at epoch " + std::to_string(next - 1) +
                                         "; version " + std::to_string(next) + " is next, not " +
                                         request.key + ": look at what was applied, and plan anew");
  }
  if (wish_ || decree_.HasWish()) {
    return refuse(Status::kConflict, "a change is being decided right now; try again");
  }
  return true;
}

void Succession::Apply(Moment now, RequestTag tag, const ClientRequest& request) {
  if (!CanChange(tag, request)) return;
  auto parsed = ParseTopology(request.value);
  if (const auto* mistakes = std::get_if<std::vector<TopologyMistake>>(&parsed)) {
    return Refuse(tag, Status::kBadRequest, FormatMistakes("topology", *mistakes));
  }
  auto& topology = std::get<local::Topology>(parsed);
  const local::Layout& serving = ServingLayout(view_);
  local::Topology present = serving.topology;
  present.epoch = view_.layout.epoch();
  const local::TopologyPlan plan = PlanChange(present, serving.tables, topology);
  if (!plan.refusals.empty()) return Refuse(tag, Status::kBadRequest, Lines(plan.refusals));
  local::Layout next{std::move(topology), request.value, {}};
  for (const local::Region& region : next.topology.regions) {
    const auto former = serving.tables.find(region.id);
    const local::PartitionTable* before =
        former == serving.tables.end() ? nullptr : &former->second;
    next.tables.emplace(region.id, local::PartitionTable::Build(next.topology, region.id, before));
  }
  if (const std::size_t size = Encode(next).size(); size > local::kLayoutBytesMax) {
    return Refuse(tag, Status::kBadRequest,
                  "with its tables the topology has " + std::to_string(size) +
                      " bytes and other regions could not be told: at most " +
                      std::to_string(local::kLayoutBytesMax) +
                      "; have fewer partitions, placements or nodes");
  }
  Begin(now, tag, std::move(next));
}

// Everything as before, under the next number.
void Succession::TakeBack(Moment now, RequestTag tag, const ClientRequest& request) {
  if (!CanChange(tag, request)) return;
  if (view_.stage != Stage::kFilling) {
    return Refuse(
        tag, Status::kConflict,
        view_.stage == Stage::kSettled
            ? "there is nothing to take back: the last change is complete here; apply the "
              "former file under the next version instead"
            : "reads have moved already; wait until the change is complete, then apply "
              "the former file under the next version");
  }
  local::Layout next = *view_.former;
  next.topology.epoch = {view_.layout.epoch().value + 1};
  Begin(now, tag, std::move(next));
}

// A node that the last change removed and that has rows yet: no peer would hear it after the next.
// Nobody waits for who is down. A member hands on what is left after the next change as well: it
// may be that it cannot before, because who is to have it is dead.
std::optional<NodeId> Succession::HandsOnStill() const {
  if (view_.stage != Stage::kSettled || !view_.former) return std::nullopt;
  for (const NodeId node : Awaited()) {
    if (!ring_.HasNode(node)) return node;
  }
  return std::nullopt;
}

void Succession::Begin(Moment now, RequestTag tag, local::Layout next) {
  if (const auto node = HandsOnStill()) {
    return Refuse(
        tag, Status::kConflict,
        "the last change is not complete: " + ring_.topology().NameOf(ring_.Process(*node)) +
            " still hands partitions over; wait for `meridian topology status`. If it waits for "
            "a node that is dead, start that one, on an empty directory if need be");
  }
  const Epoch epoch = next.epoch();
  auto after = ViewForLayout(view_, ring_.self().region, std::move(next));
  if (!after) return Refuse(tag, Status::kConflict, after.error().message);
  wish_ = Wish{tag, epoch, Encode(after->layout), now.monotonic + options_.apply_timeout};
  decree_.Propose(now, Encode(*after));
}

// The next epoch is decided: the operator's, or another's.
void Succession::AnswerWishes(Moment) {
  if (!wish_) return;
  const Wish wish = *std::exchange(wish_, std::nullopt);
  if (Encode(view_.layout) != wish.layout) {
    return Refuse(wish.tag, Status::kConflict,
                  "another change became epoch " + std::to_string(view_.layout.epoch().value) +
                      "; look at what it is, and plan anew");
  }
  ClientAnswer done;
  done.values = {"{\"epoch\":" + std::to_string(wish.epoch.value) + "}"};
  turn_.Reply(wish.tag, EncodeAnswer(done), turn_.Barrier());
}

}  // namespace meridian::node
