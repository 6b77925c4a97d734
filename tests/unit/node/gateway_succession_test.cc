#include "node/gateway_succession.h"

#include <gtest/gtest.h>

#include "support/succession_ring.h"

namespace meridian::node {
namespace {

constexpr ProcessId kOther{{2}, Role::kGateway, 1};

class GatewaySuccessionTest : public ::testing::Test {
 protected:
  GatewaySuccessionTest() {
    view = local::FirstView(local::SmallTopology(3), "");
    view.number = 2;
    view.layout.topology.epoch = {2};
  }
  template <class T>
  std::vector<T> WanSent() {
    std::vector<T> sent;
    for (const Outgoing& outgoing : turn.Take().messages) {
      auto message = wan::UnpackWanMessage(outgoing.message.body);
      if (message && std::holds_alternative<T>(*message)) sent.push_back(std::get<T>(*message));
    }
    return sent;
  }

  MemoryDisk disk;
  test::NoLog log;
  Turn turn{local::GatewayOf(1), disk};
  local::Ring ring = GatewaySuccession::RingAtStart(local::SmallTopology(3), local::GatewayOf(1));
  GatewaySuccession succession{ring, turn, log};
  local::View view;
};

TEST_F(GatewaySuccessionTest, AsksTheNodeThatHasANewerViewAndAdoptsIt) {
  EXPECT_TRUE(succession.Take(local::ViewNotice{2, true, true}, local::NodeOf(3)));
  const auto asks = local::SentOf<local::ViewAsk>(turn.Take());
  ASSERT_EQ(asks.size(), 1U);
  EXPECT_EQ(asks[0].to, local::NodeOf(3));
  EXPECT_TRUE(succession.Take(local::ViewTold{view}, local::NodeOf(3)));
  EXPECT_TRUE(succession.TakeAdopted());
  EXPECT_FALSE(succession.TakeAdopted());
  EXPECT_EQ(ring.view(), 2U);
  turn.Send(local::NodeOf(1), "x");
  EXPECT_EQ(turn.Take().messages.at(0).message.view, 2U);
}

TEST_F(GatewaySuccessionTest, AnotherRegionsLayoutGoesToTheNodesUntilTheyHaveIt) {
  wan::Beat beat;
  beat.epoch = 2;
  succession.OnBeat(kOther, beat);
  EXPECT_EQ(WanSent<wan::LayoutAsk>().size(), 1U);
  succession.Take(wan::LayoutAnswer{Encode(view.layout)}, kOther);
  succession.Beat();
  EXPECT_EQ(local::SentOf<local::LayoutTold>(turn.Take()).size(), 1U);
  succession.Take(local::ViewTold{view}, local::NodeOf(1));
  succession.Beat();
  EXPECT_TRUE(local::SentOf<local::LayoutTold>(turn.Take()).empty());
}

TEST_F(GatewaySuccessionTest, TellsOtherRegionsWhatItWasTold) {
  succession.Take(wan::LayoutAsk{1}, kOther);
  EXPECT_TRUE(WanSent<wan::LayoutAnswer>().empty()) << "it has nothing newer";
  succession.Take(local::ViewTold{view}, local::NodeOf(1));
  succession.Take(wan::LayoutAsk{1}, kOther);
  const auto answers = WanSent<wan::LayoutAnswer>();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(Decode<local::Layout>(answers[0].layout));
  succession.Take(wan::LayoutAsk{2}, kOther);
  EXPECT_TRUE(WanSent<wan::LayoutAnswer>().empty());
}

TEST_F(GatewaySuccessionTest, WithAFileOfALaterEpochItKnowsNothingUntilItIsTold) {
  local::Topology later = local::SmallTopology(3);
  later.epoch = {2};
  local::Ring unknown = GatewaySuccession::RingAtStart(later, local::GatewayOf(1));
  GatewaySuccession waiting(unknown, turn, log);
  waiting.Beat();
  EXPECT_EQ(local::SentOf<local::ViewAsk>(turn.Take()).size(), 1U);
  waiting.Take(local::ViewTold{view}, local::NodeOf(1));
  EXPECT_TRUE(unknown.IsKnown());
}

TEST_F(GatewaySuccessionTest, ANodeThatIsBehindIsToldByAGatewayToo) {
  EXPECT_TRUE(succession.Take(local::ViewAsk{1}, local::NodeOf(2)));
  EXPECT_TRUE(turn.Take().messages.empty()) << "it has not been told itself";
  succession.Take(local::ViewTold{view}, local::NodeOf(1));
  turn.Take();
  EXPECT_TRUE(succession.Take(local::ViewAsk{1}, local::NodeOf(2)));
  const auto told = local::SentOf<local::ViewTold>(turn.Take());
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].message.view.number, 2U);
}

}  // namespace
}  // namespace meridian::node
