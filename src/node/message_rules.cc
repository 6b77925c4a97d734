#include "node/message_rules.h"

namespace meridian::node {
namespace {

template <class... Messages>
bool IsOneOf(const local::RingMessage& message) {
  return (std::holds_alternative<Messages>(message) || ...);
}

}  // namespace

bool NeedsRoom(const local::RingMessage& message) {
  return IsOneOf<local::Replicate, local::CatchUpRows, local::AuditRestore, local::FillRows,
                 local::SeenProbe>(message);
}

bool NeedsLife(const local::RingMessage& message) {
  return IsOneOf<local::Forward, local::SeenProbe, local::CatchUpAsk, local::FeedOrder,
                 local::LogRead, local::AuditRoots, local::AuditList, local::AuditMend,
                 local::AuditRestore>(message);
}

bool NeedsOneView(const local::RingMessage& message) {
  if (const auto* replicate = std::get_if<local::Replicate>(&message)) return replicate->id != 0;
  return IsOneOf<local::Forward, local::ReadRow, local::FeedOrder, local::FillAsk, local::SumAsk,
                 local::KeepHint, local::SeenProbe>(message);
}

}  // namespace meridian::node
