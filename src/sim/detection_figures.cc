#include "sim/detection_figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/check.h"
#include "sim/detection_world.h"

namespace meridian::sim {
namespace {

using local::PeerState;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class... Values>
std::string Line(const char* format, Values... values) {
  char line[320];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

double SecondsOf(std::optional<Duration> time) {
  MERIDIAN_CHECK(time.has_value());
  return static_cast<double>(time->count()) / 1e6;
}

void Add(SpreadFigures::MeanAndWorst& figure, double value, std::uint64_t seeds) {
  figure.mean += value / static_cast<double>(seeds);
  figure.worst = std::max(figure.worst, value);
}

// One death and one return.
void MeasureOne(SpreadFigures& figures, std::uint64_t seed, std::uint64_t seeds) {
  constexpr std::uint32_t kVictim = 1;
  constexpr int kRest = 20;
  const double beat = SecondsOf(local::FailureDetectorOptions{}.beat);
  DetectionWorld world(figures.nodes, seed);
  world.RunFor(seconds(20));
  const std::uint64_t before = world.bytes();
  world.RunFor(seconds(kRest));
  figures.bytes += static_cast<double>(world.bytes() - before) / kRest / figures.nodes /
                   static_cast<double>(seeds);
  world.RunFor(milliseconds(seed * 37 % 1000));  // any phase of a beat
  figures.wrong += world.TakeVerdicts(PeerState::kDown) + world.TakeVerdicts(PeerState::kSuspect);
  const auto say = [&](PeerState state, std::size_t count) {
    return world.RunUntil([&] { return world.CountWhoSay(kVictim, state) >= count; }, seconds(60));
  };
  world.Kill(kVictim);
  world.Start(kVictim);
  const auto all_know = [&] {
    return world.CountWhoKnow(kVictim, world.incarnation(kVictim)) == figures.nodes - 1;
  };
  Add(figures.news, SecondsOf(world.RunUntil(all_know, seconds(60))) / beat, seeds);
  world.RunFor(seconds(20));
  world.Kill(kVictim);
  Add(figures.first, SecondsOf(say(PeerState::kDown, 1)), seeds);
  Add(figures.death, SecondsOf(say(PeerState::kDown, figures.nodes - 1)) / beat, seeds);
  world.Start(kVictim);
  Add(figures.back, SecondsOf(say(PeerState::kAlive, figures.nodes - 1)) / beat, seeds);
}

}  // namespace

std::vector<SpreadFigures> MeasureSpread(const std::vector<std::uint32_t>& sizes,
                                         std::uint64_t seeds) {
  std::vector<SpreadFigures> all;
  for (const std::uint32_t nodes : sizes) {
    SpreadFigures figures;
    figures.nodes = nodes;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) MeasureOne(figures, seed, seeds);
    all.push_back(figures);
  }
  return all;
}

std::string SpreadTable(const std::vector<SpreadFigures>& figures) {
  std::string table =
      "| nodes | first says down, s | worst | then all, rounds | worst | return known to all, "
      "rounds | worst | quick restart known to all, rounds | worst | bytes a node and second | "
      "wrong verdicts |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const SpreadFigures& one : figures) {
    table +=
        Line("| %u | %.1f | %.1f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.0f | %zu |\n",
             one.nodes, one.first.mean, one.first.worst, one.death.mean, one.death.worst,
             one.back.mean, one.back.worst, one.news.mean, one.news.worst, one.bytes, one.wrong);
  }
  return table;
}

namespace {

// The sheet: nodes from 1 to 128 in octaves, rounds from 0 to 7.
constexpr double kLeft = 60;
constexpr double kBottom = 330;
constexpr double kOctave = 75;
constexpr double kRound = 42;

double X(double nodes) {
  return kLeft + kOctave * std::log2(nodes);
}
double Y(double rounds) {
  return kBottom - kRound * rounds;
}

std::string Axes() {
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"390\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"640\" height=\"390\" fill=\"white\"/>\n"
      "<text x=\"340\" y=\"375\" text-anchor=\"middle\">nodes of the region</text>\n"
      "<text x=\"18\" y=\"180\" text-anchor=\"middle\" transform=\"rotate(-90 18 180)\">"
      "rounds until all know</text>\n";
  for (int rounds = 0; rounds <= 7; ++rounds) {
    svg += Line(
        "<path d=\"M%.0f %.0f H590\" stroke=\"#ddd\"/><text x=\"%.0f\" y=\"%.0f\" "
        "text-anchor=\"end\">%d</text>\n",
        kLeft, Y(rounds), kLeft - 8, Y(rounds) + 4, rounds);
  }
  return svg;
}

std::string Curve(const std::vector<SpreadFigures>& figures,
                  SpreadFigures::MeanAndWorst SpreadFigures::*which,
                  double (*value)(const SpreadFigures::MeanAndWorst&), const char* style) {
  std::string points;
  for (const SpreadFigures& one : figures) {
    points += Line("%.1f,%.1f ", X(one.nodes), Y(value(one.*which)));
  }
  return "<polyline fill=\"none\" " + std::string(style) + " points=\"" + points + "\"/>\n";
}

std::string Legend(int row, const char* style, const char* text) {
  return Line("<path d=\"M80 %d h30\" %s/><text x=\"118\" y=\"%d\">%s</text>\n", 30 + 18 * row,
              style, 34 + 18 * row, text);
}

}  // namespace

