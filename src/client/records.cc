#include "client/records.h"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

namespace meridian::client {
namespace {

// Text up to and with the next line end; moves `rest` behind it.
ByteView TakeLine(ByteView& rest) {
  const std::size_t end = rest.find('\n');
  const ByteView line = rest.substr(0, end == ByteView::npos ? end : end + 1);
  rest.remove_prefix(line.size());
  return line;
}

ByteView WithoutLineEnd(ByteView line) {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// The rest of a line that begins with `field`, or nothing.
std::optional<ByteView> FieldOf(ByteView line, ByteView field) {
  if (line.substr(0, field.size()) != field) return std::nullopt;
  line.remove_prefix(field.size());
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return WithoutLineEnd(line);
}

Failure BadLine(std::uint64_t number, const std::string& what) {
  return Fail(ErrorCode::kCorrupt, "line " + std::to_string(number) + ": " + what);
}

Result<Records> ParseDpkg(ByteView text) {
  Records found;
  std::uint64_t number = 0;
  while (!text.empty()) {
    const char* start = text.data();
    std::size_t size = 0;
    const std::uint64_t first = number + 1;
    std::optional<ByteView> name;
    std::optional<ByteView> version;
    while (!text.empty()) {
      const ByteView line = TakeLine(text);
      ++number;
      if (WithoutLineEnd(line).empty()) break;
      size += line.size();
      if (!name) name = FieldOf(line, "Package:");
      if (!version) version = FieldOf(line, "Version:");
    }
    if (size == 0) continue;
    if (!name || !version) return BadLine(first, "a paragraph without Package: and Version:");
    found.records.push_back({Bytes(*name) + '/' + Bytes(*version), Bytes(start, size)});
  }
  return found;
}

Result<Records> ParseLines(ByteView text) {
  Records found;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const ByteView line = WithoutLineEnd(TakeLine(text));
    if (line.empty()) continue;
    const std::size_t tab = line.find('\t');
    if (tab == ByteView::npos || tab == 0) return BadLine(number, "expected key<TAB>value");
    found.records.push_back({Bytes(line.substr(0, tab)), Bytes(line.substr(tab + 1))});
  }
  return found;
}

Result<Records> ParseJsonLines(ByteView text) {
  Records found;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const ByteView line = WithoutLineEnd(TakeLine(text));
    if (line.empty()) continue;
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("key") || !json["key"].is_string() ||
        !json.contains("value") || !json["value"].is_string()) {
      return BadLine(number, R"(expected {"key": "...", "value": "..."})");
    }
    found.records.push_back({json["key"].get<Bytes>(), json["value"].get<Bytes>()});
  }
  return found;
}

// Leaves the last record of each key.
void DropReplaced(Records& found) {
  std::map<ByteView, std::size_t> last;
  for (std::size_t i = 0; i < found.records.size(); ++i) last[found.records[i].key] = i;
  std::vector<Record> kept;
  kept.reserve(last.size());
  std::vector<bool> keep(found.records.size());
  for (const auto& [key, index] : last) keep[index] = true;
  found.duplicates = found.records.size() - last.size();
  last.clear();  // its views die with the records they borrow from
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (!keep[i]) continue;
    found.bytes += found.records[i].key.size() + found.records[i].value.size();
    kept.push_back(std::move(found.records[i]));
  }
  found.records = std::move(kept);
}

}  // namespace

Result<Records> ParseRecords(ByteView text, RecordFormat format) {
  Result<Records> found = format == RecordFormat::kDpkg    ? ParseDpkg(text)
                          : format == RecordFormat::kLines ? ParseLines(text)
                                                           : ParseJsonLines(text);
  if (found) DropReplaced(*found);
  return found;
}

}  // namespace meridian::client
