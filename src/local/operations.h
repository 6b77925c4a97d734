// What a coordinator is ordered to do, and how it ended. Validated: limits and tokens are checked
// by the client API before an order is made.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "crdt/context_token.h"
#include "crdt/row.h"
#include "crdt/row_key.h"

namespace meridian::local {

// Chosen by whoever gives the order; names it in the outcome. Never reused.
using Ticket = Id<struct TicketTag, std::uint64_t>;

struct PutOrder {
  Ticket ticket;
  crdt::RowKey key;
  std::optional<Bytes> value;  // none: delete
  // What the client had read. None: a put adds a sibling, a delete covers what is held here.
  std::optional<crdt::ContextToken> read;
  std::size_t w = 1;
  Duration timeout{};
  bool sloppy = true;  // fallbacks may stand in for primaries
};

struct GetOrder {
  Ticket ticket;
  crdt::RowKey key;
  std::size_t r = 1;
  Duration timeout{};
  bool everywhere = false;  // and a quorum in every other region of the placement
  bool sloppy = true;       // hints of fallbacks count
};

enum class OutcomeStatus : std::uint8_t {
  kDone,
  kTimedOut,         // W or R was not reached; a write may surface later
  kTooManySiblings,  // or too large ones; nothing was written
  kNotReady,         // this node is starting; nothing was written
  kOverloaded,       // too many operations in flight here; nothing was written
  kTooFewUp,         // W or R cannot be had; nothing was written. `reached`: how many are up
  kHintsFull,        // those who would stand in refuse; a write may surface later
};

struct Outcome {
  Ticket ticket;
  OutcomeStatus status = OutcomeStatus::kDone;
  crdt::RowKey key;
  crdt::Row row;                  // of a get: all that R replicas know
  crdt::ContextToken token;       // for the client's next write of the key
  crdt::Dot dot;                  // of a put
  std::size_t reached = 0;        // replicas that answered
  std::size_t needed = 0;         // W or R
  std::size_t asked = 0;          // of kTooFewUp: how many could have served
  bool sloppy = true;             // as the order said
  std::vector<RegionId> missing;  // regions that a get waited for in vain
  BatchId after;                  // the answer shows a row that waits for this batch; 0: nothing
};

}  // namespace meridian::local
