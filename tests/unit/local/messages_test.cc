#include "local/messages.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "support/local_node.h"

namespace meridian::local {
namespace {

const crdt::RowUpdate kUpdate{KeyOf("milk"), Written({}, {kA, 3}, "v"), {{kA, 1}, {kB, 2}}};

PartitionSeen SomeSeen() {
  PartitionSeen seen{{{1}, {2}}, {}};
  seen.seen.Add(kA, crdt::IntervalSet({1, 40}));
  seen.seen.Add({kA, 42});
  return seen;
}

const LeafName kLeaf{{{1}, {2}}, 1023};
const RowPrint kPrint{"row", {5}, true, kUpdate.row.context, {{{kA, 3}, {6}, true}}};
const Mend kMend{"row", {5}, AuditCause::kContent, true};
// One region, one node, one partition.
Layout TinyLayout(std::uint64_t epoch) {
  Layout layout;
  layout.topology.epoch = {epoch};
  layout.topology.partition_bits = 0;
  Node node{{1}, "n", "r", 100, {"h", 1}, {"h", 2}, {"h", 3}};
  Gateway gateway{1, "g", {"h", 4}, {"h", 5}, {"h", 6}};
  layout.topology.regions = {{{1}, "here", {node}, {gateway}}};
  layout.topology.placements = {{{1}, "all", {{RegionId{1}, 1}}}};
  layout.topology.namespaces = {{{1}, "default", {1}, Policy::kLww, Durability::kOs}};
  layout.text = "file";
  layout.tables.emplace(RegionId{1}, PartitionTable::Build(layout.topology, {1}));
  return layout;
}

// One of each, by name, with every field set.
const std::map<std::string, RingMessage>& Examples() {
  static const std::map<std::string, RingMessage> kExamples = {
      {"replicate", Replicate{7, {kUpdate}, {1000, 500}}},
      {"replicate_ack", ReplicateAck{{300}}},
      {"read_row", ReadRow{7, KeyOf("milk"), true, {1000, 500}}},
      {"row_read", RowRead{7, kUpdate.row}},
      {"forward", Forward{7, "request", 300, {1000, 500}}},
      {"forwarded", Forwarded{7, "answer"}},
      {"seen_probe", SeenProbe{{{1}, {0xff00ff00ff00ff00}}, 300}},
      {"catch_up_ask", CatchUpAsk{7, {SomeSeen()}}},
      {"catch_up_rows", CatchUpRows{7, {kUpdate}, true}},
      {"feed_order", FeedOrder{5, 6}},
      {"feed_rows", FeedRows{{kUpdate}}},
      {"seen_report", SeenReport{5, 6, 7, {1, 2}, {SomeSeen()}}},
      {"log_read", LogRead{7, {SomeSeen()}}},
      {"log_rows", LogRows{7, {kUpdate}, 2, true}},
      {"held_ask", HeldAsk{7, {{1}, {2}}, {kA, 3}}},
      {"held_everywhere", HeldEverywhere{7}},
      {"forward_refused", ForwardRefused{7, 300, 5}},
      {"read_elsewhere", ReadElsewhere{7, KeyOf("milk"), {{2}, {3}}, 2000}},
      {"row_elsewhere", RowElsewhere{7, {2}, kUpdate.row}},
      {"live_gossip", LiveGossip{true,
                                 {{{2}, 300, 7, 3, 4, PeerState::kSuspect, true, DiskRoom::kNone},
                                  {{3}, 0, 0, 0, 0}}}},
      {"ping", Ping{7}},
      {"ping_ack", PingAck{7}},
      {"ping_for", PingFor{7, {3}}},
      {"ping_for_done", PingForDone{7, true}},
      {"keep_hint", KeepHint{7, 2, {kUpdate}, {NodeId{3}}}},
      {"hint_refused", HintRefused{7}},
      {"hint_read", HintRead{7, kUpdate.row}},
      {"audit_roots", AuditRoots{7, {{{{1}, {2}}, {0x0102030405060708}}}}},
      {"audit_branches", AuditBranches{7, {{{{1}, {2}}, {{{1}, {2}}}}}}},
      {"audit_leaves", AuditLeaves{7, {{{{1}, {2}}, 31, {{{1}, {2}}}}}}},
      {"audit_differing", AuditDiffering{7, {kLeaf}}},
      {"audit_list", AuditList{7, {{kLeaf, "from"}}}},
      {"audit_rows", AuditRows{7, {{{kLeaf, "from"}, "to", true, {kPrint}}}, {SomeSeen()}}},
      {"audit_mend", AuditMend{{2}, {kMend}}},
      {"audit_restore", AuditRestore{{{kMend, kUpdate}}, {kLeaf}}},
      {"row_digest", RowDigest{7, {0xff00ff00ff00ff00}}},
      {"fill_ask", FillAsk{7, {{1}, {2}}, SomeSeen().seen, "after", true}},
      {"disk_ask", DiskAsk{300, 5, 6}},
      {"disk_known", DiskKnown{300, 5, 6, true}},
      {"life_mark", LifeMark{5, 300}},
      {"read_refused", ReadRefused{7}},
      {"fill_rows", FillRows{7, {kUpdate}, "after", true, true}},
      {"decree_call", DecreeCall{DecreeCallKind::kPromise, 4, {3, {2}}, {1, {1}}, "view"}},
      {"view_notice", ViewNotice{4, true, false}},
      {"view_ask", ViewAsk{4}},
      {"view_told", ViewTold{{4, Stage::kFilling, TinyLayout(3), TinyLayout(2)}}},
      {"layout_told", LayoutTold{TinyLayout(3)}},
      {"sum_ask", SumAsk{7, {{1}, {2}}}},
      {"sum", Sum{7, {0xff00ff00ff00ff00}, {0x00ff00ff00ff00ff}}},
      {"hand_on", HandOn{SomeSeen()}},
      {"held_here", HeldHere{{{1}, {2}}, {0xff00ff00ff00ff00}}},
  };
  return kExamples;
}

// Name -> bytes. Comments, blanks and bars are for the reader.
std::map<std::string, Bytes> Golden() {
  std::ifstream in(MERIDIAN_GOLDEN_DIR "/ring_messages.txt");
  EXPECT_TRUE(in);
  std::map<std::string, Bytes> golden;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string name, hex;
    fields >> name;
    while (fields >> hex) {
      if (hex == "|") continue;
      for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        golden[name].push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
      }
    }
  }
  return golden;
}

