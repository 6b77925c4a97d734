#include "node/topology_text.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include "base/utf8.h"
#include "node/yaml_documents.h"
#include "node/yaml_map.h"

namespace meridian::node {
namespace {

using local::Address;
using local::Durability;
using local::Gateway;
using local::Limits;
using local::Namespace;
using local::Node;
using local::Placement;
using local::Policy;
using local::Region;
using local::Topology;
using Mistakes = std::vector<TopologyMistake>;

constexpr NumberRange kEpochs{1, INT64_MAX};
constexpr NumberRange kPartitions{16, 4096};
constexpr NumberRange kRegionIds{1, 1023};
constexpr NumberRange kProcessIds{1, (1U << 22) - 1};
constexpr NumberRange kShortIds{1, 65535};  // of placements and namespaces
constexpr NumberRange kPorts{1, 65535};
constexpr NumberRange kWeights{0, 10000};
constexpr NumberRange kCopies{1, 32};
constexpr NumberRange kKeyBytes{1, 1024};
constexpr NumberRange kValueBytes{1, 4 << 20};  // so that a row fits a message between regions
constexpr std::size_t kRegionsMax = 32;
constexpr std::size_t kNodesMax = 512;  // in all regions together
constexpr std::size_t kGatewaysMax = 64;
constexpr std::size_t kPlacementsMax = 64;
constexpr std::size_t kNamespacesMax = 1024;

template <class Item>
void SortById(std::vector<Item>& items) {
  std::ranges::stable_sort(items, {}, &Item::id);
}

bool IsHost(const std::string& text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == ':' || c == '-';
  };
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, fits);
}

// One walk over the document, from the regions to what refers to them.
class Reader {
 public:
  explicit Reader(Mistakes& mistakes) : mistakes_(mistakes) {}

  Topology Read(const YAML::Node& document) {
    YamlMap top({"", 1, document}, "topology", mistakes_);
    topology_.epoch = {top.Number("epoch", kEpochs)};
    ReadPartitions(top);
    for (const YamlEntry& entry : top.Entries("regions", true, kRegionsMax)) ReadRegion(entry);
    for (const YamlEntry& entry : top.Entries("placements", true, kPlacementsMax)) {
      ReadPlacement(entry);
    }
    const auto namespaces = top.Entries("namespaces", true, kNamespacesMax);
    for (const YamlEntry& entry : namespaces) ReadNamespace(entry);
    if (!namespaces.empty() && topology_.FindNamespace("default") == nullptr) {
      top.Complain(top.LineOf("namespaces"),
                   "there is no namespace \"default\", which requests that name none use; add "
                   "default: {id: 1, placement: ..., type: register}");
    }
    ReadLimits(top);
    top.Finish();
    SortById(topology_.regions);
    SortById(topology_.placements);
    SortById(topology_.namespaces);
    return std::move(topology_);
  }

 private:
  void ReadPartitions(YamlMap& top) {
    const std::uint64_t partitions = top.Number("partitions", kPartitions, 256);
    if (std::has_single_bit(partitions)) {
      topology_.partition_bits = static_cast<unsigned>(std::countr_zero(partitions));
    } else {
      top.Complain(top.LineOf("partitions"), "\"partitions\" is " + std::to_string(partitions) +
                                                 "; it must be a power of two, such as " +
                                                 std::to_string(std::bit_floor(partitions)));
    }
  }

  // Notes a mistake when the same thing was claimed before. `thing` reads as in "id 3 of a node".
  void Claim(YamlMap& map, int line, const std::string& thing) {
    const auto [first, is_new] = claims_.emplace(thing, line);
    if (is_new) return;
    map.Complain(line, thing + " is already taken on line " + std::to_string(first->second) +
                           "; choose another");
  }

  void ClaimName(YamlMap& map, const std::string& kind, const std::string& name) {
    if (!IsName(name)) {
      map.Complain(map.line(), Quoted(name) + " cannot be the name of a " + kind +
                                   "; use 1 to 32 characters of a-z, 0-9 and '-'");
    } else {
      Claim(map, map.line(), "the name \"" + name + "\" of a " + kind);
    }
  }

  std::uint64_t ReadId(YamlMap& map, NumberRange range, const std::string& kind) {
    const std::uint64_t id = map.Number("id", range);
    if (id != 0) Claim(map, map.LineOf("id"), "id " + std::to_string(id) + " of a " + kind);
    return id;
  }

