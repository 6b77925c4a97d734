#include "io/frame.h"

#include <gtest/gtest.h>

#include "base/codec.h"

namespace meridian::io {
namespace {

constexpr ProcessId kSender{{2}, Role::kGateway, 300};

Bytes PeerFrameOf(const std::vector<Bytes>& bodies) {
  return EncodePeerFrame(9, kSender, bodies);
}

TEST(FrameTest, APeerFrameIsReadBackAsItWasWritten) {
  const std::vector<Bytes> bodies{"one", "", Bytes("\0\xff", 2), Bytes(100'000, 'x')};
  const Result<PeerFrame> frame = DecodePeerFrame(PeerFrameOf(bodies));
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->view, 9U);
  EXPECT_EQ(frame->from, kSender);
  EXPECT_EQ(frame->bodies, bodies);
}

TEST(FrameTest, AClientFrameIsReadBackAsItWasWritten) {
  const std::vector<ClientItem> items{{7, "get"}, {UINT64_MAX, ""}};
  const Bytes bytes = EncodeClientFrame(FrameKind::kAnswers, {3}, items);
  const Result<ClientFrame> frame = DecodeClientFrame(FrameKind::kAnswers, bytes);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->epoch, Epoch{3});
  ASSERT_EQ(frame->items.size(), 2U);
  EXPECT_EQ(frame->items[0].id, 7U);
  EXPECT_EQ(frame->items[0].body, "get");
  EXPECT_EQ(frame->items[1].id, UINT64_MAX);
}

TEST(FrameTest, TheBytesOfTheFirstVersionNeverChange) {
  const std::vector<Bytes> bodies{"ab", ""};
  EXPECT_EQ(PeerFrameOf(bodies), Bytes("\x01\x01\x09\x02\x01\xac\x02\x02\x02"
                                       "ab\x00",
                                       12));
  const std::vector<ClientItem> items{{300, "q"}};
  EXPECT_EQ(EncodeClientFrame(FrameKind::kRequests, {1}, items),
            Bytes("\x01\x02\x01\x01\xac\x02\x01q", 8));
}

TEST(FrameTest, AFrameThatIsCutShortAnywhereIsCorrupt) {
  const std::vector<Bytes> bodies{"one", "three"};
  const Bytes peers = PeerFrameOf(bodies);
  for (std::size_t size = 0; size < peers.size(); ++size) {
    EXPECT_FALSE(DecodePeerFrame(ByteView(peers).substr(0, size))) << size;
  }
  const std::vector<ClientItem> items{{1, "one"}, {2, "three"}};
  const Bytes client = EncodeClientFrame(FrameKind::kRequests, {1}, items);
  for (std::size_t size = 0; size < client.size(); ++size) {
    EXPECT_FALSE(DecodeClientFrame(FrameKind::kRequests, ByteView(client).substr(0, size))) << size;
  }
}

TEST(FrameTest, BytesLeftOverAreCorrupt) {
  const std::vector<Bytes> bodies{"one"};
  EXPECT_FALSE(DecodePeerFrame(PeerFrameOf(bodies) + "x"));
}

TEST(FrameTest, AnotherVersionIsNotTakenForCorruption) {
  const std::vector<Bytes> bodies{"one"};
  Bytes bytes = PeerFrameOf(bodies);
  bytes[0] = 2;
  const Result<PeerFrame> frame = DecodePeerFrame(bytes);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, ErrorCode::kUnsupportedVersion);
}

TEST(FrameTest, AFrameOfAnotherKindIsRefused) {
  const Bytes answers = EncodeClientFrame(FrameKind::kAnswers, {1}, {});
  EXPECT_FALSE(DecodeClientFrame(FrameKind::kRequests, answers));
  EXPECT_FALSE(DecodePeerFrame(answers));
}

TEST(FrameTest, ARoleThatDoesNotExistIsCorrupt) {
  const std::vector<Bytes> bodies{"one"};
  Bytes bytes = PeerFrameOf(bodies);
  ASSERT_EQ(bytes[4], 1);
  bytes[4] = 2;
  EXPECT_FALSE(DecodePeerFrame(bytes));
}

TEST(FrameTest, MoreItemsThanAreAllowedAreRefusedThoughTheBytesAreThere) {
  Bytes bytes("\x01\x01\x01\x01\x00\x01", 6);
  codec::Writer writer(bytes);
  writer.Varint(kFrameItemsMax + 1);
  bytes.append(kFrameItemsMax + 1, '\0');
  EXPECT_FALSE(DecodePeerFrame(bytes));
}

TEST(FrameTest, ItemsArePackedUpToTheGoalButNeverNone) {
  const std::vector<Bytes> bodies{Bytes(100, 'a'), Bytes(100, 'b'), Bytes(5000, 'c')};
  const auto fit = [](std::span<const Bytes> rest, std::size_t goal) {
    return ItemsForFrame(rest, goal, [](const Bytes& body) { return body.size(); });
  };
  EXPECT_EQ(fit(bodies, 1 << 20), 3U);
  EXPECT_EQ(fit(bodies, 300), 2U);
  EXPECT_EQ(fit(bodies, 10), 1U);
  EXPECT_EQ(fit({}, 10), 0U);
}

}  // namespace
}  // namespace meridian::io
