#include "sim/faults.h"

namespace meridian::sim {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Draws which kinds there are: each with the same chance, which the seed draws first.
class Swarm {
 public:
  explicit Swarm(Random& random)
      : random_(random), chance_(0.2 * static_cast<double>(random.Between(1, 4))) {}

  bool Has() { return random_.Chance(chance_); }

  Recurring Draw(Duration every_min, Duration every_max, Duration lasts) {
    if (!Has()) return {};
    return {DrawBetween(random_, every_min, every_max), DrawBetween(random_, lasts / 20, lasts)};
  }

  LinkQuality Quality(Duration delay_min, Duration delay_max, double loss_max) {
    LinkQuality quality;
    quality.delay_min = delay_min;
    quality.delay_max = delay_max;
    if (Has()) quality.loss = loss_max * random_.NextUnit();
    if (Has()) quality.repeat = 0.05 * random_.NextUnit();
    if (Has()) quality.late = 0.04 * random_.NextUnit();
    quality.late_max = DrawBetween(random_, milliseconds(50), seconds(6));
    quality.in_order = !Has();
    return quality;
  }

 private:
  Random& random_;
  const double chance_;
};

std::string Percent(double part) {
  return std::to_string(part * 100).substr(0, 4) + '%';
}
std::string Millis(Duration duration) {
  return std::to_string(Milliseconds(duration)) + "ms";
}

std::string Describe(const char* name, const LinkQuality& quality) {
  std::string text = std::string(name) + " to " + Millis(quality.delay_max);
  if (quality.loss > 0) text += ", loss " + Percent(quality.loss);
  if (quality.repeat > 0) text += ", repeat " + Percent(quality.repeat);
  if (quality.late > 0) text += ", late " + Percent(quality.late);
  if (quality.late > 0 || quality.repeat > 0) text += " by " + Millis(quality.late_max);
  return text + (quality.in_order ? ", in order; " : ", any order; ");
}

std::string Describe(const char* name, Recurring fault) {
  if (!fault.is_on()) return {};
  return std::string(name) + " every " + Millis(fault.every) + " for " + Millis(fault.lasts) + "; ";
}

}  // namespace

Duration DrawBetween(Random& random, Duration low, Duration high) {
  return Duration(static_cast<Duration::rep>(random.Between(
      static_cast<std::uint64_t>(low.count()), static_cast<std::uint64_t>(high.count()))));
}

std::string Faults::ToString() const {
  std::string text = Describe("near links", in_region) + Describe("far links", between_regions) +
                     Describe("node cuts", node_cuts) + Describe("region cuts", region_cuts) +
                     Describe("node crashes", node_crashes);
  if (crash_again) text += "crashes again; ";
  if (torn_tails) text += "torn tails; ";
  if (whole_region != 0) text += "whole regions; ";
  text += Describe("gateway crashes", gateway_crashes) + Describe("blackouts", blackouts) +
          Describe("clock steps", clock_steps) + Describe("pauses", pauses) +
          Describe("lost disks", lost_disks) + Describe("slowness", slowness);
  if (slowness.is_on()) text += "turns to " + Millis(turn_most) + "; ";
  text += Describe("full disks", full_disks);
  return text + "syncs to " + Millis(sync_most);
}

Faults DrawFaults(Random& random) {
  Swarm swarm(random);
  Faults faults;
  const Duration near_max = random.OneIn(4) ? milliseconds(30) : milliseconds(2);
  faults.in_region = swarm.Quality(microseconds(100), near_max, 0.05);
  faults.between_regions = swarm.Quality(milliseconds(20), milliseconds(80), 0.08);
  faults.node_cuts = swarm.Draw(seconds(2), seconds(8), seconds(6));
  faults.region_cuts = swarm.Draw(seconds(2), seconds(8), seconds(8));
  faults.node_crashes = swarm.Draw(milliseconds(400), seconds(5), seconds(5));
  faults.crash_again = faults.node_crashes.is_on() && swarm.Has();
  faults.gateway_crashes = swarm.Draw(seconds(1), seconds(8), seconds(4));
  faults.blackouts = swarm.Draw(seconds(2), seconds(7), seconds(3));
  faults.torn_tails = (faults.node_crashes.is_on() || faults.blackouts.is_on()) && swarm.Has();
  faults.whole_region = faults.node_crashes.is_on() && swarm.Has() ? 4 : 0;
  const Duration step_most = random.OneIn(4) ? Duration(hours(5)) : Duration(minutes(5));
  faults.clock_steps = swarm.Draw(seconds(1), seconds(6), step_most);
  faults.pauses = swarm.Draw(seconds(2), seconds(10), seconds(60));
  faults.slowness = swarm.Draw(seconds(1), seconds(6), seconds(10));
  faults.turn_most = DrawBetween(random, milliseconds(10), milliseconds(500));
  faults.lost_disks = swarm.Draw(seconds(2), seconds(8), seconds(4));
  if (swarm.Has()) faults.sync_most = DrawBetween(random, milliseconds(5), milliseconds(400));
  faults.full_disks = swarm.Draw(seconds(2), seconds(10), seconds(15));
  return faults;
}

}  // namespace meridian::sim