  void ReadRegion(const YamlEntry& entry) {
    YamlMap map(entry, "region " + entry.key, mistakes_);
    Region region;
    region.name = entry.key;
    ClaimName(map, "region", region.name);
    region.id = {static_cast<std::uint16_t>(ReadId(map, kRegionIds, "region"))};
    const std::size_t before = nodes_;
    for (const YamlEntry& each : map.Entries("nodes", true, kNodesMax)) {
      region.nodes.push_back(ReadNode(each, region.name));
      ++nodes_;
    }
    if (before <= kNodesMax && nodes_ > kNodesMax) {
      map.Complain(map.LineOf("nodes"), "with these the system has " + std::to_string(nodes_) +
                                            " nodes; at most " + std::to_string(kNodesMax) +
                                            " are supported");
    }
    for (const YamlEntry& each : map.Entries("gateways", false, kGatewaysMax)) {
      region.gateways.push_back(ReadGateway(each, region.name));
    }
    map.Finish();
    SortById(region.nodes);
    SortById(region.gateways);
    topology_.regions.push_back(std::move(region));
  }

  Node ReadNode(const YamlEntry& entry, const std::string& region) {
    YamlMap map(entry, "node " + entry.key, mistakes_);
    Node node;
    node.name = entry.key;
    ClaimName(map, "process", node.name);
    node.id = {static_cast<std::uint32_t>(ReadId(map, kProcessIds, "node in " + region))};
    node.rack = map.Name("rack");
    node.weight = static_cast<std::uint32_t>(map.Number("weight", kWeights, 100));
    const std::string host = ReadHost(map);
    node.http = ReadAddress(map, host, "http");
    node.ring = ReadAddress(map, host, "ring");
    node.client = ReadAddress(map, host, "client");
    map.Finish();
    return node;
  }

  Gateway ReadGateway(const YamlEntry& entry, const std::string& region) {
    YamlMap map(entry, "gateway " + entry.key, mistakes_);
    Gateway gateway;
    gateway.name = entry.key;
    ClaimName(map, "process", gateway.name);
    gateway.id = static_cast<std::uint32_t>(ReadId(map, kProcessIds, "gateway in " + region));
    const std::string host = ReadHost(map);
    gateway.http = ReadAddress(map, host, "http");
    gateway.ring = ReadAddress(map, host, "ring");
    gateway.wan = ReadAddress(map, host, "wan");
    map.Finish();
    return gateway;
  }

  std::string ReadHost(YamlMap& map) {
    std::string host = map.Word("host", "a host name or an address, such as 127.0.0.1");
    if (!host.empty() && !IsHost(host)) {
      map.Complain(map.LineOf("host"),
                   "\"host\" is " + Quoted(host) + "; it must be a host name or an address");
    }
    return host;
  }

  Address ReadAddress(YamlMap& map, const std::string& host, const std::string& key) {
    const auto port = static_cast<std::uint16_t>(map.Number(key, kPorts));
    if (port != 0 && !host.empty()) {
      const std::string where = host == "localhost" ? "127.0.0.1" : host;
      Claim(map, map.LineOf(key), "port " + std::to_string(port) + " of " + Quoted(where));
    }
    return {host, port};
  }

  void ReadPlacement(const YamlEntry& entry) {
    YamlMap map(entry, "placement " + entry.key, mistakes_);
    Placement placement;
    placement.name = entry.key;
    ClaimName(map, "placement", placement.name);
    placement.id = {static_cast<std::uint16_t>(ReadId(map, kShortIds, "placement"))};
    const bool has_some = !map.Entries("replicas", true, kRegionsMax).empty();
    if (const YamlEntry* replicas = map.Find("replicas"); replicas != nullptr && has_some) {
      YamlMap copies(*replicas, map.what(), mistakes_);
      for (const std::string& region : copies.Keys()) {
        ReadCopies(copies, region, copies.Keys().size() > 1, placement);
      }
    }
    map.Finish();
    topology_.placements.push_back(std::move(placement));
  }

  void ReadCopies(YamlMap& copies, const std::string& name, bool is_shared, Placement& placement) {
    const std::uint64_t number = copies.Number(name, kCopies);
    const Region* region = topology_.FindRegion(name);
    const int line = copies.LineOf(name);
    if (region == nullptr) {
      copies.Complain(line, "there is no region " + Quoted(name) +
                                Otherwise(Suggestion(name, NamesOf(topology_.regions)),
                                          "; name one of \"regions\""));
      return;
    }
    if (region->nodes.empty()) return;  // complained about there
    const auto holders = static_cast<std::uint64_t>(
        std::ranges::count_if(region->nodes, [](const Node& node) { return node.weight > 0; }));
    if (number > holders) {
      copies.Complain(line, std::to_string(number) + " copies in " + name + ", which has " +
                                std::to_string(holders) +
                                " nodes with a weight above 0; lower it or add nodes");
    }
    if (is_shared && region->gateways.empty()) {
      copies.Complain(line, name +
                                " shares this placement with other regions but has no gateway; "
                                "add one under its \"gateways\"");
    }
    placement.replicas[region->id] = static_cast<std::uint32_t>(number);
  }

