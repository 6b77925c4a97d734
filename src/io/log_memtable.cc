#include "io/log_memtable.h"

#include <compare>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "io/memtable_rows.h"

namespace meridian::io {
namespace {

using memtable::LinkOf;
using memtable::NumberAt;
using memtable::Path;
using memtable::RowList;
using memtable::RowMaker;
using memtable::UserKeyOf;
using rocksdb::MemTableRep;
using rocksdb::Slice;

constexpr std::size_t kPrefixBytes = 12;
constexpr std::size_t kDotKeyBytes = kPrefixBytes + 8;
constexpr std::size_t kSlotsMin = 256;

// What the keys of a run begin with; zeros where they are shorter.
struct Prefix {
  std::uint64_t high;
  std::uint32_t low;

  friend auto operator<=>(const Prefix&, const Prefix&) = default;
};

Prefix PrefixOf(const Slice& key) {
  return {NumberAt<std::uint64_t>(key, 0), NumberAt<std::uint32_t>(key, 8)};
}

// Lies in the arena with links before it, as a row does, for runs are a list themselves.
struct Run {
  explicit Run(const Prefix& of) : prefix(of), ends(rows.Start()) {}

  const Prefix prefix;
  RowList rows;
  // The writer's own: the last link of each level, and the number that the last key ends in, if it
  // is a dot's.
  Path ends;
  std::optional<std::uint64_t> last;
};
static_assert(std::is_trivially_destructible_v<Run>);  // the arena destroys nothing

Run& RunAt(const char* place) {
  return *reinterpret_cast<Run*>(const_cast<char*>(place));
}

class LogMemtable final : public MemTableRep {
 public:
  LogMemtable(const KeyComparator& compare, rocksdb::Allocator* allocator)
      : MemTableRep(allocator), compare_(compare), slots_(kSlotsMin) {}
  LogMemtable(const LogMemtable&) = delete;
  LogMemtable& operator=(const LogMemtable&) = delete;

  rocksdb::KeyHandle Allocate(std::size_t size, char** bytes) override {
    return *bytes = maker_.Make(*this, size);
  }
  void Insert(rocksdb::KeyHandle handle) override;
  bool Contains(const char* row) const override;
  std::size_t ApproximateMemoryUsage() override { return 0; }
  MemTableRep::Iterator* GetIterator(rocksdb::Arena* arena) override {
    return memtable::NewCursor(*this, arena);
  }
  MemTableRep::Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override {
    return arena != nullptr ? memtable::NewCursor(*this, arena) : memtable::CursorOfThread(*this);
  }

  // What a cursor asks.
  const KeyComparator& comparator() const { return compare_; }
  const char* FirstRow() const { return FirstOfRuns(runs_.First()); }
  const char* Seek(const char* row) const;
  const char* SeekBefore(const char* row) const;  // null: the last of all
  const char* NextOf(const char* row) const;

 private:
  // Whether a row comes before this one; all do before null.
  static auto Before(const char* row) {
    return [row, key = row == nullptr ? Slice() : memtable::KeyOf(row)](const char* at) {
      return at != nullptr && (row == nullptr || memtable::ComesBefore(at, key));
    };
  }
  static auto RunBefore(const Prefix& prefix) {
    return [prefix](const char* at) { return at != nullptr && RunAt(at).prefix < prefix; };
  }
  const char* RunFrom(const Prefix& prefix) const {
    return runs_.FirstFrom(RunBefore(prefix), nullptr);
  }
  // A run that has just been made has no row yet.
  static const char* FirstOfRuns(const char* run);
  // The last row of the last run that `is_before` holds for, of all without one.
  const char* LastOfRuns(std::optional<Prefix> before) const;

  std::size_t SlotOf(const Prefix& prefix) const;
  Run& RunFor(const Prefix& prefix);
  Run& MakeRun(const Prefix& prefix);
  void Grow();

