// Damaged pages of sizes, as `meridian topology plan` reads them, and the places in a node's paths
// that say where a page begins.

#include "client/size_survey.h"
#include "fuzz/fuzzing.h"
#include "node/sizes_view.h"

namespace meridian::fuzz {
namespace {

// Of what is no page nothing is taken in; of a page the same whenever it comes again.
bool AcceptsPage(ByteView bytes) {
  client::RegionSizes sizes;
  const auto next = client::AddPage(Bytes(bytes), sizes);
  if (!sizes.answered && (next || !sizes.bytes.empty() || sizes.bytes_per_second != 0)) {
    Stop("AddPage", "takes something from what is no page", bytes);
  }
  const auto before = sizes.bytes;
  if (client::AddPage(Bytes(bytes), sizes) != next || sizes.bytes != before) {
    Stop("AddPage", "takes something else the second time", bytes);
  }
  return sizes.answered;
}

bool AcceptsPlace(ByteView bytes) {
  const auto place = node::ParsePlace(bytes);
  if (!place) return false;
  if (node::ParsePlace(node::TextOf(*place)) != place)
    Stop("ParsePlace", "does not read back", bytes);
  return true;
}

}  // namespace

std::vector<Target> Targets() {
  return {{"AddPage",
           {R"({"node": "us-east-1", "bytes_per_second": 24000000, "next": "1/40", "sizes": [)"
            R"({"placement": 1, "partition": 7, "rows": 525, "bytes": 131000},)"
            R"({"placement": 1, "partition": 8, "rows": 1, "bytes": 10}]})",
            R"({"sizes": [], "next": null})"},
           AcceptsPage},
          {"ParsePlace", {"1/40", "65535/0"}, AcceptsPlace}};
}

}  // namespace meridian::fuzz
