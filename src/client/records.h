// Reads many records from one text: what `meridian load` writes and `meridian verify` compares.
//
//     dpkg   paragraphs as `apt-cache dumpavail` prints them; key "name/version", value the
//     paragraph lines  "key<TAB>value", one a line jsonl  {"key": "...", "value": "..."}, one a
//     line
//
// A key that comes again replaces the earlier record, so that what is loaded does not depend on the
// order in which a store takes writes in flight; how often that was is told. All of it is held in
// memory.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace meridian::client {

enum class RecordFormat : std::uint8_t { kDpkg, kLines, kJsonLines };

struct Record {
  Bytes key;
  Bytes value;
  friend bool operator==(const Record&, const Record&) = default;
};

struct Records {
  std::vector<Record> records;   // one a key, in the order of their last appearance
  std::uint64_t duplicates = 0;  // records that a later one of the same key replaced
  std::uint64_t bytes = 0;       // of keys and values
};

// kCorrupt with the number of the line that is not as the format says.
Result<Records> ParseRecords(ByteView text, RecordFormat format);

}  // namespace meridian::client
