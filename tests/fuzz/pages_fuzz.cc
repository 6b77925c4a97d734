// Damaged pages of sizes, as `meridian topology plan` reads them, and the places in a node's paths
// that say where a page begins.

#include "client/size_survey.h"
#include "fuzz/fuzzing.h"
#include "node/sizes_view.h"

namespace meridian::fuzz {
namespace {

// What is taken in of a page is no more than it says, and it leads on to a page of the same kind.
bool AcceptsPage(ByteView bytes) {
  client::RegionSizes sizes;
  const std::string next = client::AddPage(Bytes(bytes), sizes);
  if (!sizes.answered && !(next.empty() && sizes.bytes.empty())) {
    Stop("AddPage", "takes something from what is no page", bytes);
  }
  if (!next.empty() && !next.starts_with("/topology/sizes/")) {
    Stop("AddPage", "leads away from sizes", bytes);
  }
  if (sizes.bytes.size() > bytes.size() / 2) Stop("AddPage", "counts what is not there", bytes);
  return sizes.answered;
}

bool AcceptsPlace(ByteView bytes) {
  const auto place = node::ParsePlace(bytes);
  if (!place) return false;
  const std::string written =
      std::to_string(place->placement.value) + '/' + std::to_string(place->partition.value);
  const auto again = node::ParsePlace(written);
  if (again != place) Stop("ParsePlace", "does not read back", bytes);
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
