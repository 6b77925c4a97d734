#include "io/token_memtable.h"

#include <bit>
#include <vector>

#include "io/memtable_rows.h"

namespace meridian::io {
namespace {

using memtable::LinkOf;
using memtable::NumberAt;
using memtable::RowList;
using memtable::UserKeyOf;
using rocksdb::MemTableRep;
using rocksdb::Slice;

constexpr std::size_t kWordBits = 32;
constexpr std::size_t kBucketsMin = kWordBits;
constexpr std::size_t kBucketsMax = 131072;
constexpr std::size_t kBytesPerBucket = 512;
constexpr std::size_t kPlacementBytes = 2;

// The buckets of a placement. `used` has a bit for each bucket with a row.
struct Table {
  Table(std::uint16_t of, std::size_t count)
      : placement(of), buckets(count), used(count / kWordBits) {}

  const std::uint16_t placement;
  std::vector<RowList> buckets;
  std::vector<std::atomic<std::uint32_t>> used;
  std::atomic<Table*> next = nullptr;  // of the next higher placement
};

class TokenMemtable final : public MemTableRep {
 public:
  TokenMemtable(const KeyComparator& compare, rocksdb::Allocator* allocator, std::size_t buckets)
      : MemTableRep(allocator),
        compare_(compare),
        bucket_count_(buckets),
        token_shift_(64U - static_cast<unsigned>(std::countr_zero(buckets))) {}
  ~TokenMemtable() override;
  TokenMemtable(const TokenMemtable&) = delete;
  TokenMemtable& operator=(const TokenMemtable&) = delete;

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
  const char* FirstRow() const { return FirstOfBuckets(TableFrom(0), 0); }
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
  std::size_t BucketOf(const Slice& user_key) const {
    return static_cast<std::size_t>(NumberAt<std::uint64_t>(user_key, kPlacementBytes) >>
                                    token_shift_);
  }
  Table& TableFor(std::uint16_t placement);

  // The first table of this placement or a higher one; null when there is none.
  const Table* TableFrom(std::uint16_t placement) const;
  // The first row of the first bucket from `index` on that has one, in this table or a later one.
  const char* FirstOfBuckets(const Table* table, std::size_t index) const;
  const char* LastOfBuckets(const Table* table, std::size_t end) const;

