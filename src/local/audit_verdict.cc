#include "local/audit_verdict.h"

#include <algorithm>
#include <map>

namespace meridian::local {
namespace {

const VersionPrint* VersionOf(const Copy& copy, const crdt::Dot& dot) {
  if (copy.row == nullptr) return nullptr;
  const auto& versions = copy.row->versions;
  const auto at = std::ranges::lower_bound(versions, dot, {}, &VersionPrint::dot);
  return at != versions.end() && at->dot == dot ? &*at : nullptr;
}

bool Covers(const Copy& copy, const crdt::Dot& dot) {
  return copy.row != nullptr && copy.row->context.Covers(dot);
}

// Whether `copy` lost the version that `holder` has.
bool HasLost(const Copy& copy, const Copy& holder, const VersionPrint& version) {
  if (VersionOf(copy, version.dot) != nullptr || !copy.seen->Contains(version.dot)) return false;
  if (copy.row == nullptr) return version.live;
  return !Covers(copy, version.dot) || holder.row->context.Covers(copy.row->context);
}

// The one row's case while it is judged: every copy, and who is out.
class Case {
 public:
  explicit Case(const std::vector<Copy>& copies) : copies_(copies), out_(copies.size(), false) {}

  std::vector<Finding> Judge() {
    FindUnreadable();
    if (!FindContent()) return {std::move(findings_)};
    FindPhantoms();
    FindLost();
    Assign();
    return std::move(findings_);
  }

 private:
  void Out(std::size_t i, AuditCause cause) {
    out_[i] = true;
    findings_.push_back({copies_[i].node, cause, std::nullopt, true});
  }

  void FindUnreadable() {
    for (std::size_t i = 0; i < copies_.size(); ++i) {
      if (copies_[i].row != nullptr && !copies_[i].row->readable) {
        Out(i, AuditCause::kUnreadable);
      }
    }
  }

  // Who shows what under a dot.
  std::map<std::uint64_t, std::vector<std::size_t>> HoldersOf(const crdt::Dot& dot) const {
    std::map<std::uint64_t, std::vector<std::size_t>> holders;
    for (std::size_t i = 0; i < copies_.size(); ++i) {
      const VersionPrint* version = out_[i] ? nullptr : VersionOf(copies_[i], dot);
      if (version != nullptr) holders[version->print.value].push_back(i);
    }
    return holders;
  }

  // Which content of a dot is right: the one of all whose disk is not in doubt, else the
  // majority's.
  std::optional<std::uint64_t> RightOf(
      const std::map<std::uint64_t, std::vector<std::size_t>>& holders) const {
    std::optional<std::uint64_t> trusted;
    bool unanimous = true;
    std::size_t most = 0, all = 0;
    std::uint64_t of_most = 0;
    for (const auto& [print, who] : holders) {
      all += who.size();
      if (who.size() > most) most = who.size(), of_most = print;
      const bool is_trusted =
          std::ranges::any_of(who, [&](std::size_t i) { return !copies_[i].deviates; });
      unanimous = unanimous && !(is_trusted && trusted);
      if (is_trusted) trusted = print;
    }
    if (trusted && unanimous) return trusted;
    if (2 * most > all) return of_most;
    return std::nullopt;
  }

  // False when it cannot be decided: then nothing of this row is touched.
  bool FindContent() {
    for (std::size_t i = 0; i < copies_.size(); ++i) {
      if (out_[i] || copies_[i].row == nullptr) continue;
      for (const VersionPrint& version : copies_[i].row->versions) {
        const auto holders = HoldersOf(version.dot);
        if (holders.size() < 2) continue;
        const auto right = RightOf(holders);
        if (!right) {
          findings_ = {{copies_[i].node, AuditCause::kUndecided, std::nullopt, false}};
          return false;
        }
        for (const auto& [print, who] : holders) {
          if (print == *right) continue;
          for (const std::size_t wrong : who) Out(wrong, AuditCause::kContent);
        }
        if (out_[i]) break;
      }
    }
    return true;
  }

