#include "io/token_memtable.h"

#include <rocksdb/memtablerep.h>
#include <rocksdb/slice.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <new>
#include <string>
#include <vector>

namespace meridian::io {
namespace {

using rocksdb::MemTableRep;
using rocksdb::Slice;

constexpr std::size_t kWordBits = 32;
constexpr std::size_t kBucketsMin = kWordBits;
constexpr std::size_t kBucketsMax = 32768;
constexpr std::size_t kBytesPerBucket = 1024;
constexpr std::size_t kPlacementBytes = 2;
constexpr std::size_t kSequenceBytes = 8;  // RocksDB's, at the end of every key
constexpr unsigned kHeightMax = 4;         // a sixteenth of the rows of one level are in the next

// A row is the pointer to its bytes; the links to the next rows of its levels lie before them.
using Link = std::atomic<const char*>;

Link& LinkOf(const char* row, unsigned level) {
  return *(reinterpret_cast<Link*>(const_cast<char*>(row)) - 1 - level);
}

// The rows of one bucket in order: the links of a row before all.
struct Bucket {
  std::array<Link, kHeightMax> first;
};

// The buckets of a placement. `used` has a bit for each bucket with a row.
struct Table {
  Table(std::uint16_t of, std::size_t count)
      : placement(of), buckets(count), used(count / kWordBits) {}

  const std::uint16_t placement;
  std::vector<Bucket> buckets;
  std::vector<std::atomic<std::uint32_t>> used;
  std::atomic<Table*> next = nullptr;  // of the next higher placement
};

// The bytes of the key at `offset`, as a number; what is missing is zero.
template <class Number>
Number NumberAt(const Slice& key, std::size_t offset) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    const std::size_t at = offset + i;
    const std::uint8_t byte = at < key.size() ? static_cast<std::uint8_t>(key[at]) : 0;
    number = static_cast<Number>((std::uint64_t{number} << 8) | byte);
  }
  return number;
}

// The types of allocators are not public, but what a MemTableRep does with one is: it takes bytes
// from it, anywhere.
char* Aligned(MemTableRep& owner, std::size_t size) {
  char* bytes = nullptr;
  owner.MemTableRep::Allocate(size + alignof(Link) - 1, &bytes);
  const auto address = reinterpret_cast<std::uintptr_t>(bytes);
  return bytes + (alignof(Link) - address % alignof(Link)) % alignof(Link);
}

// Takes bytes from an arena; every arena is an Allocator before all else.
class ArenaUser final : public MemTableRep {
 public:
  explicit ArenaUser(rocksdb::Arena* arena)
      : MemTableRep(reinterpret_cast<rocksdb::Allocator*>(arena)) {}
  void Insert(rocksdb::KeyHandle) override {}
  bool Contains(const char*) const override { return false; }
  std::size_t ApproximateMemoryUsage() override { return 0; }
  MemTableRep::Iterator* GetIterator(rocksdb::Arena*) override { return nullptr; }
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

  rocksdb::KeyHandle Allocate(std::size_t size, char** bytes) override;
  void Insert(rocksdb::KeyHandle handle) override;
  bool Contains(const char* row) const override;
  std::size_t ApproximateMemoryUsage() override { return 0; }
  MemTableRep::Iterator* GetIterator(rocksdb::Arena* arena) override;

 private:
  class Cursor;

  Slice UserKeyOf(const char* row) const {
    const Slice key = compare_.decode_key(row);
    return {key.data(), key.size() - kSequenceBytes};
  }
  std::size_t BucketOf(const Slice& user_key) const {
    return static_cast<std::size_t>(NumberAt<std::uint64_t>(user_key, kPlacementBytes) >>
                                    token_shift_);
  }
  unsigned DrawHeight();
  Table& TableFor(std::uint16_t placement);

  // The first table of this placement or a higher one; null when there is none.
  const Table* TableFrom(std::uint16_t placement) const;
  // The first row of the bucket that is not before `row`; `before`, if given, gets for each level
  // the link that leads there or past it.
  const char* FirstFrom(const Bucket& bucket, const char* row,
                        std::array<Link*, kHeightMax>* before) const;
  // The last row of the bucket that is before `row`, of all when it is null; null for none.
  const char* LastBefore(const Bucket& bucket, const char* row) const;
  // The first row of the first bucket from `index` on that has one, in this table or a later one.
  const char* FirstOfBuckets(const Table* table, std::size_t index) const;
  const char* LastOfBuckets(const Table* table, std::size_t end) const;
  const char* Seek(const char* row) const;
  const char* SeekBefore(const char* row) const;  // null: the last of all
  const char* NextOf(const char* row) const;

  const KeyComparator& compare_;
  const std::size_t bucket_count_;
  const unsigned token_shift_;
  std::atomic<Table*> tables_ = nullptr;  // ascending placements
  std::uint32_t random_ = 0x9e3779b9;
};

TokenMemtable::~TokenMemtable() {
  for (const Table* table = tables_.load(); table != nullptr;) {
    const Table* const next = table->next.load();
    delete table;
    table = next;
  }
}

unsigned TokenMemtable::DrawHeight() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 17;
  random_ ^= random_ << 5;
  const auto zeros = static_cast<unsigned>(std::countr_zero(random_));
  return std::min(1 + zeros / 4, kHeightMax);
}

