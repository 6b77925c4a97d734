// A row as it travels: from coordinator to replica, in catch-up, in a hand-over, between regions.
//
// `listed` are the dots that the sender's log has for this row and that the row no longer shows:
// the receiver marks them as seen together with those of the versions (rule 3). Dots present as
// versions are not repeated here.

#pragma once

#include <vector>

#include "crdt/dot.h"
#include "crdt/row.h"
#include "crdt/row_key.h"

namespace meridian::crdt {

struct RowUpdate {
  RowKey key;
  Row row;
  std::vector<Dot> listed;

  friend bool operator==(const RowUpdate&, const RowUpdate&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(key, row, listed);
  }

  // Bytes this takes in a message, roughly; for batch limits.
  std::size_t ApproximateBytes() const {
    std::size_t bytes = 48 + key.key.size() + key.element.size() + 16 * listed.size() +
                        12 * row.context.entries().size();
    for (const Version& version : row.versions) {
      bytes += 16 + (version.value ? version.value->size() : 0);
    }
    return bytes;
  }
};

}  // namespace meridian::crdt
