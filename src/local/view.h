// What is in force in a region's ring: who is there, who holds what, and how far a change has come.
//
//     view 1  epoch 1  settled     made from the topology file of a new system
//     view 2  epoch 2  filling     writes go to both layouts, reads to the former one
//     view 3  epoch 2  switched    writes to both, reads to the new one
//     view 4  epoch 2  settled     the former layout is over
//
// An epoch is the topology's number, the same in the whole system; views number the steps of one
// region. Each is decided by the nodes of the one before (local/decree.h), so all who know a number
// know the same of it. Steps that follow each other agree on where a read finds what a write left:
// nothing is taken from a message of another view unless it may come late.

#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/codec.h"
#include "base/ids.h"
#include "local/partition_table.h"

namespace meridian::local {

// Encoded: a message between regions takes 8 MiB.
inline constexpr std::size_t kLayoutBytesMax = std::size_t{7} << 20;

enum class Stage : std::uint8_t { kSettled, kFilling, kSwitched };

// "settled", "filling", "switched".
const char* NameOf(Stage stage);

// A topology as it was applied, and who holds what in each region by it.
struct Layout {
  Topology topology;
  Bytes text;  // the file, for people; empty when it is not known
  Tables tables;

  Epoch epoch() const { return topology.epoch; }
  // Whether a process of `region` can make its ring from this.
  bool IsComplete(RegionId region) const;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(topology, text, tables);
  }
};

struct View {
  std::uint64_t number = 0;  // 0: a process that has not been told yet
  Stage stage = Stage::kSettled;
  Layout layout;
  std::optional<Layout> former;  // before the change to `layout`

  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, stage, layout, former);
    codec::Require(stage <= Stage::kSwitched, "unknown stage");
  }
};

// View 1, in which all processes begin that were given the same topology file of a new system.
View FirstView(Topology topology, Bytes text);
// By which reads go, and where all rows are: the former one while a change is filling.
const Layout& ServingLayout(const View& view);
// The view after `view` when `next` is applied to it in `region`. A change that is filling is given
// up for it: reads go by the serving layout before and after, and every write is in that one as
// well. kInvalidArgument once reads have moved, until the change is complete.
Result<View> ViewForLayout(const View& view, RegionId region, Layout next);
// Whether a process of the region can make its ring from it.
bool IsUsableIn(const View& view, RegionId region);
// The next step of a change that is under way.
View NextStep(const View& view);

}  // namespace meridian::local