  // A version that only copies in doubt have, though others have seen its dot or it was not even
  // seen where it is: the dot itself is what rotted.
  void FindPhantoms() {
    for (std::size_t i = 0; i < copies_.size(); ++i) {
      const Copy& copy = copies_[i];
      if (out_[i] || copy.row == nullptr) continue;
      for (const VersionPrint& version : copy.row->versions) {
        if (!copy.deviates && copy.seen->Contains(version.dot)) continue;
        bool elsewhere = false, missed = !copy.seen->Contains(version.dot);
        for (std::size_t j = 0; j < copies_.size(); ++j) {
          if (j == i || out_[j] || copies_[j].deviates) continue;
          elsewhere |= VersionOf(copies_[j], version.dot) != nullptr;
          missed |= HasLost(copies_[j], copy, version);
        }
        if (elsewhere || !missed) continue;
        Out(i, AnyOtherRow(i) ? AuditCause::kContent : AuditCause::kOrphan);
        break;
      }
    }
  }

  bool AnyOtherRow(std::size_t i) const {
    for (std::size_t j = 0; j < copies_.size(); ++j) {
      if (j != i && !out_[j] && copies_[j].row != nullptr) return true;
    }
    return false;
  }

  void FindLost() {
    std::vector<std::size_t> losers;
    for (std::size_t i = 0; i < copies_.size(); ++i) {
      if (out_[i]) continue;
      const bool lost = std::ranges::any_of(copies_, [&](const Copy& holder) {
        const auto h = static_cast<std::size_t>(&holder - copies_.data());
        if (out_[h] || holder.row == nullptr) return false;
        return std::ranges::any_of(holder.row->versions, [&](const VersionPrint& version) {
          return HasLost(copies_[i], holder, version);
        });
      });
      if (lost) losers.push_back(i);
    }
    for (const std::size_t i : losers) {
      const bool has_row = copies_[i].row != nullptr;
      findings_.push_back({copies_[i].node,
                           has_row ? AuditCause::kLostVersion : AuditCause::kMissingRow,
                           std::nullopt, false});
    }
  }

  bool IsWrong(std::size_t i) const {
    return std::ranges::any_of(findings_,
                               [&](const Finding& f) { return f.wrong == copies_[i].node; });
  }

  // Who mends: a copy that is right and knows all that the other right ones know. When all have
  // lost something, any that has a row may give what it has; it is joined, never put in place.
  void Assign() {
    std::optional<std::size_t> best;
    for (const bool right_only : {true, false}) {
      for (std::size_t i = 0; i < copies_.size() && !best; ++i) {
        if (out_[i] || copies_[i].row == nullptr || (right_only && IsWrong(i))) continue;
        const bool knows_all = std::ranges::all_of(copies_, [&](const Copy& other) {
          const auto o = static_cast<std::size_t>(&other - copies_.data());
          return out_[o] || other.row == nullptr || IsWrong(o) ||
                 copies_[i].row->context.Covers(other.row->context);
        });
        if (knows_all) best = i;
      }
    }
    for (Finding& finding : findings_) {
      if (finding.cause == AuditCause::kOrphan || !best) continue;
      if (copies_[*best].node != finding.wrong) finding.source = copies_[*best].node;
    }
  }

  const std::vector<Copy>& copies_;
  std::vector<bool> out_;  // worth nothing
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> Judge(const std::vector<Copy>& copies) {
  const bool equal = std::ranges::all_of(copies, [&](const Copy& copy) {
    const RowPrint* first = copies.front().row;
    if (copy.row == nullptr || first == nullptr) return copy.row == first;
    return copy.row->digest == first->digest && copy.row->readable;
  });
  if (equal) return {};
  return Case(copies).Judge();
}

const char* NameOf(AuditCause cause) {
  switch (cause) {
    case AuditCause::kMissingRow: return "missing_row";
    case AuditCause::kLostVersion: return "lost_version";
    case AuditCause::kContent: return "content";
    case AuditCause::kUnreadable: return "unreadable";
    case AuditCause::kTree: return "tree";
    case AuditCause::kOrphan: return "orphan";
    case AuditCause::kUndecided: return "undecided";
  }
  return "";
}

}  // namespace meridian::local
