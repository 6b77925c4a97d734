// What clients did and were told: the only evidence that the history checker goes by.
//
//     op 17  put "v17" of key a, presenting the token of op 12        acked, token
//     op 12  get of key a                                             showed "v3" and "v9"
//
// Every value is unique ("v" and the op's number), so that a value tells who wrote it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "node/client_api.h"

namespace meridian::sim {

enum class Fate {
  kOpen,    // the client never learned: it may have been done
  kAcked,   // done
  kFailed,  // certainly not done
  kMaybe,   // the system said that it may surface
};

// A namespace and a key of it.
using KeyName = std::pair<std::string, Bytes>;

struct Op {
  std::size_t id = 0;  // its place in the history
  node::Operation operation = node::Operation::kGet;
  KeyName key;
  RegionId region;
  Bytes value;                            // of a put
  std::optional<std::size_t> token_from;  // the op whose answer's context was presented
  bool may_repeat = false;   // forwarded or tried again: may have been done more than once
  bool was_retried = false;  // by the client
  Instant invoked;
  Instant ended = kNever;
  Fate fate = Fate::kOpen;
  node::Status status = node::Status::kOk;
  std::string message;
  std::vector<Bytes> values;  // of a get: what was shown
  Bytes context;              // the answer's token; empty: none

  std::size_t copies = 0;   // that must have it before it is acknowledged, or be read
  bool sloppy = true;       // they may be those of stand-ins
  bool everywhere = false;  // and as many as a quorum in every other region

  bool writes() const { return operation != node::Operation::kGet; }
  bool may_be_done() const { return fate != Fate::kFailed; }
};

using History = std::vector<Op>;

// "put #17 of default/k2 in region 1 with the context of #12: acked"
std::string ToString(const Op& op);

}  // namespace meridian::sim
