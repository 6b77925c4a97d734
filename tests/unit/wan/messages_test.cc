#include "wan/messages.h"

#include <gtest/gtest.h>

#include "support/three_regions.h"

namespace meridian::wan {
namespace {

using namespace meridian::test;  // NOLINT: the tests' own words

TEST(WanMessagesTest, EveryMessageComesBackAsItWas) {
  const std::vector<WanMessage> messages{Batch{7, 3, {Written(Key("milk"), {kA, 5})}},
                                         BatchAck{7, {3, 4}},
                                         ExtentAsk{kEu},
                                         Extent{{kUs, kAp}, {{{kEverywhere, {3}}, Seen(kA, 1, 9)}}},
                                         Beat{1'700'000'000'000, 5, 600, {9}, 4},
                                         RowAsk{{4}, 300, Key("milk"), 2000},
                                         RowAnswer{{4}, 300, Written(Key("milk"), {kA, 5}).row},
                                         LayoutAsk{4},
                                         LayoutAnswer{"layout"}};
  for (const WanMessage& message : messages) {
    const Bytes body = Pack(message);
    const Result<WanMessage> back = UnpackWanMessage(body);
    ASSERT_TRUE(back) << message.index();
    EXPECT_EQ(back->index(), message.index());
    EXPECT_EQ(Pack(*back), body);
  }
  const Result<WanMessage> batch = UnpackWanMessage(Pack(messages[0]));
  EXPECT_EQ(std::get<Batch>(*batch).rows, std::get<Batch>(messages[0]).rows);
}

TEST(WanMessagesTest, TagsAreFixedAndNoneIsOneOfTheRings) {
  EXPECT_EQ(Pack(Batch{})[0], 64);
  EXPECT_EQ(Pack(BatchAck{})[0], 65);
  EXPECT_EQ(Pack(ExtentAsk{})[0], 66);
  EXPECT_EQ(Pack(Extent{})[0], 67);
  EXPECT_EQ(Pack(Beat{})[0], 68);
  EXPECT_EQ(Pack(RowAsk{})[0], 69);
  EXPECT_EQ(Pack(RowAnswer{})[0], 70);
  EXPECT_EQ(Pack(LayoutAsk{})[0], 71);
  EXPECT_EQ(Pack(LayoutAnswer{})[0], 72);
  for (char tag = 0; tag < 64; ++tag)
    EXPECT_FALSE(UnpackWanMessage(Bytes(1, tag) + Bytes(3, '\1')));
}

TEST(WanMessagesTest, WhatNoPeerSendsIsRefused) {
  EXPECT_FALSE(UnpackWanMessage(""));
  EXPECT_EQ(UnpackWanMessage(Bytes(1, 73)).error().code, ErrorCode::kUnsupportedVersion);
  const Bytes body = Pack(Batch{7, 3, {Written(Key("milk"), {kA, 5})}});
  for (std::size_t size = 1; size < body.size(); ++size) {
    EXPECT_FALSE(UnpackWanMessage(ByteView(body).substr(0, size))) << size;
  }
  EXPECT_FALSE(UnpackWanMessage(body + '\0'));
}

}  // namespace
}  // namespace meridian::wan
