#include "io/loopback.h"

#include <gtest/gtest.h>

namespace meridian::io {
namespace {

TEST(LoopbackTest, OnlyThisMachineMayBeListenedTo) {
  for (const char* const host : {"127.0.0.1", "127.1.2.3", "::1", "localhost"}) {
    EXPECT_TRUE(RequireLoopback(host)) << host;
  }
  for (const char* const host :
       {"0.0.0.0", "*", "", "10.0.0.1", "::", "128.0.0.1", "localhost.example.org", "eth0"}) {
    const Result<Done> allowed = RequireLoopback(host);
    ASSERT_FALSE(allowed) << host;
    EXPECT_EQ(allowed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(allowed.error().message.find("TLS"), std::string::npos);
  }
}

}  // namespace
}  // namespace meridian::io
