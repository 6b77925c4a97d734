// How a whole partition travels from a node that holds it to one that lacks it.
//
//     FillAsk(seen: -, after: -)    ─>  rows in key order from the partition's begin ... after: k1
//     FillAsk(seen: -, after: k1)   ─>  the next ones ............................ after: -, more
//     FillAsk(seen: 1-900, by_log)  ─>  rows of logged dots that are not in `seen` ....... done
//
// The sender keeps nothing: every ask says all. Rows come from the data in its order, which is how
// disks like to be read and written; what they do not show, overwritten dots, comes from the log.
// Who lacks little is sent that from the log at once.

#pragma once

#include <vector>

#include "crdt/row_update.h"
#include "crdt/seen_vector.h"
#include "local/ring.h"

namespace meridian::local {

struct FillAsk {
  std::uint64_t id = 0;
  PartitionKey key;
  crdt::SeenVector seen;  // of the asker; while `after` is set, as it was when the pass began
  Bytes after;            // the last answer's; empty: from the beginning
  bool by_log = false;    // the rows have been passed: only what is missing now

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, key, seen, after, by_log);
  }
};
// Not answered by who does not hold the partition.
struct FillRows {
  std::uint64_t id = 0;
  std::vector<crdt::RowUpdate> rows;
  Bytes after;         // for the next ask; empty: the rows are passed
  bool more = false;   // false: the asker has everything that is here
  bool sound = false;  // the sender is not being filled itself

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, rows, after, more, sound);
  }
};

}  // namespace meridian::local
