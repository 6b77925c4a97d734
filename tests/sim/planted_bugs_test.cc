// The checkers are checked: a bug is planted outside the machines, and a checker must find it
// within 200 seeds.
//
// Each run has a process of its own: a planted bug may also trip a check of the machines
// themselves, which ends the process. That does not count; the seeds go on until a checker speaks.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "sim/simulation.h"

namespace meridian::sim {
namespace {

constexpr std::uint64_t kSeeds = 200;

// The first line of what the checkers said; empty when they said nothing.
std::string RunApart(std::uint64_t seed, Plant plant) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    // A machine's own failed check is expected here; it would only look like a failure.
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(2);
    RunOptions options;
    options.plant = plant;
    options.quiet_within = std::chrono::seconds(60);
    const RunReport report = RunSeed(seed, options);
    const std::string said = report.violations.empty() ? "" : report.violations.front();
    _exit(write(ends[1], said.data(), said.size()) < 0 ? 2 : 0);
  }
  close(ends[1]);
  std::string said;
  char buffer[512];
  for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<std::size_t>(n));
  }
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return said;
}

// Found in these words, by the checker that is to find it.
void ExpectFound(Plant plant, const std::string& words = "") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::string said = RunApart(seed, plant);
    if (said.empty() || said.find(words) == std::string::npos) continue;
    std::printf("found by seed %llu: %s\n", static_cast<unsigned long long>(seed), said.c_str());
    return;
  }
  FAIL() << "not found by " << kSeeds << " seeds";
}

TEST(PlantedBugsTest, AcknowledgingBeforeTheSyncIsFound) {
  ExpectFound(Plant::kAckBeforeSync);
}

TEST(PlantedBugsTest, ReusingAnIncarnationAfterALostTailIsFound) {
  ExpectFound(Plant::kReuseIncarnation);
}

TEST(PlantedBugsTest, MarkingSeenFromAContextIsFound) {
  ExpectFound(Plant::kSeenFromContext);
}

TEST(PlantedBugsTest, AHintThatIsDroppedBeforeItIsHomeIsFound) {
  ExpectFound(Plant::kLoseRows, "was dropped when");
}

TEST(PlantedBugsTest, WritesThatAreSeenAndNotKeptAreFoundByTheAudit) {
  ExpectFound(Plant::kDropVersions, " mend ");
}

TEST(PlantedBugsTest, ReadsThatDoNotShowWhatAQuorumHoldsAreFound) {
  ExpectFound(Plant::kHideRows, "stale: ");
}

TEST(PlantedBugsTest, TwoLayoutsOfOneEpochAreFound) {
  ExpectFound(Plant::kAlterViews, "has another layout of epoch");
}

TEST(PlantedBugsTest, RowsThatStayWithAFormerOwnerAreFound) {
  ExpectFound(Plant::kKeepRows, "has a row of partition");
}

TEST(PlantedBugsTest, LogRowsThatStayWithAFormerOwnerAreFound) {
  ExpectFound(Plant::kKeepLogRows, "has a log row of partition");
}

TEST(PlantedBugsTest, TreesThatStayWithAFormerOwnerAreFound) {
  ExpectFound(Plant::kKeepTrees, "has a piece of a tree of partition");
}

TEST(PlantedBugsTest, NotesThatStayWithAFormerOwnerAreFound) {
  ExpectFound(Plant::kKeepNotes, "has a note of partition");
}

}  // namespace
}  // namespace meridian::sim
