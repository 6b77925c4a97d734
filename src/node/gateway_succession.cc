#include "node/gateway_succession.h"

namespace meridian::node {

local::Ring GatewaySuccession::RingAtStart(const local::Topology& file, ProcessId self) {
  return file.epoch == Epoch{1} ? local::Ring(file, self) : local::Ring::Unknown(file, self);
}

GatewaySuccession::GatewaySuccession(local::Ring& ring, Turn& turn, Log& log)
    : ring_(ring), turn_(turn), log_(log) {
  turn_.SetView(ring_.view());
}

void GatewaySuccession::Adopt(const local::View& view) {
  if (view.number <= ring_.view() || !IsUsableIn(view, ring_.self().region)) return;
  ring_.Adopt(view);
  turn_.SetView(view.number);
  view_ = view;
  adopted_ = true;
  log_.Write(Severity::kInfo, "epoch " + std::to_string(view.layout.epoch().value) + " is " +
                                  NameOf(view.stage) + " (view " + std::to_string(view.number) +
                                  ")");
}

bool GatewaySuccession::Take(const local::RingMessage& message, ProcessId from) {
  if (const auto* told = std::get_if<local::ViewTold>(&message)) {
    Adopt(told->view);
    return true;
  }
  if (const auto* ask = std::get_if<local::ViewAsk>(&message)) {
    if (view_ && ask->number < view_->number) turn_.Send(from, Pack(local::ViewTold{*view_}));
    return true;
  }
  const auto* notice = std::get_if<local::ViewNotice>(&message);
  if (notice == nullptr) return false;
  // Also when it is the first that a node tells: the layout is not in the notice.
  if (notice->number > ring_.view()) turn_.Send(from, Pack(local::ViewAsk{ring_.view()}));
  return true;
}

bool GatewaySuccession::Take(const wan::WanMessage& message, ProcessId from) {
  if (const auto* ask = std::get_if<wan::LayoutAsk>(&message)) {
    const bool is_newer = view_ && view_->layout.epoch().value > ask->epoch;
    if (is_newer) turn_.Send(from, wan::Pack(wan::LayoutAnswer{Encode(view_->layout)}));
    return true;
  }
  const auto* answer = std::get_if<wan::LayoutAnswer>(&message);
  if (answer == nullptr) return false;
  auto layout = Decode<local::Layout>(answer->layout);
  if (layout && layout->epoch() > ring_.topology().epoch) newer_ = std::move(*layout);
  return true;
}

void GatewaySuccession::OnBeat(ProcessId from, const wan::Beat& beat) {
  if (beat.epoch <= ring_.topology().epoch.value) return;
  if (newer_ && newer_->epoch().value >= beat.epoch) return;
  turn_.Send(from, wan::Pack(wan::LayoutAsk{ring_.topology().epoch.value}));
}

void GatewaySuccession::Beat() {
  const std::vector<NodeId> nodes = ring_.Nodes();
  if (nodes.empty()) return;
  const ProcessId node = ring_.Process(nodes[turn_of_++ % nodes.size()]);
  if (!ring_.IsKnown()) turn_.Send(node, Pack(local::ViewAsk{0}));
  if (newer_ && newer_->epoch() <= ring_.topology().epoch) newer_.reset();
  if (newer_ && ring_.IsKnown()) turn_.Send(node, Pack(local::LayoutTold{*newer_}));
}

}  // namespace meridian::node
