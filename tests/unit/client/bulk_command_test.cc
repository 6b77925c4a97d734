#include "client/bulk_command.h"

#include <gtest/gtest.h>

#include "client/exit_codes.h"

namespace meridian::client {
namespace {

// How a load of ten records ends.
int CodeOf(std::uint64_t stored, std::uint64_t maybe, std::uint64_t wrong,
           bool interrupted = false) {
  BulkJob job;
  job.records.records.resize(10);
  LoadOutcome outcome;
  outcome.stored = stored;
  outcome.failed = 10 - stored;
  outcome.maybe = maybe;
  outcome.wrong = wrong;
  outcome.figures.interrupted = interrupted;
  return TellLoad(job, outcome);
}

TEST(BulkCommandTest, ALoadTellsByItsExitCodeWhetherToRepeatIt) {
  EXPECT_EQ(CodeOf(10, 0, 0), kExitOk);
  EXPECT_EQ(CodeOf(9, 0, 0), kExitUnavailable);
  EXPECT_EQ(CodeOf(8, 1, 0), kExitMaybe);
  EXPECT_EQ(CodeOf(8, 0, 2), kExitUsage) << "it would be refused again";
  EXPECT_EQ(CodeOf(8, 0, 1), kExitUnavailable) << "one of the two may do better";
  EXPECT_EQ(CodeOf(8, 1, 1), kExitMaybe);
  EXPECT_EQ(CodeOf(8, 0, 0, true), kExitInterrupted);
}

}  // namespace
}  // namespace meridian::client
