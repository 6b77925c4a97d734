#include "sim/dot_checker.h"

#include "base/fail_stop.h"
#include "base/hash.h"
#include "local/messages.h"
#include "wan/messages.h"

namespace meridian::sim {
namespace {

std::uint64_t DigestOf(const crdt::RowKey& key, const crdt::Version& version) {
  Bytes bytes = Encode(key);
  EncodeTo(bytes, version.stamp);
  EncodeTo(bytes, version.value);
  return HashOf(bytes);
}

}  // namespace

void DotChecker::See(const crdt::RowKey& key, const crdt::Row& row, ProcessId where) {
  const crdt::PartitionKey partition{key.placement, PartitionOf(key.token(), partition_bits_)};
  for (const crdt::Version& version : row.versions) {
    const Named named{partition, version.dot};
    const std::uint64_t digest = DigestOf(key, version);
    const auto [known, is_new] = versions_.emplace(named, digest);
    if (!is_new && known->second != digest) {
      violations_.Add("dot " + ToString(version.dot) + " of partition " +
                      std::to_string(partition.partition.value) +
                      " names two versions; the second is of key " + key.key + ", seen at " +
                      ToString(where));
    }
    if (is_new && version.value) dots_of_value_[*version.value].insert(named);
  }
}

void DotChecker::SeeAll(const std::vector<crdt::RowUpdate>& rows, ProcessId where) {
  for (const crdt::RowUpdate& update : rows) See(update.key, update.row, where);
}

void DotChecker::OnSent(const Message& message) {
  if (auto ring = local::UnpackRingMessage(message.body)) {
    std::visit(
        [&](const auto& body) {
          if constexpr (requires { SeeAll(body.rows, message.from); }) {
            SeeAll(body.rows, message.from);
          }
        },
        *ring);
    if (const auto* restore = std::get_if<local::AuditRestore>(&*ring)) {
      for (const local::Restored& one : restore->rows) {
        See(one.update.key, one.update.row, message.from);
      }
    }
  } else if (auto wan = wan::UnpackWanMessage(message.body)) {
    if (const auto* batch = std::get_if<wan::Batch>(&*wan)) SeeAll(batch->rows, message.from);
  } else {
    violations_.Add("a message of " + ToString(message.from) + " to " + ToString(message.to) +
                    " cannot be decoded");
  }
}

void DotChecker::OnApplied(ProcessId process, const WriteBatch& batch) {
  for (const Write& write : batch.writes) {
    if (write.column != Column::kData || !write.value) continue;
    See(OrStop(crdt::ParseStorageKey(write.key)), OrStop(crdt::DecodeRow(*write.value)), process);
  }
}

std::size_t DotChecker::DotsOf(const Bytes& value) const {
  const auto at = dots_of_value_.find(value);
  return at == dots_of_value_.end() ? 0 : at->second.size();
}

}  // namespace meridian::sim
