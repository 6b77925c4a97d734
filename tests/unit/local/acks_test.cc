#include "local/acks.h"

#include <gtest/gtest.h>

#include "support/memory_disk.h"

namespace meridian::local {
namespace {

constexpr ProcessId kSelf{{1}, Role::kNode, 1};
constexpr ProcessId kItsPeer{{1}, Role::kNode, 2};
constexpr ProcessId kItsGateway{{1}, Role::kGateway, 1};

class AcksTest : public testing::Test {
 protected:
  // What the turn sends: to whom, after which batch, and the ids.
  struct Sent {
    ProcessId to;
    BatchId after;
    std::vector<std::uint64_t> ids;
  };
  std::vector<Sent> End() {
    acks_.Send();
    std::vector<Sent> all;
    for (const Outgoing& outgoing : turn_.Take().messages) {
      const Message& message = outgoing.message;
      const Result<RingMessage> decoded = UnpackRingMessage(message.body);
      EXPECT_TRUE(decoded && std::holds_alternative<ReplicateAck>(*decoded));
      all.push_back({message.to, outgoing.after, std::get<ReplicateAck>(*decoded).ids});
    }
    return all;
  }
  // A turn that writes, so that there is a batch to wait for.
  BatchId Write() {
    turn_.Put(Column::kData, "a", "1");
    return turn_.Barrier();
  }

  MemoryDisk disk_;
  Turn turn_{kSelf, disk_};
  Acks acks_{turn_};
};

TEST_F(AcksTest, ThoseOfOneTurnToOneProcessShareAMessage) {
  const BatchId batch = Write();
  acks_.Add(kItsPeer, 7, batch);
  acks_.Add(kItsGateway, 8, batch);
  acks_.Add(kItsPeer, 9, batch);
  const std::vector<Sent> sent = End();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].to, kItsPeer);
  EXPECT_EQ(sent[0].after, batch);
  EXPECT_EQ(sent[0].ids, (std::vector<std::uint64_t>{7, 9}));
  EXPECT_EQ(sent[1].to, kItsGateway);
  EXPECT_EQ(sent[1].ids, std::vector<std::uint64_t>{8});
  EXPECT_TRUE(End().empty()) << "once";
}

TEST_F(AcksTest, OneThatNeedNotWaitDoesNotWaitForOthers) {
  const BatchId earlier = Write();
  turn_.Take();
  turn_.MarkDurable(earlier);
  const BatchId batch = Write();
  acks_.Add(kItsPeer, 7, batch);
  acks_.Add(kItsPeer, 8, earlier);
  acks_.Add(kItsPeer, 9, {});
  const std::vector<Sent> sent = End();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].after, batch);
  EXPECT_EQ(sent[0].ids, std::vector<std::uint64_t>{7});
  EXPECT_EQ(sent[1].after, BatchId{});
  EXPECT_EQ(sent[1].ids, (std::vector<std::uint64_t>{8, 9}));
}

}  // namespace
}  // namespace meridian::local
