// Damaged files of records, as `meridian load` reads them. What is refused must say in which line;
// what is accepted must have no key twice and count its bytes.

#include <set>

#include "client/records.h"
#include "fuzz/fuzzing.h"

namespace meridian::fuzz {
namespace {

template <client::RecordFormat kFormat>
bool Parses(ByteView bytes) {
  const auto parsed = client::ParseRecords(bytes, kFormat);
  if (!parsed) {
    if (parsed.error().message.find("line") == std::string::npos) {
      Stop("ParseRecords", "refuses without a line", bytes);
    }
    return false;
  }
  std::set<Bytes> keys;
  std::uint64_t size = 0;
  for (const client::Record& record : parsed->records) {
    if (!keys.insert(record.key).second) Stop("ParseRecords", "has a key twice", bytes);
    size += record.key.size() + record.value.size();
  }
  if (size != parsed->bytes) Stop("ParseRecords", "counts its bytes wrongly", bytes);
  return true;
}

}  // namespace

std::vector<Target> Targets() {
  using client::RecordFormat;
  return {{"ParseRecords, dpkg",
           {"Package: vim\nVersion: 2:9.0\nDescription: an editor\n of text\n\n"
            "Package: nano\nVersion: 7.2\n\n"},
           Parses<RecordFormat::kDpkg>},
          {"ParseRecords, lines", {"milk\t1\nbread\t2\nmilk\t3\n"}, Parses<RecordFormat::kLines>},
          {"ParseRecords, jsonl",
           {R"({"key": "milk", "value": "1"})"
            "\n"
            R"({"key": "br\u00e4d", "value": ""})"
            "\n"},
           Parses<RecordFormat::kJsonLines>}};
}

}  // namespace meridian::fuzz
