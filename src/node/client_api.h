// What a client may ask of a node and what it is told: one request struct, one answer struct.
//
// HTTP (io/http_server), the client library (src/client) and the simulator's clients all speak
// this; Request.body and Answer.body of base/ports.h are its encodings, behind a version byte.
// Limits are checked by the coordinator, which answers kTooLarge; the decoder is bounded by the
// frame.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace meridian::node {

enum class Operation : std::uint8_t {
  kGet,
  kPut,
  kDelete,
  kStatus,    // answers one value: JSON for /status
  kMetrics,   // answers one value: an encoded MetricSet (node/metrics.h)
  kReady,     // kOk when the process serves, else kUnavailable
  kCopy,      // answers one value: JSON of what this node itself holds of the key
  kAudit,     // begins an audit of this node's partitions; key "rebuild": reads every row first
  kTopology,  // answers one value: JSON of the epoch, and how far it is; `key`: what of it
  kApply,     // `value` is a topology file that is to be epoch `key`, the next one
  kTakeBack,  // the last change, while it is not complete, by epoch `key`
};

enum class Level : std::uint8_t { kLocalQuorum, kOne, kAll, kEachQuorum };

struct ClientRequest {
  Operation operation = Operation::kGet;
  std::string space = "default";  // the namespace
  Bytes key;
  Bytes value;    // of a put
  Bytes context;  // token of an earlier answer about the same key; empty: none
  Level level = Level::kLocalQuorum;
  std::uint8_t replicas = 0;     // R or W as a number; 0: as `level` says
  std::uint32_t timeout_ms = 0;  // 0: the node's default
  bool sloppy = true;            // other nodes may stand in for primaries that are down

  template <class Archive>
  void serialize(Archive& archive) {
    archive(operation, space, key, value, context, level, replicas, timeout_ms, sloppy);
  }
};

enum class Status : std::uint8_t {
  kOk,           // 200: done; a get has one value
  kSiblings,     // 300: a get with several concurrent values
  kNotFound,     // 404: nothing there; `context` covers the tombstone, if there is one
  kBadRequest,   // 400: unknown namespace, bad context, W above N, ...
  kTooLarge,     // 413: key or value over its limit
  kOverloaded,   // 503: a bounded queue is full; try again later
  kUnavailable,  // 503: not enough replicas can be reached
  kTimeout,      // 504: no quorum answered in time
  kConflict,     // 409: the key has too many siblings; read it and write one value with the context
};

struct ClientAnswer {
  Status status = Status::kOk;
  std::vector<Bytes> values;  // of a get: byte-equal siblings once, in a stable order
  Bytes context;              // hand it on with the next put or delete of this key
  std::string message;        // for people when status is an error: what happened and what to do
  // A write that failed may surface later all the same: it was sent to some replicas.
  bool maybe = false;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(status, values, context, message, maybe);
  }
};

Bytes EncodeRequest(const ClientRequest& request);
Result<ClientRequest> DecodeRequest(ByteView bytes);
Bytes EncodeAnswer(const ClientAnswer& answer);
Result<ClientAnswer> DecodeAnswer(ByteView bytes);

// "not_found", "too_large", ...: the `error` code of the HTTP API.
std::string_view CodeOf(Status status);
// 200, 300, 404, ...
int HttpStatusOf(Status status);

}  // namespace meridian::node
