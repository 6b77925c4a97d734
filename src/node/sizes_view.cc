#include "node/sizes_view.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "local/partition_sizes.h"
#include "node/request_rules.h"

namespace meridian::node {

std::string TextOf(local::PartitionKey place) {
  return std::to_string(place.placement.value) + '/' + std::to_string(place.partition.value);
}

std::optional<local::PartitionKey> ParsePlace(ByteView text) {
  local::PartitionKey key;
  const char* const end = text.data() + text.size();
  const auto placement = std::from_chars(text.data(), end, key.placement.value);
  if (placement.ec != std::errc() || placement.ptr == end || *placement.ptr != '/') {
    return std::nullopt;
  }
  const auto partition = std::from_chars(placement.ptr + 1, end, key.partition.value);
  if (partition.ec != std::errc() || partition.ptr != end) return std::nullopt;
  return key;
}

ClientAnswer SizesAnswer(const local::Ring& ring, const local::PartitionLog& log,
                         const Storage& disk, const local::RefillOptions& refill, ByteView key) {
  ByteView place = key.substr(kSizesKey.size());
  std::optional<local::PartitionKey> from = local::PartitionKey{};
  if (!place.empty()) from = place.front() == '/' ? ParsePlace(place.substr(1)) : std::nullopt;
  if (!from) {
    return Refused(Status::kBadRequest,
                   "where does the page begin? Use /topology/sizes, then what \"next\" says");
  }
  const local::SizesPage page =
      local::EstimateSizes(disk, log.partitions(), *from, ring.topology().partition_bits);
  nlohmann::json json;
  json["node"] = ring.topology().NameOf(ring.self());
  json["bytes_per_second"] = refill.bytes_per_second_gently;
  json["sizes"] = nlohmann::json::array();
  for (const local::PartitionSize& size : page.sizes) {
    if (log.IsFilling(size.key)) continue;
    json["sizes"].push_back({{"placement", size.key.placement.value},
                             {"partition", size.key.partition.value},
                             {"rows", size.rows},
                             {"bytes", size.bytes}});
  }
  json["next"] = page.next ? nlohmann::json(TextOf(*page.next)) : nlohmann::json(nullptr);
  ClientAnswer answer;
  answer.values = {json.dump()};
  return answer;
}

}  // namespace meridian::node
