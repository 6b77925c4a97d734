// The client library's connections, against real ports on loopback.

#include "io/client_link.h"

#include <gtest/gtest.h>

#include "io/client_port.h"
#include "io/clocks.h"
#include "io/loop_fixture.h"

namespace meridian::io {
namespace {

constexpr NodeId kNode{1};
const std::string kHere = "tcp://127.0.0.1:7836";
const std::string kElsewhere = "tcp://127.0.0.1:7837";

class ClientLinkTest : public LoopFixture {
 protected:
  // A node that answers each request with its own name.
  std::unique_ptr<ClientPort> OpenNode(const std::string& address) {
    auto port = ClientPort::Open(
        loop_, zmq_, {.bind = address},
        [address](const Bytes&, const std::function<void(Bytes)>& answered) { answered(address); });
    EXPECT_TRUE(port) << port.error().message;
    return std::move(*port);
  }
  void OpenLink() {
    auto link = ClientLink::Open(
        loop_, {1}, {{kNode, kHere}},
        [this](NodeId, std::uint64_t, ByteView body) { answers_.emplace_back(body); },
        [this](NodeId node) { lost_.push_back(node); }, [] {});
    ASSERT_TRUE(link);
    link_ = std::move(*link);
  }
  void Ask() {
    link_->Send(kNode, ++last_id_, "who?", Now().monotonic + std::chrono::seconds(60));
    link_->Flush();
  }

  std::vector<Bytes> answers_;
  std::vector<NodeId> lost_;
  std::uint64_t last_id_ = 0;
  std::unique_ptr<ClientLink> link_;
};

TEST_F(ClientLinkTest, ANodeThatIsElsewhereNowIsFoundThere) {
  const auto here = OpenNode(kHere);
  const auto elsewhere = OpenNode(kElsewhere);
  OpenLink();
  Ask();
  ASSERT_TRUE(RunUntil([&] { return answers_.size() == 1; }));
  EXPECT_EQ(answers_[0], kHere);

  ASSERT_TRUE(link_->Connect(kNode, kHere));
  ASSERT_TRUE(link_->Connect(kNode, kElsewhere));
  ASSERT_TRUE(RunUntil([&] { return !lost_.empty(); })) << "no answer comes to what was sent";
  EXPECT_EQ(lost_, std::vector<NodeId>{kNode}) << "once";
  Ask();
  ASSERT_TRUE(RunUntil([&] { return answers_.size() == 2; }));
  EXPECT_EQ(answers_[1], kElsewhere);
}

TEST_F(ClientLinkTest, AnAddressThatIsNoneIsRefusedAndCanBeTriedAgain) {
  const auto here = OpenNode(kHere);
  OpenLink();
  EXPECT_FALSE(link_->Connect({2}, "nonsense"));
  EXPECT_TRUE(link_->Connect({2}, kElsewhere));
}

}  // namespace
}  // namespace meridian::io
