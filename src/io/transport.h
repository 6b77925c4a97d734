// The way out to peers, and the way in: what src/io's transports have in common.
//
// One thread (the machine's io_context) owns a transport. Send only queues; Flush, once at the end
// of a turn, puts what was queued on the wire as one frame a peer. Arrivals go to the inbox the
// transport was made with, which only enqueues too. Delivery is best effort: what a peer that is
// down or behind was sent may be dropped, never altered; the machines resend.

#pragma once

#include <functional>

#include "base/ports.h"

namespace meridian::io {

class Transport {
 public:
  virtual ~Transport() = default;
  virtual void Send(Message message) = 0;
  virtual void Flush() = 0;
};

// Takes one message that arrived; `from` and `to` were checked against the topology.
using Inbox = std::function<void(Message)>;

// Hands a client's request (an encoded node::ClientRequest) to the machine; `answered` gets the
// encoded node::ClientAnswer, exactly once, on the machine's thread.
using Serve = std::function<void(Bytes request, std::function<void(Bytes)> answered)>;

}  // namespace meridian::io
