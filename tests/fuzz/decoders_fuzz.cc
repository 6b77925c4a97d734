// Damaged bytes for the decoders of messages, tokens and stored values (fuzz/fuzzing.h). A new
// decoder is one line in Targets().

#include <string>
#include <vector>

#include "base/base64url.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crdt/context_token.h"
#include "crdt/row_update.h"
#include "crdt/seen_vector.h"
#include "fuzz/fuzzing.h"
#include "local/hint_store.h"
#include "local/log_keys.h"
#include "local/messages.h"
#include "node/client_api.h"
#include "node/client_layout.h"
#include "node/metrics.h"
#include "wan/messages.h"

namespace meridian::fuzz {
namespace {

constexpr Actor kActors[] = {Actor::Of({1}, {1}, 1), Actor::Of({2}, {1}, 7)};
const crdt::RowKey kKey{{1}, {2}, "user:1", "milk"};

std::vector<crdt::Row> Rows() {
  const auto put = [](const crdt::Row& row, crdt::Dot dot, std::optional<Bytes> value) {
    return crdt::Updated(row, {dot, {dot.sequence << 16}, std::move(value), {}, {}},
                         crdt::Policy::kSiblings);
  };
  const crdt::Row one = put({}, {kActors[0], 300}, "milk");
  crdt::Row two = put(put(one, {kActors[1], 2}, std::nullopt), {kActors[1], 9}, "");
  two.versions[1].expires_ms = 1'700'000'000'000;
  return {crdt::Row{}, one, two};
}

std::vector<crdt::RowUpdate> RowUpdates() {
  return {{kKey, Rows()[1], {}}, {kKey, Rows()[2], {{kActors[0], 7}, {kActors[1], 1}}}};
}

std::vector<crdt::SeenVector> SeenVectors() {
  crdt::SeenVector seen;
  for (const Actor actor : kActors) seen.Add(actor, crdt::IntervalSet({1, 40}));
  seen.Add(kActors[0], crdt::IntervalSet({42, 57}));
  return {crdt::SeenVector{}, seen};
}

Bytes StorageKey(const crdt::RowKey& key) {
  return crdt::StorageKey(key);
}

// Its token is not in the bytes, so what is read must be a storage key in any case.
Result<Bytes> RowOfLog(ByteView value) {
  Result<Bytes> row = local::StorageKeyOfLog({kKey.placement, {2}}, value);
  if (row && !crdt::ParseStorageKey(*row)) Stop("StorageKeyOfLog", "gives no row's key", value);
  return row;
}

Bytes LogOfRow(const Bytes& storage_key) {
  return local::LogValue(storage_key);
}

std::vector<Bytes> StorageKeys() {
  return {crdt::StorageKey(kKey)};
}

// A token before it is signed, so that damage reaches what is behind the signature.
class HashSigner final : public Signer {
 public:
  std::uint64_t Sign(ByteView bytes) const override { return HashOf(bytes, 42); }
};

Result<crdt::ContextToken> OpenSigned(ByteView content) {
  Bytes sealed(content);
  EncodeTo(sealed, Fixed64{HashSigner().Sign(content)});
  return crdt::OpenToken(ToBase64Url(sealed), kKey, HashSigner());
}

Bytes ContentOf(const crdt::ContextToken& token) {
  Bytes sealed = FromBase64Url(crdt::SealToken(token, kKey, HashSigner())).value();
  sealed.resize(sealed.size() - sizeof(std::uint64_t));
  return sealed;
}

// What a client sends: any text at all. None but the untouched seed may open.
Result<crdt::ContextToken> OpenText(ByteView text) {
  return crdt::OpenToken(text, kKey, HashSigner());
}
Bytes TextOf(const crdt::ContextToken& token) {
  return crdt::SealToken(token, kKey, HashSigner());
}

std::vector<node::ClientRequest> Requests() {
  node::ClientRequest put;
  put.operation = node::Operation::kPut;
  put.key = "user:1";
  put.value = Bytes(300, 'v');
  put.context = "token";
  put.level = node::Level::kAll;
  put.timeout_ms = 1500;
  return {node::ClientRequest{}, put};
}

std::vector<node::ClientAnswer> Answers() {
  node::ClientAnswer siblings;
  siblings.status = node::Status::kSiblings;
  siblings.values = {"one", "two", ""};
  siblings.context = "token";
  siblings.maybe = true;
  return {node::ClientAnswer{}, siblings};
}

std::vector<node::MetricSet> MetricSets() {
  node::Metric lag;
  lag.kind = node::MetricKind::kGauge;
  lag.name = "meridian_wan_lag_seconds";
  lag.help = "How far behind.";
  lag.labels = {{"from", "us-east"}, {"to", "eu-west"}};
  lag.value = -5;
  node::MetricSet two;
  two.metrics = {lag, lag};
  return {node::MetricSet{}, two};
}

std::vector<local::View> Views() {
  local::Topology topology;
  topology.partition_bits = 1;
  local::Node node;
  node.id = {1};
  node.name = "r-1";
  local::Region region;
  region.id = {1};
  region.name = "r";
  region.nodes = {node};
  topology.regions = {region};
  topology.placements = {{{1}, "all", {{RegionId{1}, 1}}}};
  const local::View first = local::FirstView(topology, "epoch: 1");
  local::Layout next = first.layout;
  next.topology.epoch = {2};
  return {first, {2, local::Stage::kFilling, next, first.layout}};
}

std::vector<node::ClientLayout> ClientLayouts() {
  const local::Layout layout = Views()[0].layout;
  return {{4, layout.topology, layout.tables.at({1})}};
}

Result<node::ClientLayout> DecodeLayout(ByteView bytes) {
  return node::DecodeClientLayout(bytes, {1});
}

std::vector<local::RingMessage> RingMessages() {
  const crdt::PartitionSeen seen{{{1}, {2}}, SeenVectors()[1]};
  const local::LeafName leaf{seen.key, 1023};
  const local::Mend mend{"row", {5}, local::AuditCause::kContent, true};
  const local::RowPrint print{
      "row", {5}, true, Rows()[2].context, {{{kActors[0], 300}, {6}, true}}};
  return {local::Replicate{7, RowUpdates(), {1000, 500}},
          local::ReplicateAck{{300}},
          local::ReadRow{7, kKey, true, {1000, 500}},
          local::RowRead{7, Rows()[2]},
          local::Forward{7, "request", 300, {1000, 500}},
          local::Forwarded{7, "answer"},
          local::SeenProbe{{{1}, {UINT64_MAX}}, 300},
          local::CatchUpAsk{7, {seen}},
          local::CatchUpRows{7, RowUpdates(), true},
          local::FeedOrder{5, 6},
          local::FeedRows{RowUpdates()},
          local::SeenReport{5, 6, 7, {1, 2}, {seen}},
          local::LogRead{7, {seen}},
          local::LogRows{7, RowUpdates(), 2, true},
          local::HeldAsk{7, seen.key, {kActors[0], 3}},
          local::HeldEverywhere{7},
          local::ForwardRefused{7, 300, 5},
          local::ReadElsewhere{7, kKey, {{1}, {2}}, 2000},
          local::RowElsewhere{7, {2}, Rows()[2]},
          local::LiveGossip{
              true, {{{2}, 300, 7, 3, 4, local::PeerState::kSuspect, true, DiskRoom::kLow}}},
          local::Ping{7},
          local::PingAck{7},
          local::PingFor{7, {3}},
          local::PingForDone{7, true},
          local::KeepHint{7, 2, RowUpdates(), {NodeId{2}, NodeId{5}}},
          local::HintRefused{7},
          local::HintRead{7, Rows()[2]},
          local::AuditRoots{7, {{seen.key, {8}}}},
          local::AuditBranches{7, {{seen.key, {{{1}, {2}}}}}},
          local::AuditLeaves{7, {{seen.key, 31, {{{1}, {2}}}}}},
          local::AuditDiffering{7, {leaf}},
          local::AuditList{7, {{leaf, "from"}}},
          local::AuditRows{7, {{{leaf, "from"}, "to", true, {print}}}, {seen}},
          local::AuditMend{{2}, {mend}},
          local::AuditRestore{{{mend, RowUpdates()[1]}}, {leaf}},
          local::RowDigest{7, {5}},
          local::FillAsk{7, seen.key, seen.seen, "after", true},
          local::FillRows{7, RowUpdates(), "after", true, true},
          local::DiskAsk{300, 5, 6},
          local::DiskKnown{300, 5, 6, true},
          local::LifeMark{5, 300},
          local::ReadRefused{7},
          local::DecreeCall{local::DecreeCallKind::kPromise, 4, {3, {2}}, {1, {1}}, "view"},
          local::ViewNotice{4, true, false},
          local::ViewAsk{4},
          local::ViewTold{Views()[1]},
          local::LayoutTold{Views()[0].layout},
          local::SumAsk{7, seen.key},
          local::Sum{7, {5}, {6}},
          local::HandOn{seen},
          local::HeldHere{seen.key, {5}}};
}

std::vector<wan::WanMessage> WanMessages() {
  const crdt::PartitionSeen seen{{{1}, {2}}, SeenVectors()[1]};
  return {wan::Batch{5, 6, RowUpdates()},
          wan::BatchAck{5, {6, 7}},
          wan::ExtentAsk{{2}},
          wan::Extent{{{1}, {2}}, {seen}},
          wan::Beat{1, 2, 3, {4}, 5},
          wan::RowAsk{{3}, 7, kKey, 2000},
          wan::RowAnswer{{3}, 7, Rows()[2]},
          wan::LayoutAsk{4},
          wan::LayoutAnswer{"layout"}};
}

std::vector<local::Hint> Hints() {
  return {{}, {1'700'000'000'000, 2, Rows()[2], SeenVectors()[1], {NodeId{2}, NodeId{3}}}};
}

Bytes EncodeHint(const local::Hint& hint) {
  return EncodeVersioned(1, hint);
}

}  // namespace

std::vector<Target> Targets() {
  const crdt::Row row = Rows()[2];
  const std::vector<crdt::ContextToken> tokens = {
      {}, {row.context, row.MaxStamp(), {}}, {row.context, row.MaxStamp(), row.versions[0].dot}};
  return {
      Canonical("DecodeRow", crdt::DecodeRow, crdt::EncodeRow, Rows()),
      Canonical("DecodeRowUpdate", Decode<crdt::RowUpdate>, Encode<crdt::RowUpdate>, RowUpdates()),
      Canonical("DecodeSeenVector", Decode<crdt::SeenVector>, Encode<crdt::SeenVector>,
                SeenVectors()),
      Canonical("ParseStorageKey", crdt::ParseStorageKey, StorageKey, {kKey}),
      Canonical("StorageKeyOfLog", RowOfLog, LogOfRow, StorageKeys()),
      Canonical("DecodeHint", local::DecodeHint, EncodeHint, Hints()),
      Of("DecodeView", Decode<local::View>, Encode<local::View>, Views()),
      Of("DecodeClientLayout", DecodeLayout, Encode<node::ClientLayout>, ClientLayouts()),
      Canonical("OpenSignedToken", OpenSigned, ContentOf, tokens),
      Canonical("OpenToken", OpenText, TextOf, tokens),
      Of("DecodeRequest", node::DecodeRequest, node::EncodeRequest, Requests()),
      Of("DecodeAnswer", node::DecodeAnswer, node::EncodeAnswer, Answers()),
      Canonical("UnpackRingMessage", local::UnpackRingMessage, local::Pack, RingMessages()),
      Canonical("UnpackWanMessage", wan::UnpackWanMessage, wan::Pack, WanMessages()),
      Of("DecodeMetrics", node::DecodeMetrics, node::EncodeMetrics, MetricSets()),
  };
}

}  // namespace meridian::fuzz
