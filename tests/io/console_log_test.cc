#include "io/console_log.h"

#include <gtest/gtest.h>

namespace meridian::io {
namespace {

TEST(ConsoleLogTest, AnEventIsOneLineWithItsTimeSeverityAndProcess) {
  testing::internal::CaptureStderr();
  ConsoleLog("us-east-1").Write(Severity::kWarning, "peer {} is\ndown");
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(line.ends_with("Z warning us-east-1: peer {} is down\n")) << line;
  EXPECT_EQ(line.find('T'), 10U) << line;
}

}  // namespace
}  // namespace meridian::io
