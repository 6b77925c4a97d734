#include "node/topology_view.h"

#include <nlohmann/json.hpp>

#include "base/base64url.h"
#include "node/client_layout.h"
#include "node/sizes_view.h"

namespace meridian::node {

std::string TopologyJson(const local::Ring& ring, const Succession& succession,
                         const local::FillingFigures& filling, const local::RefillProgress& fill,
                         std::size_t handing_on) {
  const local::View& view = succession.view();
  nlohmann::json awaited = nlohmann::json::array();
  nlohmann::json silent = nlohmann::json::array();
  for (const NodeId node : succession.Awaited()) {
    awaited.push_back(ring.topology().NameOf(ring.Process(node)));
    if (!succession.HasSpoken(node)) silent.push_back(awaited.back());
  }
  const bool settled = view.number != 0 && view.stage == local::Stage::kSettled;
  nlohmann::json json;
  json["node"] = ring.topology().NameOf(ring.self());
  json["region"] = ring.region().name;
  json["epoch"] = view.number == 0 ? 0 : view.layout.epoch().value;
  json["former_epoch"] = view.former ? view.former->epoch().value : 0;
  json["member"] = ring.IsKnown() && ring.HasSelf();
  json["view"] = view.number;
  json["stage"] = view.number == 0 ? "waiting" : NameOf(view.stage);
  json["complete"] = settled && (awaited.empty() || !view.former);
  json["awaited"] = awaited;
  json["silent"] = silent;
  // This node's part in it.
  json["moving"] = {{"partitions", filling.partitions},
                    {"filled", filling.filled},
                    {"rows", fill.rows},
                    {"rows_new", fill.rows_new},
                    {"bytes", fill.bytes},
                    {"sums_equal", filling.sums_equal},
                    {"sums_differ", filling.sums_differ},
                    {"sums_unheld", filling.sums_unheld},
                    {"handing_on", handing_on}};
  if (fill.left) json["moving"]["left_ms"] = Milliseconds(*fill.left);
  json["file"] = view.layout.text;
  // By which a further change is planned: where the rows are, under the present number.
  const local::Layout& serving = ServingLayout(view);
  local::Layout layout{serving.topology, {}, serving.tables};
  layout.topology.epoch = view.layout.epoch();
  json["layout"] = ToBase64Url(Encode(layout));
  // A view that was applied by an older release may hold a file that is not UTF-8.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

ClientAnswer PartOfTopology(const local::Ring& ring, const local::PartitionLog& log,
                            const Storage& disk, const local::RefillOptions& refill,
                            const Bytes& key) {
  if (key.starts_with(kSizesKey)) return SizesAnswer(ring, log, disk, refill, key);
  ClientAnswer answer;
  answer.values = NewerLayout(ring, key);
  return answer;
}

std::vector<Bytes> NewerLayout(const local::Ring& ring, const Bytes& known_view) {
  if (!ring.IsKnown() || known_view == std::to_string(ring.view())) return {};
  const bool former_reads = ring.stage() == local::Stage::kFilling;
  const local::Topology& topology = former_reads ? *ring.former_topology() : ring.topology();
  return {Encode(ClientLayout{ring.view(), topology, ring.table()})};
}

}  // namespace meridian::node
