#include "sim/planted_bugs.h"

#include "base/codec.h"
#include "base/fail_stop.h"
#include "base/hash.h"
#include "local/messages.h"

namespace meridian::sim {

Bytes ListWhatTheContextCovers(const Bytes& body) {
  Result<local::RingMessage> message = local::UnpackRingMessage(body);
  auto* const replicate = message ? std::get_if<local::Replicate>(&*message) : nullptr;
  if (replicate == nullptr) return body;
  for (crdt::RowUpdate& update : replicate->rows) {
    for (const crdt::Dot& entry : update.row.context.entries()) {
      for (std::uint64_t sequence = 1; sequence <= entry.sequence; ++sequence) {
        const crdt::Dot dot{entry.actor, sequence};
        if (!update.row.Has(dot)) update.listed.push_back(dot);
      }
    }
  }
  return local::Pack(*message);
}

Bytes LoseRows(const Bytes& body) {
  Result<local::RingMessage> message = local::UnpackRingMessage(body);
  auto* const replicate = message ? std::get_if<local::Replicate>(&*message) : nullptr;
  if (replicate == nullptr || replicate->id == 0) return body;
  replicate->rows.clear();
  return local::Pack(*message);
}

Bytes DropVersions(const Bytes& body) {
  Result<local::RingMessage> message = local::UnpackRingMessage(body);
  auto* const replicate = message ? std::get_if<local::Replicate>(&*message) : nullptr;
  if (replicate == nullptr || HashOf(body) % 8 != 0) return body;
  for (crdt::RowUpdate& update : replicate->rows) {
    for (const crdt::Version& version : update.row.versions) update.listed.push_back(version.dot);
    update.row.versions.clear();
  }
  return local::Pack(*message);
}

Bytes HideRows(const Bytes& body) {
  Result<local::RingMessage> message = local::UnpackRingMessage(body);
  auto* const read = message ? std::get_if<local::RowRead>(&*message) : nullptr;
  if (read == nullptr) return body;
  read->row = {};
  return local::Pack(*message);
}

Bytes AlterViews(const Bytes& body) {
  Result<local::RingMessage> message = local::UnpackRingMessage(body);
  auto* const told = message ? std::get_if<local::ViewTold>(&*message) : nullptr;
  if (told == nullptr) return body;
  told->view.layout.text.push_back('#');
  return local::Pack(*message);
}

Bytes ForgetDisks(const Bytes& body) {
  const Result<local::RingMessage> message = local::UnpackRingMessage(body);
  const auto* const known = message ? std::get_if<local::DiskKnown>(&*message) : nullptr;
  if (known == nullptr) return body;
  return local::Pack(local::DiskKnown{known->nonce, 0, 0, known->empty});
}

namespace {

constexpr std::uint8_t kVersion = 1;
const Bytes kIncarnation = "incarnation";

void Store(SimStorage& disk, std::uint32_t incarnation) {
  const WriteBatch batch{{1},
                         {{Column::kMeta, kIncarnation, EncodeVersioned(kVersion, incarnation)}}};
  OrStop(disk.Apply(batch));
  disk.Sync({1});
  disk.Crash();  // nothing is lost; ids of batches begin anew
}

}  // namespace

void ForgetIncarnation(SimStorage& disk) {
  const auto stored = OrStop(disk.Get(Column::kMeta, kIncarnation));
  if (stored) Store(disk, OrStop(DecodeVersioned<std::uint32_t>(kVersion, *stored)) - 1);
}

void DrawAboveTheClock(SimStorage& disk) {
  constexpr std::uint32_t kAboveAnyClock = 4'000'000'000;
  Store(disk, kAboveAnyClock);
}

}  // namespace meridian::sim
