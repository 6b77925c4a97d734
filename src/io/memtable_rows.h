// What Meridian's memtables are made of: sorted skip lists of rows in RocksDB's arena.
//
//     list   first[1] ────────────▶ row ─▶ null        a row's links lie before its bytes:
//            first[0] ─▶ row ─▶ row ▶ row ─▶ null      │ link 1 │ link 0 │ length, key, value │
//
// One thread writes, any number read beside it, as RocksDB requires of memtables without concurrent
// inserts: a link is published last, and rows are freed with the arena. A list does not know what
// it holds; who asks says what comes before what is sought.

#pragma once

#include <rocksdb/memtablerep.h>
#include <rocksdb/slice.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <boost/endian/conversion.hpp>
#include <cstdint>
#include <new>
#include <optional>
#include <string>

namespace meridian::io::memtable {

using rocksdb::MemTableRep;
using rocksdb::Slice;

constexpr unsigned kHeightMax = 4;  // a sixteenth of the rows of one level are in the next

// A row is the pointer to its bytes.
using Link = std::atomic<const char*>;
// The links that lead to a place in a list, one a level.
using Path = std::array<Link*, kHeightMax>;

inline Link& LinkOf(const char* row, unsigned level) {
  return *(reinterpret_cast<Link*>(const_cast<char*>(row)) - 1 - level);
}

// The types of allocators are not public, but what a MemTableRep does with one is: it takes bytes
// from it, anywhere.
inline char* Aligned(MemTableRep& owner, std::size_t size) {
  char* bytes = nullptr;
  owner.MemTableRep::Allocate(size + alignof(Link) - 1, &bytes);
  const auto address = reinterpret_cast<std::uintptr_t>(bytes);
  return bytes + (alignof(Link) - address % alignof(Link)) % alignof(Link);
}

// Rows of drawn heights.
class RowMaker {
 public:
  // Until it is inserted, a row's height is kept in its lowest link.
  char* Make(MemTableRep& owner, std::size_t size) {
    const unsigned height = DrawHeight();
    char* const links = Aligned(owner, height * sizeof(Link) + size);
    for (unsigned level = 0; level < height; ++level) {
      new (links + level * sizeof(Link)) Link(nullptr);
    }
    char* const row = links + height * sizeof(Link);
    LinkOf(row, 0).store(links, std::memory_order_relaxed);
    return row;
  }
  // Requires a row that is in no list.
  static unsigned HeightOf(const char* row) {
    const char* const links = LinkOf(row, 0).load(std::memory_order_relaxed);
    return static_cast<unsigned>(static_cast<std::size_t>(row - links) / sizeof(Link));
  }

 private:
  unsigned DrawHeight() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    const auto zeros = static_cast<unsigned>(std::countr_zero(random_));
    return std::min(1 + zeros / 4, kHeightMax);
  }

  std::uint32_t random_ = 0x9e3779b9;
};

class RowList {
 public:
  const char* First() const { return first_[0].load(std::memory_order_acquire); }

  // The first row that `is_before` does not hold for; `before`, if given, gets for each level the
  // link that leads there or past it.
  template <class IsBefore>
  const char* FirstFrom(IsBefore is_before, Path* before) const {
    const char* at = nullptr;    // before what is sought; null: before all
    const char* past = nullptr;  // known not to be: it need not be compared again
    const char* found = nullptr;
    for (unsigned level = kHeightMax; level-- > 0;) {
      while (true) {
        const Link& link = at == nullptr ? first_[level] : LinkOf(at, level);
        found = link.load(std::memory_order_acquire);
        if (found == past || !is_before(found)) {
          if (before != nullptr) (*before)[level] = const_cast<Link*>(&link);
          break;
        }
        at = found;
      }
      past = found;
    }
    return found;
  }

  // The last row that `is_before` holds for; null for none.
  template <class IsBefore>
  const char* LastBefore(IsBefore is_before) const {
    const char* at = nullptr;
    for (unsigned level = kHeightMax; level-- > 0;) {
      while (true) {
        const Link& link = at == nullptr ? first_[level] : LinkOf(at, level);
        const char* const next = link.load(std::memory_order_acquire);
        if (next == nullptr || !is_before(next)) break;
        at = next;
      }
    }
    return at;
  }

  // The path to the place before the first row that `is_before` does not hold for.
  template <class IsBefore>
  Path PathTo(IsBefore is_before) {
    // A row that overwrites the first one comes before all. Those above it were not touched for
    // long, and each would be a cache miss.
    if (!is_before(First())) return Start();
    Path before;
    FirstFrom(is_before, &before);
    return before;
  }

