// What a node tells the gateways of its region: rows it minted, what it has seen, what its log
// holds.
//
//     every turn    FeedRows     rows minted here, once durable here; each to one gateway
//     on order      SeenReport   seen vectors that changed since the gateway's last report
//     on LogRead    LogRows      rows of the dots that a remote region lacks
//
// Gateways keep nothing: each renews its order every second, and an order that was not renewed for
// five lapses. Standing orders share the partitions, so a dead gateway's part goes to the others. A
// row that no gateway took is found by comparing reports; the push only makes it quick.

#pragma once

#include <map>
#include <vector>

#include "local/messages.h"
#include "local/put_coordinator.h"
#include "local/replica.h"

namespace meridian::local {

class GatewayFeed {
 public:
  // All outlive this.
  GatewayFeed(const Ring& ring, Turn& turn, Replica& replica)
      : ring_(ring), turn_(turn), replica_(replica) {}

  void OnOrder(Moment now, ProcessId gateway, const FeedOrder& order);
  void OnLogRead(ProcessId gateway, const LogRead& read);
  void Push(Moment now, std::vector<PutCoordinator::Minted> minted);

  std::uint64_t orphans() const { return orphans_; }

 private:
  std::vector<ProcessId> StandingOrders(Moment now);

  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  struct Order {
    Instant renewed;
    BatchId answered_after;  // what the last report waits for
  };
  std::map<ProcessId, Order> orders_;
  std::uint64_t orphans_ = 0;
};

}  // namespace meridian::local
