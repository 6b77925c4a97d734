// The boundary between what a process decides and what is done about it.
//
// A Machine decides. It is fed events, each with the time it happens at, and is asked what it wants
// done. src/io drives it with real sockets and disks, src/sim with simulated ones; the Machine
// cannot tell which. It is single-threaded and deterministic.
//
// One turn of a driver:
//
//     Receive / Serve / Durable / Tick  ...    all that has arrived
//     Output output = machine.TakeOutput();
//     apply output.writes as one batch, not synced; from then on reads see it
//     send every message and answer whose `after` is durable; keep the others, in order
//     let a committer sync; then feed Durable(batch) and release what waited for it
//
// Messages between processes may be lost, delayed, reordered and repeated, never altered.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace meridian {

// The column families of a node's one RocksDB; docs/storage.md says what is in each.
enum class Column : std::uint8_t { kData, kLog, kHint, kMeta, kTree, kDead };
inline constexpr std::size_t kColumnCount = 6;

// One change of the disk. No value: delete the key.
struct Write {
  Column column = Column::kData;
  Bytes key;
  std::optional<Bytes> value;
};

// The writes of one turn: all of them or none, and in order after those of every earlier turn.
struct WriteBatch {
  BatchId id;  // 0 when `writes` is empty
  std::vector<Write> writes;
};

struct Message {
  ProcessId from;
  ProcessId to;
  Bytes body;              // a tag and a struct of local/messages.h or wan/messages.h
  std::uint64_t view = 1;  // of the sender (local/view.h); of no meaning between regions
};

struct Outgoing {
  Message message;
  BatchId after;  // leaves when this batch is durable; 0: at once
};

// Names a client's request until it is answered. Chosen by the driver, never reused by it.
using RequestTag = Id<struct RequestTagTag, std::uint64_t>;

struct Request {
  RequestTag tag;
  Bytes body;  // a ClientRequest of node/client_api.h
};

struct Answer {
  RequestTag tag;
  Bytes body;     // a ClientAnswer of node/client_api.h
  BatchId after;  // as in Outgoing
};

struct Output {
  WriteBatch writes;
  std::vector<Outgoing> messages;
  std::vector<Answer> replies;
};

class Machine {
 public:
  virtual ~Machine() = default;

  virtual void Receive(Moment now, Message message) = 0;  // from a peer process of any region
  virtual void Serve(Moment now, Request request) = 0;    // from a client
  // Every batch up to and including this one is on stable storage.
  virtual void Durable(Moment now, BatchId up_to) = 0;
  virtual void Tick(Moment now) = 0;  // fires what is due
  // The process has been told to end; what is in flight is still finished.
  virtual void Leave(Moment) {}
  // Nothing is under way that a peer waits for; asked after Leave.
  virtual bool IsIdle() const { return true; }
  virtual Instant NextDeadline() const = 0;  // when Tick is next worth calling; kNever if never
  virtual Output TakeOutput() = 0;
};

// A key and its value, as Scan shows them; valid only during the call.
struct Entry {
  ByteView key;
  ByteView value;
};

// This process's disk, to read. What a turn wrote is visible as soon as the driver applied it.
// A read that fails (kIo, kCorrupt) is fatal to a node: it must not answer from a broken disk.
class Storage {
 public:
  virtual ~Storage() = default;

  virtual Result<std::optional<Bytes>> Get(Column column, ByteView key) const = 0;

  // One result a key, in the order of `keys`.
  virtual Result<std::vector<std::optional<Bytes>>> MultiGet(
      Column column, const std::vector<Bytes>& keys) const = 0;

  // Visits keys in [from, to) in byte order until `visit` returns false. Empty `to`: to the end.
  virtual Result<Done> Scan(Column column, ByteView from, ByteView to,
                            const std::function<bool(const Entry&)>& visit) const = 0;
};

// Signs short strings with the secret that all regions share (context tokens).
class Signer {
 public:
  virtual ~Signer() = default;
  virtual std::uint64_t Sign(ByteView bytes) const = 0;
};

// Where a machine tells people what happened. The simulator's is its trace.
enum class Severity : std::uint8_t { kInfo, kWarning, kError };
class Log {
 public:
  virtual ~Log() = default;
  virtual void Write(Severity severity, std::string line) = 0;
};

}  // namespace meridian
