// The acks of a turn, gathered: one message for all that one process may hear at one time.
//
//     acks.Add(peer, 7, batch)  ─┐
//     acks.Add(peer, 8, batch)  ─┴▶  ReplicateAck{7, 8}, when `batch` is durable
//     acks.Add(peer, 9, {})     ───▶  ReplicateAck{9}, at once
//
// A turn applies the puts of many clients, and a message costs its receiver more than an id does.

#pragma once

#include <vector>

#include "base/turn.h"
#include "local/messages.h"

namespace meridian::local {

class Acks {
 public:
  explicit Acks(Turn& turn) : turn_(turn) {}

  // `id` was done; `to` may know once `after` is durable.
  void Add(ProcessId to, std::uint64_t id, BatchId after);
  // At the end of a turn.
  void Send();

 private:
  struct Gathered {
    ProcessId to;
    BatchId after;
    ReplicateAck ack;
  };

  Turn& turn_;
  std::vector<Gathered> gathered_;
};

}  // namespace meridian::local