  const KeyComparator& compare_;
  const std::size_t bucket_count_;
  const unsigned token_shift_;
  std::atomic<Table*> tables_ = nullptr;  // ascending placements
  memtable::RowMaker maker_;
};

TokenMemtable::~TokenMemtable() {
  for (const Table* table = tables_.load(); table != nullptr;) {
    const Table* const next = table->next.load();
    delete table;
    table = next;
  }
}

Table& TokenMemtable::TableFor(std::uint16_t placement) {
  std::atomic<Table*>* link = &tables_;
  Table* at = link->load(std::memory_order_relaxed);
  while (at != nullptr && at->placement < placement) {
    link = &at->next;
    at = link->load(std::memory_order_relaxed);
  }
  if (at != nullptr && at->placement == placement) return *at;
  auto* const made = new Table(placement, bucket_count_);
  made->next.store(at, std::memory_order_relaxed);
  link->store(made, std::memory_order_release);
  return *made;
}

void TokenMemtable::Insert(rocksdb::KeyHandle handle) {
  const char* const row = static_cast<const char*>(handle);
  const Slice key = UserKeyOf(row);
  Table& table = TableFor(NumberAt<std::uint16_t>(key, 0));
  const std::size_t index = BucketOf(key);
  RowList& bucket = table.buckets[index];
  RowList::Insert(bucket.PathTo(Before(row)), row, memtable::RowMaker::HeightOf(row));
  const std::uint32_t bit = 1U << (index % kWordBits);
  std::atomic<std::uint32_t>& word = table.used[index / kWordBits];
  const std::uint32_t bits = word.load(std::memory_order_relaxed);
  if ((bits & bit) == 0) word.store(bits | bit, std::memory_order_release);
}

const Table* TokenMemtable::TableFrom(std::uint16_t placement) const {
  const Table* at = tables_.load(std::memory_order_acquire);
  while (at != nullptr && at->placement < placement) at = at->next.load(std::memory_order_acquire);
  return at;
}

const char* TokenMemtable::FirstOfBuckets(const Table* table, std::size_t index) const {
  for (; table != nullptr; table = table->next.load(std::memory_order_acquire), index = 0) {
    for (std::size_t word = index / kWordBits; word < table->used.size(); ++word) {
      std::uint32_t bits = table->used[word].load(std::memory_order_acquire);
      if (word == index / kWordBits) bits &= UINT32_MAX << (index % kWordBits);
      if (bits == 0) continue;
      const std::size_t found = word * kWordBits + static_cast<unsigned>(std::countr_zero(bits));
      return table->buckets[found].First();
    }
  }
  return nullptr;
}

// The last row of the buckets before `end` of this table, else of the tables before it.
const char* TokenMemtable::LastOfBuckets(const Table* table, std::size_t end) const {
  while (true) {
    for (std::size_t index = table == nullptr ? 0 : end; index-- > 0;) {
      const char* const last = table->buckets[index].LastBefore(Before(nullptr));
      if (last != nullptr) return last;
    }
    const Table* before = nullptr;
    for (const Table* at = tables_.load(std::memory_order_acquire); at != table;
         at = at->next.load(std::memory_order_acquire)) {
      before = at;
    }
    if (before == nullptr) return nullptr;
    table = before;
    end = bucket_count_;
  }
}

const char* TokenMemtable::Seek(const char* row) const {
  const Slice key = UserKeyOf(row);
  const auto placement = NumberAt<std::uint16_t>(key, 0);
  const Table* const table = TableFrom(placement);
  if (table == nullptr || table->placement != placement) return FirstOfBuckets(table, 0);
  const std::size_t index = BucketOf(key);
  const char* const found = table->buckets[index].FirstFrom(Before(row), nullptr);
  return found != nullptr ? found : FirstOfBuckets(table, index + 1);
}

const char* TokenMemtable::SeekBefore(const char* row) const {
  if (row == nullptr) return LastOfBuckets(nullptr, 0);
  const Slice key = UserKeyOf(row);
  const auto placement = NumberAt<std::uint16_t>(key, 0);
  const Table* const table = TableFrom(placement);
  if (table == nullptr || table->placement != placement) return LastOfBuckets(table, 0);
  const std::size_t index = BucketOf(key);
  const char* const found = table->buckets[index].LastBefore(Before(row));
  return found != nullptr ? found : LastOfBuckets(table, index);
}

const char* TokenMemtable::NextOf(const char* row) const {
  if (const char* const next = LinkOf(row, 0).load(std::memory_order_acquire)) return next;
  const Slice key = UserKeyOf(row);
  return FirstOfBuckets(TableFrom(NumberAt<std::uint16_t>(key, 0)), BucketOf(key) + 1);
}

bool TokenMemtable::Contains(const char* row) const {
  const char* const found = Seek(row);
  return found != nullptr && compare_(found, row) == 0;
}

class TokenMemtables final : public rocksdb::MemTableRepFactory {
 public:
  explicit TokenMemtables(std::size_t buckets) : buckets_(buckets) {}

  using rocksdb::MemTableRepFactory::CreateMemTableRep;
  MemTableRep* CreateMemTableRep(const MemTableRep::KeyComparator& compare,
                                 rocksdb::Allocator* allocator, const rocksdb::SliceTransform*,
                                 rocksdb::Logger*) override {
    return new TokenMemtable(compare, allocator, buckets_);
  }
  const char* Name() const override { return "meridian.TokenMemtable"; }

 private:
  const std::size_t buckets_;
};

}  // namespace

std::shared_ptr<rocksdb::MemTableRepFactory> NewTokenMemtables(std::size_t buffer_bytes) {
  const std::size_t buckets =
      std::bit_floor(std::clamp(buffer_bytes / kBytesPerBucket, kBucketsMin, kBucketsMax));
  return std::make_shared<TokenMemtables>(buckets);
}

}  // namespace meridian::io