  // The path to the place before all rows.
  Path Start() {
    Path path;
    for (unsigned level = 0; level < kHeightMax; ++level) path[level] = &first_[level];
    return path;
  }

  static void Insert(const Path& before, const char* row, unsigned height) {
    for (unsigned level = 0; level < height; ++level) {
      const char* const next = before[level]->load(std::memory_order_relaxed);
      LinkOf(row, level).store(next, std::memory_order_relaxed);
      before[level]->store(row, std::memory_order_release);
    }
  }

 private:
  std::array<Link, kHeightMax> first_{};
};

// The bytes of the key at `offset`, as a number; what is missing is zero.
template <class Number>
Number NumberAt(const Slice& key, std::size_t offset) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(key.data());
  if (offset + sizeof(Number) <= key.size()) {
    return boost::endian::endian_load<Number, sizeof(Number), boost::endian::order::big>(bytes +
                                                                                         offset);
  }
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    const std::size_t at = offset + i;
    const std::uint8_t byte = at < key.size() ? bytes[at] : 0;
    number = static_cast<Number>((std::uint64_t{number} << 8) | byte);
  }
  return number;
}

// Behind the user's key: RocksDB's sequence number, and in the lowest byte a row's type.
constexpr std::size_t kTagBytes = 8;

// A row begins with its key, and that with its length: seven bits a byte, the lowest first.
inline Slice KeyOf(const char* row) {
  std::size_t size = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(*row++);
    size |= std::size_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return {row, size};
  }
}

inline Slice UserKeyOf(const char* row) {
  const Slice key = KeyOf(row);
  return {key.data(), key.size() - kTagBytes};
}

// The order of RocksDB's own comparator where user's keys are compared by their bytes, as those of
// every column are: rising keys, of equal ones the latest first. That one is called through three
// libraries' tables and counts each call; inline, an insert takes half the time.
inline bool ComesBefore(const char* row, const Slice& key) {
  const Slice at = KeyOf(row);
  const Slice user(key.data(), key.size() - kTagBytes);
  const int order = Slice(at.data(), at.size() - kTagBytes).compare(user);
  if (order != 0) return order < 0;
  const auto sequence_of = [](const Slice& one) {
    const char* const tag = one.data() + one.size() - kTagBytes;
    return boost::endian::load_little_u64(reinterpret_cast<const unsigned char*>(tag)) >> 8;
  };
  return sequence_of(at) > sequence_of(key);
}

// Walks a memtable that has FirstRow(), Seek(row), SeekBefore(row) with null for the last of all,
// NextOf(row) and comparator().
template <class Memtable>
class Cursor final : public MemTableRep::Iterator {
 public:
  explicit Cursor(const Memtable& rows) : rows_(rows) {}

  bool Valid() const override { return at_ != nullptr; }
  const char* key() const override { return at_; }
  // A flush walks through all rows, which lie in memory as they came: the next is asked for early.
  void Next() override {
    at_ = rows_.NextOf(at_);
    if (at_ != nullptr) __builtin_prefetch(rows_.NextOf(at_));
  }
  void Prev() override { at_ = rows_.SeekBefore(at_); }
  void Seek(const Slice& key, const char* row) override { at_ = rows_.Seek(RowOf(key, row)); }
  void SeekForPrev(const Slice& key, const char* row) override {
    Seek(key, row);
    if (at_ != nullptr && rows_.comparator()(at_, key) == 0) return;
    at_ = rows_.SeekBefore(RowOf(key, row));
  }
  void SeekToFirst() override { at_ = rows_.FirstRow(); }
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

  const Memtable& rows_;
  const char* at_ = nullptr;
  std::string sought_;
};

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

// RocksDB only ends an iterator that it gave an arena for, and frees the arena. A memtable's own
// must not grow once it is full: RocksDB counts it.
template <class Memtable>
MemTableRep::Iterator* NewCursor(const Memtable& rows, rocksdb::Arena* arena) {
  if (arena == nullptr) return new Cursor<Memtable>(rows);
  ArenaUser user(arena);
  return new (Aligned(user, sizeof(Cursor<Memtable>))) Cursor<Memtable>(rows);
}

// For RocksDB's look-up of one key, which asks for an iterator without an arena and never ends it
// (MemTableRep::Get). Look-ups of a thread follow each other, so one cursor serves them all.
template <class Memtable>
MemTableRep::Iterator* CursorOfThread(const Memtable& rows) {
  static thread_local std::optional<Cursor<Memtable>> cursor;
  return &cursor.emplace(rows);
}

}  // namespace meridian::io::memtable
