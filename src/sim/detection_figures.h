// How well nodes know who is alive, measured: the real failure detectors in a DetectionWorld.
//
//     | nodes | first says down, s | ... | return known to all, rounds | bytes a node and second |
//     | 5     | 5.9                | ... | 0.9                         | 270                     |
//
// `meridian-sim --detection` prints the tables, `--detection-plot` draws the first as SVG; both are
// in docs/failure-detection.md. A round is a beat of the detector.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace meridian::sim {

// Of one size of ring, over some seeds.
struct SpreadFigures {
  struct MeanAndWorst {
    double mean = 0;
    double worst = 0;
  };
  std::uint32_t nodes = 0;
  MeanAndWorst first;  // seconds from a death to the first who says down
  MeanAndWorst death;  // rounds from there to the last
  MeanAndWorst back;   // rounds from a return until all say alive
  // Rounds until all know of a restart that nobody noticed: news that one node has, and gossip
  // alone.
  MeanAndWorst news;
  double bytes = 0;       // that a node sends in a second at rest
  std::size_t wrong = 0;  // verdicts, suspect or down, while nothing was wrong
};

std::vector<SpreadFigures> MeasureSpread(const std::vector<std::uint32_t>& sizes,
                                         std::uint64_t seeds);
std::string SpreadTable(const std::vector<SpreadFigures>& figures);
// Rounds over nodes, the axis of nodes logarithmic: O(log n) is below a straight line.
std::string SpreadPlot(const std::vector<SpreadFigures>& figures);

// How often a pause, or the loss of messages, is taken for death.
std::string PauseTable(std::uint64_t seeds);
std::string LossTable(std::uint64_t seeds);

}  // namespace meridian::sim