// Until it is inserted, a row's height is kept in its lowest link.
rocksdb::KeyHandle TokenMemtable::Allocate(std::size_t size, char** bytes) {
  const unsigned height = DrawHeight();
  char* const links = Aligned(*this, height * sizeof(Link) + size);
  for (unsigned level = 0; level < height; ++level) {
    new (links + level * sizeof(Link)) Link(nullptr);
  }
  *bytes = links + height * sizeof(Link);
  LinkOf(*bytes, 0).store(links, std::memory_order_relaxed);
  return *bytes;
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

const char* TokenMemtable::FirstFrom(const Bucket& bucket, const char* row,
                                     std::array<Link*, kHeightMax>* before) const {
  const char* at = nullptr;    // before `row`; null: before all
  const char* past = nullptr;  // known not to be before `row`: it need not be compared again
  const char* found = nullptr;
  for (unsigned level = kHeightMax; level-- > 0;) {
    while (true) {
      const Link& link = at == nullptr ? bucket.first[level] : LinkOf(at, level);
      found = link.load(std::memory_order_acquire);
      if (found == past || compare_(found, row) >= 0) {
        if (before != nullptr) (*before)[level] = const_cast<Link*>(&link);
        break;
      }
      at = found;
    }
    past = found;
  }
  return found;
}

void TokenMemtable::Insert(rocksdb::KeyHandle handle) {
  const char* const row = static_cast<const char*>(handle);
  const char* const links = LinkOf(row, 0).load(std::memory_order_relaxed);
  const auto height = static_cast<unsigned>(static_cast<std::size_t>(row - links) / sizeof(Link));
  const Slice key = UserKeyOf(row);
  Table& table = TableFor(NumberAt<std::uint16_t>(key, 0));
  const std::size_t index = BucketOf(key);
  std::array<Link*, kHeightMax> before;
  FirstFrom(table.buckets[index], row, &before);
  for (unsigned level = 0; level < height; ++level) {
    const char* const next = before[level]->load(std::memory_order_relaxed);
    LinkOf(row, level).store(next, std::memory_order_relaxed);
    before[level]->store(row, std::memory_order_release);
  }
  const std::uint32_t bit = 1U << (index % kWordBits);
  std::atomic<std::uint32_t>& word = table.used[index / kWordBits];
  const std::uint32_t bits = word.load(std::memory_order_relaxed);
  if ((bits & bit) == 0) word.store(bits | bit, std::memory_order_release);
}

const char* TokenMemtable::LastBefore(const Bucket& bucket, const char* row) const {
  const char* at = nullptr;
  for (unsigned level = kHeightMax; level-- > 0;) {
    while (true) {
      const Link& link = at == nullptr ? bucket.first[level] : LinkOf(at, level);
      const char* const next = link.load(std::memory_order_acquire);
      if (next == nullptr || (row != nullptr && compare_(next, row) >= 0)) break;
      at = next;
    }
  }
  return at;
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
      return table->buckets[found].first[0].load(std::memory_order_acquire);
    }
  }
  return nullptr;
}

// The last row of the buckets before `end` of this table, else of the tables before it.
const char* TokenMemtable::LastOfBuckets(const Table* table, std::size_t end) const {
  while (true) {
    for (std::size_t index = table == nullptr ? 0 : end; index-- > 0;) {
      const Bucket& bucket = table->buckets[index];
      if (bucket.first[0].load() != nullptr) return LastBefore(bucket, nullptr);
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
  const char* const found = FirstFrom(table->buckets[index], row, nullptr);
  return found != nullptr ? found : FirstOfBuckets(table, index + 1);
}

const char* TokenMemtable::SeekBefore(const char* row) const {
  if (row == nullptr) return LastOfBuckets(nullptr, 0);
  const Slice key = UserKeyOf(row);
  const auto placement = NumberAt<std::uint16_t>(key, 0);
  const Table* const table = TableFrom(placement);
  if (table == nullptr || table->placement != placement) return LastOfBuckets(table, 0);
  const std::size_t index = BucketOf(key);
  const char* const found = LastBefore(table->buckets[index], row);
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

class TokenMemtable::Cursor final : public MemTableRep::Iterator {
 public:
  explicit Cursor(const TokenMemtable& rows) : rows_(rows) {}

  bool Valid() const override { return at_ != nullptr; }
  const char* key() const override { return at_; }
  void Next() override { at_ = rows_.NextOf(at_); }
  void Prev() override { at_ = rows_.SeekBefore(at_); }
  void Seek(const Slice& key, const char* row) override { at_ = rows_.Seek(RowOf(key, row)); }
  void SeekForPrev(const Slice& key, const char* row) override {
    Seek(key, row);
    if (at_ != nullptr && rows_.compare_(at_, key) == 0) return;
    at_ = rows_.SeekBefore(RowOf(key, row));
  }
  void SeekToFirst() override {
    at_ = rows_.FirstOfBuckets(rows_.tables_.load(std::memory_order_acquire), 0);
  }
  void SeekToLast() override { at_ = rows_.SeekBefore(nullptr); }

 private:
  // The key in the form of a row: its length, then its bytes.
  const char* RowOf(const Slice& key, const char* row) {
    if (row != nullptr) return row;
    sought_.clear();
    for (std::size_t size = key.size();; size >>= 7) {
      sought_.push_back(static_cast<char>(size < 0x80 ? size : (size | 0x80)));
      if (size < 0x80) break;
    }
    sought_.append(key.data(), key.size());
    return sought_.data();
  }

  const TokenMemtable& rows_;
  const char* at_ = nullptr;
  std::string sought_;
};

// RocksDB only ends an iterator that it gave an arena for, and frees the arena. A memtable's own
// must not grow once it is full: RocksDB counts it.
MemTableRep::Iterator* TokenMemtable::GetIterator(rocksdb::Arena* arena) {
  if (arena == nullptr) return new Cursor(*this);
  ArenaUser user(arena);
  return new (Aligned(user, sizeof(Cursor))) Cursor(*this);
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
