// Damaged topology files. One that is accepted must be one that a ring can be built from; one that
// is refused must say where and why.

#include <fstream>
#include <iterator>

#include "fuzz/fuzzing.h"
#include "local/partition_table.h"
#include "node/topology_text.h"

namespace meridian::fuzz {
namespace {

// Larger tables take long to build and are no other code.
constexpr unsigned kPartitionBitsMax = 8;

Bytes FileText(const std::string& name) {
  std::ifstream file(std::string(MERIDIAN_SOURCE_DIR) + "/config/topologies/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

void BuildTables(const local::Topology& topology, ByteView bytes) {
  for (const local::Region& region : topology.regions) {
    const auto table = local::PartitionTable::Build(topology, region.id);
    for (const local::Placement& placement : topology.placements) {
      const local::PreferenceList* list = table.ListOf(placement.id, {0});
      if ((list != nullptr) != placement.replicas.contains(region.id)) {
        Stop("ParseTopology", "gives a region without its lists", bytes);
      }
    }
  }
}

bool Parses(ByteView bytes) {
  const auto parsed = node::ParseTopology(std::string(bytes));
  if (const auto* mistakes = std::get_if<std::vector<node::TopologyMistake>>(&parsed)) {
    if (mistakes->empty()) Stop("ParseTopology", "refuses without a reason", bytes);
    for (const node::TopologyMistake& mistake : *mistakes) {
      if (mistake.line < 1 || mistake.text.empty()) Stop("ParseTopology", "is vague", bytes);
    }
    return false;
  }
  const auto& topology = std::get<local::Topology>(parsed);
  if (topology.partition_bits <= kPartitionBitsMax) BuildTables(topology, bytes);
  return true;
}

}  // namespace

std::vector<Target> Targets() {
  const std::vector<Bytes> files = {FileText("one-region.yaml"), FileText("three-regions.yaml")};
  return {{"ParseTopology", files, Parses, 50}};
}

}  // namespace meridian::fuzz