std::string SpreadPlot(const std::vector<SpreadFigures>& figures) {
  constexpr const char* kLog = "stroke=\"#999\" stroke-dasharray=\"6 4\"";
  constexpr const char* kDeath = "stroke=\"#c0392b\" stroke-width=\"2\"";
  constexpr const char* kDeathWorst = "stroke=\"#c0392b\" stroke-dasharray=\"2 3\"";
  constexpr const char* kBack = "stroke=\"#2471a3\" stroke-width=\"2\"";
  constexpr const char* kBackWorst = "stroke=\"#2471a3\" stroke-dasharray=\"2 3\"";
  constexpr const char* kNews = "stroke=\"#1e8449\" stroke-width=\"2\"";
  constexpr const char* kNewsWorst = "stroke=\"#1e8449\" stroke-dasharray=\"2 3\"";
  const auto mean = [](const SpreadFigures::MeanAndWorst& figure) { return figure.mean; };
  const auto worst = [](const SpreadFigures::MeanAndWorst& figure) { return figure.worst; };
  std::string svg = Axes();
  for (const SpreadFigures& one : figures) {
    svg += Line("<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%u</text>\n", X(one.nodes),
                kBottom + 18, one.nodes);
  }
  svg += Line("<path d=\"M%.1f %.1f L%.1f %.1f\" %s/>\n", X(1), Y(0), X(128), Y(7), kLog);
  svg += Curve(figures, &SpreadFigures::death, mean, kDeath);
  svg += Curve(figures, &SpreadFigures::death, worst, kDeathWorst);
  svg += Curve(figures, &SpreadFigures::back, mean, kBack);
  svg += Curve(figures, &SpreadFigures::back, worst, kBackWorst);
  svg += Curve(figures, &SpreadFigures::news, mean, kNews);
  svg += Curve(figures, &SpreadFigures::news, worst, kNewsWorst);
  svg += Legend(0, kLog, "log2 of the nodes");
  svg += Legend(1, kDeath, "a death, from the first verdict to the last: mean");
  svg += Legend(2, kDeathWorst, "worst");
  svg += Legend(3, kBack, "a return: mean");
  svg += Legend(4, kBackWorst, "worst");
  svg += Legend(5, kNews, "a quick restart, by gossip alone: mean");
  svg += Legend(6, kNewsWorst, "worst");
  return svg + "</svg>\n";
}

std::string PauseTable(std::uint64_t seeds) {
  std::string table =
      "| pause, s | pauses | suspect for somebody | down for somebody | down for all |\n"
      "|---|---|---|---|---|\n";
  constexpr std::uint32_t kNodes = 5;
  for (const int pause : {1, 2, 3, 4, 5, 6, 7, 8, 10, 30}) {
    std::size_t suspect = 0;
    std::size_t down = 0;
    std::size_t down_for_all = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      DetectionWorld world(kNodes, seed);
      world.RunFor(seconds(20) + milliseconds(seed * 37 % 1000));
      world.TakeVerdicts(PeerState::kSuspect);
      world.Pause(1);
      world.RunFor(seconds(pause));
      down_for_all += world.CountWhoSay(1, PeerState::kDown) == kNodes - 1;
      world.Resume(1);
      world.RunFor(seconds(10));
      suspect += world.TakeVerdicts(PeerState::kSuspect) > 0;
      down += world.TakeVerdicts(PeerState::kDown) > 0;
    }
    table += Line("| %d | %zu | %zu | %zu | %zu |\n", pause, static_cast<std::size_t>(seeds),
                  suspect, down, down_for_all);
  }
  return table;
}

std::string LossTable(std::uint64_t seeds) {
  constexpr std::uint32_t kNodes = 20;
  std::string table =
      "| lost messages | node hours | suspect verdicts | down verdicts |\n"
      "|---|---|---|---|\n";
  for (const int percent : {0, 1, 5, 10, 20, 30, 40}) {
    std::size_t suspect = 0;
    std::size_t down = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      DetectionWorld world(kNodes, seed, percent / 100.0);
      world.RunFor(seconds(20));
      world.TakeVerdicts(PeerState::kSuspect);
      world.TakeVerdicts(PeerState::kDown);
      world.RunFor(seconds(180));
      suspect += world.TakeVerdicts(PeerState::kSuspect);
      down += world.TakeVerdicts(PeerState::kDown);
    }
    table += Line("| %d %% | %zu | %zu | %zu |\n", percent,
                  static_cast<std::size_t>(seeds * kNodes / 20), suspect, down);
  }
  return table;
}

}  // namespace meridian::sim
