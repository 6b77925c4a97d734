// Who holds which partition, as arithmetic: fair shares first, then the cheapest way to meet them.
//
//     shares       holders (weight, rack) ──▶ at least / at most so many partitions each
//     Assign       every partition gets `copies` holders within those shares, spread over the
//     racks,
//                  departing from the wish as seldom as can be
//     AssignFirsts one holder of every partition leads it, in proportion to the weights
//
// A share is the holder's part by weight, cut where it cannot take more (no more than every
// partition, no more of a rack than its spread) and the cut divided among the others. Exact: no
// floating point, so every process computes the same. Holders are named by their index.

#pragma once

#include <cstdint>
#include <vector>

namespace meridian::local {

struct Holder {
  std::uint32_t rack = 0;    // 0 .. racks - 1
  std::uint32_t weight = 1;  // at least 1
};

struct Bounds {
  std::uint32_t at_least = 0;
  std::uint32_t at_most = 0;
  friend bool operator==(const Bounds&, const Bounds&) = default;
};

using HolderList = std::vector<std::uint32_t>;  // indexes of holders

// How many copies of one partition each rack takes, as even as the racks' sizes allow.
// Requires 1 <= copies <= holders.size().
std::vector<Bounds> RackBounds(const std::vector<Holder>& holders, std::uint32_t copies);

// How many partitions each holder takes: its exact share rounded down and up.
// Requires 1 <= copies <= holders.size(), partitions >= 1.
std::vector<Bounds> Shares(const std::vector<Holder>& holders, std::uint32_t partitions,
                           std::uint32_t copies);

// For every partition its `copies` holders, in no particular order. `wish` is who should have it,
// its first at the front (too few, too many, unknown or unbalanced as it may be); `preference`
// lists all holders, best first, for what the wish does not decide. Requires both to have one list
// a partition.
std::vector<HolderList> Assign(const std::vector<Holder>& holders, std::uint32_t copies,
                               const std::vector<HolderList>& wish,
                               const std::vector<HolderList>& preference);

// For every partition which of its holders leads; `lists` begin with the one that should.
// As near to the weights as the lists allow. Requires no list to be empty.
HolderList AssignFirsts(const std::vector<Holder>& holders, const std::vector<HolderList>& lists);

}  // namespace meridian::local
