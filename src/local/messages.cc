#include "local/messages.h"

#include "base/tagged.h"

namespace meridian::local {

Bytes Pack(const RingMessage& message) {
  return PackVariant<0>(message);
}

template <class Message>
Bytes Pack(const Message& message) {
  return PackAlternative<0, RingMessage>(message);
}

template Bytes Pack(const Replicate&);
template Bytes Pack(const ReplicateAck&);
template Bytes Pack(const ReadRow&);
template Bytes Pack(const RowRead&);
template Bytes Pack(const Forward&);
template Bytes Pack(const Forwarded&);
template Bytes Pack(const SeenProbe&);
template Bytes Pack(const CatchUpAsk&);
template Bytes Pack(const CatchUpRows&);
template Bytes Pack(const FeedOrder&);
template Bytes Pack(const FeedRows&);
template Bytes Pack(const SeenReport&);
template Bytes Pack(const LogRead&);
template Bytes Pack(const LogRows&);
template Bytes Pack(const HeldAsk&);
template Bytes Pack(const HeldEverywhere&);
template Bytes Pack(const ForwardRefused&);
template Bytes Pack(const ReadElsewhere&);
template Bytes Pack(const RowElsewhere&);
template Bytes Pack(const LiveGossip&);
template Bytes Pack(const Ping&);
template Bytes Pack(const PingAck&);
template Bytes Pack(const PingFor&);
template Bytes Pack(const PingForDone&);
template Bytes Pack(const KeepHint&);
template Bytes Pack(const HintRefused&);
template Bytes Pack(const HintRead&);
template Bytes Pack(const AuditRoots&);
template Bytes Pack(const AuditBranches&);
template Bytes Pack(const AuditLeaves&);
template Bytes Pack(const AuditDiffering&);
template Bytes Pack(const AuditList&);
template Bytes Pack(const AuditRows&);
template Bytes Pack(const AuditMend&);
template Bytes Pack(const AuditRestore&);
template Bytes Pack(const RowDigest&);
template Bytes Pack(const FillAsk&);
template Bytes Pack(const FillRows&);
template Bytes Pack(const DiskAsk&);
template Bytes Pack(const DiskKnown&);
template Bytes Pack(const LifeMark&);
template Bytes Pack(const ReadRefused&);
template Bytes Pack(const DecreeCall&);
template Bytes Pack(const ViewNotice&);
template Bytes Pack(const ViewAsk&);
template Bytes Pack(const ViewTold&);
template Bytes Pack(const LayoutTold&);
template Bytes Pack(const SumAsk&);
template Bytes Pack(const Sum&);
template Bytes Pack(const HandOn&);
template Bytes Pack(const HeldHere&);

Result<RingMessage> UnpackRingMessage(ByteView body) {
  Result<RingMessage> message = UnpackVariant<0, RingMessage>(body);
  // A layout has maps, and a map has one form only.
  const bool has_maps = message && (std::holds_alternative<ViewTold>(*message) ||
                                    std::holds_alternative<LayoutTold>(*message));
  if (has_maps && Pack(*message) != body) return Fail(ErrorCode::kCorrupt, "not in order");
  return message;
}

}  // namespace meridian::local
