#include "node/outcome_answer.h"

#include <algorithm>

#include "node/request_rules.h"

namespace meridian::node {
namespace {

// What a get shows: values that are there, byte-equal siblings once, oldest dot first.
std::vector<Bytes> VisibleValues(const crdt::Row& row) {
  std::vector<Bytes> values;
  for (const crdt::Version& version : row.versions) {
    if (!version.value || std::ranges::find(values, *version.value) != values.end()) continue;
    values.push_back(*version.value);
  }
  return values;
}

std::string Reached(const local::Topology& topology, const local::Outcome& outcome) {
  std::string names;
  for (const RegionId region : outcome.missing) {
    names += (names.empty() ? "" : ", ") + topology.FindRegion(region)->name;
  }
  if (!names.empty()) names = "; no quorum of " + names + " answered in time";
  return std::to_string(outcome.reached) + " of " + std::to_string(outcome.needed) +
         " replicas answered in time" + names;
}

}  // namespace

ClientAnswer AnswerOf(const local::Outcome& outcome, bool is_get, const local::Topology& topology,
                      const Signer& signer) {
  using local::OutcomeStatus;
  switch (outcome.status) {
    case OutcomeStatus::kDone: break;
    case OutcomeStatus::kTimedOut: {
      ClientAnswer answer =
          Refused(Status::kTimeout,
                  Reached(topology, outcome) +
                      (is_get ? "; try again or ask for fewer" : "; the write may surface later"));
      answer.maybe = !is_get;
      return answer;
    }
    case OutcomeStatus::kTooManySiblings:
      return Refused(Status::kConflict,
                     "the key has too many concurrent values, or too large ones; read it and "
                     "write one back with the context you get");
    case OutcomeStatus::kNotReady:
      return Refused(Status::kUnavailable, "this node is starting; try another or try again");
    case OutcomeStatus::kTooFewUp:
      return Refused(Status::kUnavailable,
                     std::to_string(outcome.reached) + " of " + std::to_string(outcome.asked) +
                         (outcome.sloppy ? " nodes" : " primaries") + " are up, and " +
                         std::to_string(outcome.needed) + " are needed; " +
                         (outcome.sloppy ? "ask for fewer, or try again"
                                         : "ask for fewer, or let others stand in (sloppy)"));
    case OutcomeStatus::kHintsFull: {
      ClientAnswer answer = Refused(
          Status::kUnavailable,
          "too few primaries are up, and the nodes that would stand in keep as much for others as "
          "they may; try again when primaries are back");
      answer.maybe = outcome.dot != crdt::Dot{};
      return answer;
    }
    case OutcomeStatus::kOverloaded:
      return Refused(Status::kOverloaded, "too many requests in flight here; try again later");
  }
  ClientAnswer answer;
  if (is_get) {
    answer.values = VisibleValues(outcome.row);
    answer.status = answer.values.empty()       ? Status::kNotFound
                    : answer.values.size() == 1 ? Status::kOk
                                                : Status::kSiblings;
  }
  if (!outcome.token.context.empty() || outcome.token.own) {
    answer.context = crdt::SealToken(outcome.token, outcome.key, signer);
  }
  return answer;
}

}  // namespace meridian::node
