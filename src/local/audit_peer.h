// A replica's answers to an audit: compares sums, lists rows, gives rows, takes rows. Keeps
// nothing.
//
// Sums, lists and seen vectors leave only when what they speak of is durable.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "local/audit_messages.h"
#include "local/messages.h"
#include "local/replica.h"

namespace meridian::local {

using CountByCause = std::array<std::uint64_t, kAuditCauses>;

struct AuditPeerCounters {
  CountByCause repairs{};        // of this node's copies
  std::uint64_t overtaken = 0;   // repairs that came when the copy had changed already
  std::uint64_t bytes_sent = 0;  // in messages of the audit
};

class AuditPeer {
 public:
  // All outlive this.
  AuditPeer(const Ring& ring, Turn& turn, Replica& replica)
      : ring_(ring), turn_(turn), replica_(replica) {}

  void OnRoots(NodeId from, const AuditRoots& roots);
  void OnLeaves(NodeId from, const AuditLeaves& leaves);
  void OnList(NodeId from, const AuditList& list);
  void OnMend(const AuditMend& mend);
  void OnRestore(NodeId from, const AuditRestore& restore);

  // What OnList answers, for the owner's own copies.
  AuditRows List(const AuditList& list) const;
  // Sends this node's rows to one whose copies are wrong.
  void Give(NodeId to, const std::vector<Mend>& rows);
  // Takes the leaf's sum from its rows.
  void Recount(const LeafName& leaf);
  void Send(NodeId to, const RingMessage& message);

  // One line for people about each thing that was put right.
  std::vector<std::string> TakeLines() { return std::exchange(lines_, {}); }
  const AuditPeerCounters& counters() const { return counters_; }

 private:
  const Ring& ring_;
  Turn& turn_;
  Replica& replica_;
  AuditPeerCounters counters_;
  std::vector<std::string> lines_;
};

}  // namespace meridian::local