TEST(MessagesTest, EveryMessageComesBackWhole) {
  std::set<std::size_t> met;
  for (const auto& [name, message] : Examples()) {
    const Bytes body = Pack(message);
    const Result<RingMessage> back = UnpackRingMessage(body);
    ASSERT_TRUE(back) << name << ": " << back.error().message;
    EXPECT_EQ(back->index(), message.index()) << name;
    EXPECT_EQ(Pack(*back), body) << name;
    std::visit([&](const auto& alone) { EXPECT_EQ(Pack(alone), body) << name; }, message);
    met.insert(message.index());
  }
  EXPECT_EQ(met.size(), std::variant_size_v<RingMessage>);
}

TEST(MessagesTest, AreAsTheyEverWere) {
  const std::map<std::string, Bytes> golden = Golden();
  EXPECT_EQ(golden.size(), Examples().size());
  for (const auto& [name, message] : Examples()) {
    ASSERT_TRUE(golden.contains(name)) << name;
    EXPECT_EQ(Pack(message), golden.at(name)) << name;
  }
}

TEST(MessagesTest, AnUnknownTagIsOfANewerVersion) {
  constexpr std::size_t kKnown = std::variant_size_v<RingMessage>;
  for (std::size_t tag = kKnown; tag < 256; ++tag) {
    const Result<RingMessage> read = UnpackRingMessage(Bytes(1, static_cast<char>(tag)));
    ASSERT_FALSE(read) << tag;
    EXPECT_EQ(read.error().code, ErrorCode::kUnsupportedVersion) << tag;
  }
}

// A node draws numbers above those that it is told.
TEST(MessagesTest, LivesThatLeaveNoNumbersAboveThemAreCorrupt) {
  EXPECT_TRUE(UnpackRingMessage(Pack(DiskKnown{1, kIncarnationTold, kMarkTold, true})));
  EXPECT_FALSE(UnpackRingMessage(Pack(DiskKnown{1, UINT32_MAX, 1, true})));
  EXPECT_FALSE(UnpackRingMessage(Pack(DiskKnown{1, 1, UINT64_MAX, true})));
  EXPECT_FALSE(UnpackRingMessage(Pack(LifeMark{UINT32_MAX, 1})));
  EXPECT_FALSE(UnpackRingMessage(Pack(LifeMark{1, UINT64_MAX})));
}

TEST(MessagesTest, DamagedBodiesAreCorrupt) {
  EXPECT_EQ(UnpackRingMessage("").error().code, ErrorCode::kCorrupt);
  for (const auto& [name, message] : Examples()) {
    const Bytes body = Pack(message);
    for (std::size_t size = 1; size < body.size(); ++size) {
      const Result<RingMessage> cut = UnpackRingMessage(ByteView(body).substr(0, size));
      ASSERT_FALSE(cut) << name << " cut at " << size;
      EXPECT_EQ(cut.error().code, ErrorCode::kCorrupt);
    }
    EXPECT_FALSE(UnpackRingMessage(body + '\0')) << name << " with a byte left over";
  }
}

}  // namespace
}  // namespace meridian::local
