// Judges one row by what its replicas show: who is wrong, and who can put it right. Pure.
//
//     1: ctx {A:3} [A:3 "x"]    2: ctx {A:3} [A:3 "y"]    3: ctx {A:3} [A:3 "x"]
//     nobody's disk deviates from his tree: two against one, 2 is wrong (content), 1 mends it
//
// What is in flight is no finding: a version missing where its dot was not seen. Nor is what a
// replica has overwritten: its context covers the dot, and covers more than that of the replica
// which still has it. (Contexts grow by whole joined rows, so a replica whose context covers
// another's knows every overwriting the other knows; if it still has the version, the other lost
// it.) A tombstone without a row elsewhere is none either: rows are collected at different times.

#pragma once

#include <optional>
#include <vector>

#include "crdt/seen_vector.h"
#include "local/audit_messages.h"

namespace meridian::local {

// What one replica shows of the row.
struct Copy {
  NodeId node;
  const RowPrint* row = nullptr;  // null: it has none
  const crdt::SeenVector* seen = nullptr;
  bool deviates = false;  // its leaf is not what its tree says: its disk is in doubt
};

struct Finding {
  NodeId wrong;
  AuditCause cause = AuditCause::kMissingRow;
  std::optional<NodeId> source;  // who can mend it; none: reported and left alone
  bool replaces = false;
};

// At most one finding a copy. Requires that all copies are of one row.
std::vector<Finding> Judge(const std::vector<Copy>& copies);

}  // namespace meridian::local