  void ReadNamespace(const YamlEntry& entry) {
    YamlMap map(entry, "namespace " + entry.key, mistakes_);
    Namespace space;
    space.name = entry.key;
    ClaimName(map, "namespace", space.name);
    space.id = {static_cast<std::uint16_t>(ReadId(map, kShortIds, "namespace"))};
    const std::string placement = map.Word("placement", "the name of one of \"placements\"");
    const auto found = std::ranges::find(topology_.placements, placement, &Placement::name);
    if (found != topology_.placements.end()) {
      space.placement = found->id;
    } else if (!placement.empty()) {
      map.Complain(map.LineOf("placement"),
                   "there is no placement " + Quoted(placement) +
                       Otherwise(Suggestion(placement, NamesOf(topology_.placements)),
                                 "; name one of \"placements\""));
    }
    CheckType(map);
    space.policy = static_cast<Policy>(map.Choice("policy", {"siblings", "lww"}, 0));
    space.durability = static_cast<Durability>(map.Choice("durability", {"sync", "os"}, 0));
    map.Finish();
    topology_.namespaces.push_back(std::move(space));
  }

  static void CheckType(YamlMap& map) {
    const std::string type = map.Word("type", "register", "register");
    if (type.empty() || type == "register") return;
    const std::vector<std::string> later = {"counter", "set", "map", "flag"};
    const bool is_later = std::ranges::find(later, type) != later.end();
    map.Complain(map.LineOf("type"), is_later
                                         ? "type " + type + " is not in this release; use register"
                                         : "\"type\" is " + Quoted(type) + "; it must be register");
  }

  void ReadLimits(YamlMap& top) {
    const YamlEntry* entry = top.Find("limits");
    if (entry == nullptr) return;
    YamlMap map(*entry, "limits", mistakes_);
    Limits& limits = topology_.limits;
    limits.key_bytes =
        static_cast<std::uint32_t>(map.Number("key_bytes", kKeyBytes, limits.key_bytes));
    limits.value_bytes =
        static_cast<std::uint32_t>(map.Number("value_bytes", kValueBytes, limits.value_bytes));
    map.Finish();
  }

  template <class Item>
  static std::vector<std::string> NamesOf(const std::vector<Item>& items) {
    std::vector<std::string> names;
    for (const Item& item : items) names.push_back(item.name);
    return names;
  }

  static std::string Otherwise(std::string text, const std::string& other) {
    return text.empty() ? other : std::move(text);
  }

  Mistakes& mistakes_;
  Topology topology_;
  std::size_t nodes_ = 0;
  std::map<std::string, int> claims_;  // what must be unique -> the line that has it
};

}  // namespace

std::variant<Topology, Mistakes> ParseTopology(const std::string& text) {
  Mistakes mistakes;
  // The file travels in JSON as well. yaml-cpp takes other bytes as they are.
  if (const std::size_t good = Utf8Prefix(text); good != text.size()) {
    const auto lines =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(good), '\n');
    return Mistakes{
        {static_cast<int>(lines) + 1, "this is not UTF-8 text; save the file as UTF-8"}};
  }
  if (text.size() > kTopologyBytesMax) {
    return Mistakes{{1, "the file has " + std::to_string(text.size()) + " bytes; at most " +
                            std::to_string(kTopologyBytesMax) + " are read"}};
  }
  // yaml-cpp reports by exception; none of it leaves this function.
  try {
    const int documents = CountDocuments(text);
    if (documents == 0) {
      return Mistakes{{1, "the file is empty; start from config/topologies/one-region.yaml"}};
    }
    if (documents > 1) {
      return Mistakes{{1,
                       "the file is more than one YAML document; keep one (no \"---\", and no "
                       "comma or bracket outside it)"}};
    }
    Topology topology = Reader(mistakes).Read(YAML::Load(text));
    if (mistakes.empty()) return topology;
  } catch (const YAML::Exception& exception) {
    const int line = exception.mark.is_null() ? 1 : exception.mark.line + 1;
    mistakes.push_back({line, "this is not YAML: " + exception.msg +
                                  "; check the indentation, quotes and brackets here and above"});
  }
  std::ranges::stable_sort(mistakes, {}, &TopologyMistake::line);
  return mistakes;
}

std::string FormatMistakes(const std::string& file, const Mistakes& mistakes) {
  std::string text;
  for (const TopologyMistake& mistake : mistakes) {
    text += file + ':' + std::to_string(mistake.line) + ": " + mistake.text + '\n';
  }
  return text;
}

}  // namespace meridian::node