  const KeyComparator& compare_;
  RowList runs_;  // ascending prefixes
  RowMaker maker_;
  // The writer's own: an open hash table of all runs, at least half empty; its size is a power of
  // two.
  std::vector<Run*> slots_;
  std::size_t run_count_ = 0;
};

// Where this run is, or would be.
std::size_t LogMemtable::SlotOf(const Prefix& prefix) const {
  const std::uint64_t mixed = (prefix.high * 0x9e3779b97f4a7c15 + prefix.low) * 0xd6e8feb86659fd93;
  std::size_t slot = (mixed >> 32) & (slots_.size() - 1);
  while (slots_[slot] != nullptr && slots_[slot]->prefix != prefix) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

Run& LogMemtable::RunFor(const Prefix& prefix) {
  if (Run* const run = slots_[SlotOf(prefix)]) return *run;
  if (++run_count_ > slots_.size() / 2) Grow();
  Run& made = MakeRun(prefix);
  slots_[SlotOf(prefix)] = &made;
  return made;
}

Run& LogMemtable::MakeRun(const Prefix& prefix) {
  char* const place = maker_.Make(*this, sizeof(Run));
  Run* const run = new (place) Run(prefix);
  RowList::Insert(runs_.PathTo(RunBefore(prefix)), place, RowMaker::HeightOf(place));
  return *run;
}

void LogMemtable::Grow() {
  const std::vector<Run*> old = std::exchange(slots_, std::vector<Run*>(2 * slots_.size()));
  for (Run* const run : old) {
    if (run != nullptr) slots_[SlotOf(run->prefix)] = run;
  }
}

void LogMemtable::Insert(rocksdb::KeyHandle handle) {
  const char* const row = static_cast<const char*>(handle);
  const unsigned height = RowMaker::HeightOf(row);
  const Slice key = UserKeyOf(row);
  Run& run = RunFor(PrefixOf(key));
  std::optional<std::uint64_t> number;
  if (key.size() == kDotKeyBytes) number = NumberAt<std::uint64_t>(key, kPrefixBytes);
  if (run.last && number && *number > *run.last) {
    RowList::Insert(run.ends, row, height);
  } else {
    RowList::Insert(run.rows.PathTo(Before(row)), row, height);
  }
  for (unsigned level = 0; level < height; ++level) {
    memtable::Link& link = LinkOf(row, level);
    if (link.load(std::memory_order_relaxed) != nullptr) continue;
    run.ends[level] = &link;
    if (level == 0) run.last = number;
  }
}

const char* LogMemtable::FirstOfRuns(const char* run) {
  for (; run != nullptr; run = LinkOf(run, 0).load(std::memory_order_acquire)) {
    if (const char* const row = RunAt(run).rows.First()) return row;
  }
  return nullptr;
}

const char* LogMemtable::LastOfRuns(std::optional<Prefix> before) const {
  while (true) {
    const char* const run = runs_.LastBefore(
        [&](const char* at) { return at != nullptr && (!before || RunAt(at).prefix < *before); });
    if (run == nullptr) return nullptr;
    if (const char* const row = RunAt(run).rows.LastBefore(Before(nullptr))) return row;
    before = RunAt(run).prefix;
  }
}

const char* LogMemtable::Seek(const char* row) const {
  const Prefix prefix = PrefixOf(UserKeyOf(row));
  const char* const run = RunFrom(prefix);
  if (run == nullptr || RunAt(run).prefix != prefix) return FirstOfRuns(run);
  const char* const found = RunAt(run).rows.FirstFrom(Before(row), nullptr);
  return found != nullptr ? found : FirstOfRuns(LinkOf(run, 0).load(std::memory_order_acquire));
}

const char* LogMemtable::SeekBefore(const char* row) const {
  if (row == nullptr) return LastOfRuns({});
  const Prefix prefix = PrefixOf(UserKeyOf(row));
  const char* const run = RunFrom(prefix);
  if (run != nullptr && RunAt(run).prefix == prefix) {
    if (const char* const found = RunAt(run).rows.LastBefore(Before(row))) return found;
  }
  return LastOfRuns(prefix);
}

const char* LogMemtable::NextOf(const char* row) const {
  if (const char* const next = LinkOf(row, 0).load(std::memory_order_acquire)) return next;
  const char* const run = RunFrom(PrefixOf(UserKeyOf(row)));
  return FirstOfRuns(LinkOf(run, 0).load(std::memory_order_acquire));
}

bool LogMemtable::Contains(const char* row) const {
  const char* const found = Seek(row);
  return found != nullptr && compare_(found, row) == 0;
}

class LogMemtables final : public rocksdb::MemTableRepFactory {
 public:
  using rocksdb::MemTableRepFactory::CreateMemTableRep;
  MemTableRep* CreateMemTableRep(const MemTableRep::KeyComparator& compare,
                                 rocksdb::Allocator* allocator, const rocksdb::SliceTransform*,
                                 rocksdb::Logger*) override {
    return new LogMemtable(compare, allocator);
  }
  const char* Name() const override { return "meridian.LogMemtable"; }
};

}  // namespace

std::shared_ptr<rocksdb::MemTableRepFactory> NewLogMemtables() {
  return std::make_shared<LogMemtables>();
}

}  // namespace meridian::io
