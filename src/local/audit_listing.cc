// The second half of local/audit.h: leaves in doubt are listed by all their primaries and judged.

#include <algorithm>

#include "base/check.h"
#include "local/audit.h"

namespace meridian::local {
namespace {

constexpr std::size_t kPagesPerListing = 16;
constexpr int kLooksMax = 3;
constexpr std::size_t kCountedMax = 10'000;
constexpr std::size_t kDeferredMax = 4096;

const PageRows* PageOf(const AuditRows& rows, const LeafPage& page) {
  const auto at = std::ranges::find(rows.pages, page, &PageRows::page);
  return at == rows.pages.end() ? nullptr : &*at;
}

const crdt::SeenVector* SeenOf(const AuditRows& rows, PartitionKey key) {
  const auto at = std::ranges::find(rows.seen, key, &PartitionSeen::key);
  return at == rows.seen.end() ? nullptr : &at->seen;
}

const RowPrint* RowOf(const PageRows& page, const Bytes& storage_key) {
  const auto at = std::ranges::find(page.rows, storage_key, &RowPrint::storage_key);
  return at == page.rows.end() ? nullptr : &*at;
}

}  // namespace

struct Audit::PageView {
  struct Side {
    NodeId node;
    const PageRows* page = nullptr;
    const crdt::SeenVector* seen = nullptr;
  };
  LeafPage page;
  std::vector<Side> sides;
  Bytes to;              // what all have shown ends here; empty: with the leaf
  std::set<Bytes> rows;  // storage keys, of any side
};

void Audit::ListNext(Moment now) {
  if (listing_.id != 0) return;
  std::vector<NodeId> nodes;
  AuditList list{0, {}};
  for (auto suspect = suspects_.begin();
       suspect != suspects_.end() && list.pages.size() < kPagesPerListing;) {
    std::vector<NodeId> primaries = PrimariesOf(suspect->first.leaf.key);
    std::ranges::sort(primaries);
    if (suspect->second.due > now.monotonic || (!nodes.empty() && primaries != nodes)) {
      ++suspect;
      continue;
    }
    nodes = std::move(primaries);
    list.pages.push_back(suspect->first);
    listing_.times.push_back(suspect->second.times);
    suspect = suspects_.erase(suspect);
  }
  std::erase(nodes, NodeId{ring_.self().number});
  if (list.pages.empty() || nodes.empty()) {
    // Without other replicas here nothing can be shown to be right.
    for (const LeafPage& page : list.pages) {
      Count({ring_.self().number}, AuditCause::kUndecided, LeafBeginOf(page.leaf));
    }
    listing_ = {};
    return;
  }
  list.id = ++last_id_;
  listing_.id = list.id;
  listing_.pages = list.pages;
  listing_.nodes = nodes;
  listing_.sent_at = now.monotonic;
  for (const NodeId node : nodes) peer_.Send(node, list);
}

void Audit::OnRows(Moment now, NodeId from, AuditRows rows) {
  if (rows.id != listing_.id || listing_.id == 0 ||
      std::ranges::find(listing_.nodes, from) == listing_.nodes.end()) {
    return;
  }
  listing_.answers[from] = std::move(rows);
  if (listing_.answers.size() == listing_.nodes.size()) EndListing(now);
}

void Audit::EndListing(Moment now) {
  Listing listing = std::exchange(listing_, {});
  figures_.peers_silent += listing.nodes.size() - listing.answers.size();
  if (listing.answers.empty()) {
    for (LeafPage& page : listing.pages) {
      if (deferred_.size() < kDeferredMax) deferred_.push_back(std::move(page));
    }
    return;
  }
  listing.answers[{ring_.self().number}] = peer_.List({listing.id, listing.pages});
  for (std::size_t i = 0; i < listing.pages.size(); ++i) JudgePage(now, listing, i);
  SendMends();
  ListNext(now);
}

void Audit::JudgePage(Moment now, const Listing& listing, std::size_t index) {
  PageView view;
  view.page = listing.pages[index];
  bool all_fitted = true;
  for (const auto& [node, rows] : listing.answers) {
    const PageRows* page = PageOf(rows, view.page);
    const crdt::SeenVector* seen = SeenOf(rows, view.page.leaf.key);
    if (page == nullptr || seen == nullptr) {
      all_fitted = false;
      continue;
    }
    if (!page->to.empty() && (view.to.empty() || page->to < view.to)) view.to = page->to;
    view.sides.push_back({node, page, seen});
  }
  const int times = listing.times[index];
  if (!all_fitted && times < kLooksMax) {
    // Beside an earlier page there may not have been room. The first of a listing always has some.
    return Suspect(now.monotonic, view.page, times + (index == 0 ? 1 : 0));
  }
  if (view.sides.size() < 2) return;
  for (const PageView::Side& side : view.sides) {
    for (const RowPrint& row : side.page->rows) {
      if (view.to.empty() || row.storage_key < view.to) view.rows.insert(row.storage_key);
    }
  }
  const bool found = JudgeRows(view) + (Settle(view) ? 1U : 0U) > 0;
  if (!view.to.empty()) Suspect(now.monotonic, {view.page.leaf, view.to}, 0);
  if (found && times + 1 < kLooksMax) {
    Suspect(now.monotonic + options_.settle, view.page, times + 1);
  }
}

std::size_t Audit::JudgeRows(const PageView& view) {
  std::size_t found = 0;
  for (const Bytes& storage_key : view.rows) {
    std::vector<Copy> copies;
    for (const PageView::Side& side : view.sides) {
      copies.push_back({side.node, RowOf(*side.page, storage_key), side.seen, side.page->deviates});
    }
    for (const Finding& finding : Judge(copies)) {
      ++found;
      Count(finding.wrong, finding.cause, storage_key);
      if (!finding.source) continue;
      const auto wrong = std::ranges::find(copies, finding.wrong, &Copy::node);
      MERIDIAN_CHECK(wrong != copies.end());
      const std::uint64_t digest = wrong->row == nullptr ? 0 : wrong->row->digest.value;
      mends_[{*finding.source, finding.wrong}].push_back(
          {storage_key, {digest}, finding.cause, finding.replaces});
    }
  }
  return found;
}

// A tree that deviates from rows which are right: its sum is taken from them. Right is what all
// others show too.
bool Audit::Settle(const PageView& view) {
  if (!view.page.from.empty() || !view.to.empty()) return false;
  const auto& first = view.sides.front().page->rows;
  const bool equal = std::ranges::all_of(view.sides, [&](const PageView::Side& side) {
    return std::ranges::equal(side.page->rows, first, [](const RowPrint& a, const RowPrint& b) {
      return a.readable && a.storage_key == b.storage_key && a.digest == b.digest;
    });
  });
  bool found = false;
  for (const PageView::Side& side : view.sides) {
    if (!equal || !side.page->deviates) continue;
    found = true;
    Count(side.node, AuditCause::kTree, LeafBeginOf(view.page.leaf));
    if (side.node.value == ring_.self().number) {
      peer_.Recount(view.page.leaf);
    } else {
      peer_.Send(side.node, AuditRestore{{}, {view.page.leaf}});
    }
  }
  return found;
}

// Stands for the leaf where a row's key is asked for.
Bytes Audit::LeafBeginOf(const LeafName& name) const {
  return crdt::LeafBegin(name.key, name.leaf, ring_.topology().partition_bits);
}

void Audit::Count(NodeId wrong, AuditCause cause, const Bytes& storage_key) {
  if (counted_.size() >= kCountedMax) counted_.clear();
  if (!counted_.emplace(wrong, storage_key).second) return;
  ++figures_.findings[static_cast<std::size_t>(cause)];
  const auto key = crdt::ParseStorageKey(storage_key);
  lines_.push_back("audit: " + ring_.topology().NameOf(ring_.Process(wrong)) + " is wrong (" +
                   NameOf(cause) + ") about " + (key ? "key " + key->key : "a leaf of rows"));
}

void Audit::SendMends() {
  for (auto& [way, rows] : std::exchange(mends_, {})) {
    const auto& [source, wrong] = way;
    if (source.value == ring_.self().number) {
      peer_.Give(wrong, rows);
    } else {
      peer_.Send(source, AuditMend{wrong, std::move(rows)});
    }
  }
}

}  // namespace meridian::local
