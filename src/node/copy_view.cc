#include "node/copy_view.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "node/request_rules.h"

namespace meridian::node {
namespace {

using nlohmann::json;

std::string Hex(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = kDigits[(number >> (60 - 4 * i)) & 15U];
  return text;
}

json VersionJson(const crdt::Version& version) {
  json shown;
  shown["dot"] = ToString(version.dot);
  shown["stamp_ms"] = version.stamp.milliseconds();
  shown["deleted"] = !version.value.has_value();
  shown["bytes"] = version.value ? version.value->size() : 0;
  // Equal values show as equal without being shown.
  if (version.value) shown["fingerprint"] = Hex(HashOf(*version.value));
  return shown;
}

json CopyOf(local::Replica& replica, const crdt::RowKey& key, Token token) {
  const crdt::Row row = replica.Read(key, token);
  json copy;
  copy["versions"] = json::array();
  for (const crdt::Version& version : row.versions)
    copy["versions"].push_back(VersionJson(version));
  copy["context"] = json::object();
  for (const crdt::Dot& entry : row.context.entries()) {
    copy["context"][ToString(entry.actor)] = entry.sequence;
  }
  copy["durable"] = replica.DurabilityOf(token) == BatchId{};
  return copy;
}

}  // namespace

std::string CopyJson(const local::Ring& ring, local::Replica& replica, const crdt::RowKey& key) {
  const Token token = key.token();
  const local::PartitionKey partition = ring.PartitionOfToken(key.placement, token);
  const local::PreferenceList* list = ring.ListOf(partition);
  MERIDIAN_CHECK(list != nullptr);
  json shown;
  shown["node"] = ring.topology().NameOf(ring.self());
  shown["epoch"] = ring.topology().epoch.value;
  shown["placement"] = ring.topology().FindPlacement(key.placement)->name;
  shown["token"] = Hex(token.value);
  shown["partition"] = partition.partition.value;
  shown["primaries"] = list->primaries;
  shown["preference_list"] = json::array();
  for (const NodeId node : list->nodes) {
    shown["preference_list"].push_back(ring.topology().NameOf(ring.Process(node)));
  }
  if (ring.IsMine(partition)) shown["copy"] = CopyOf(replica, key, token);
  return shown.dump();
}

ClientAnswer CopyAnswer(const local::Ring& ring, local::Replica& replica,
                        const ClientRequest& request) {
  if (auto objection = Objection(ring, request)) return *objection;
  const local::Namespace* space = ring.topology().FindNamespace(request.space);
  ClientAnswer answer;
  answer.values = {CopyJson(ring, replica, {space->placement, space->id, request.key, {}})};
  return answer;
}

}  // namespace meridian::node
