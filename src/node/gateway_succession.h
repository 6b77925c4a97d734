// How a gateway follows the views of its region, and carries layouts between regions.
//
//     a node's ViewNotice is newer ──> ViewAsk ──> ViewTold: adopted
//     another region's Beat is of a newer epoch ──> LayoutAsk ──> LayoutAnswer
//         ──> LayoutTold to one node after the other, until the own region is at that epoch
//
// It has no vote and no disk: a new process begins with the file's view if that is epoch 1, and
// with none otherwise; the first node it speaks to tells it what is true.

#pragma once

#include <optional>

#include "base/turn.h"
#include "local/messages.h"
#include "local/ring.h"
#include "wan/messages.h"

namespace meridian::node {

class GatewaySuccession {
 public:
  static local::Ring RingAtStart(const local::Topology& file, ProcessId self);

  // All outlive this.
  GatewaySuccession(local::Ring& ring, Turn& turn, Log& log);

  // True when the message was about views.
  bool Take(const local::RingMessage& message, ProcessId from);
  bool Take(const wan::WanMessage& message, ProcessId from);
  void OnBeat(ProcessId from, const wan::Beat& beat);
  // Once a second.
  void Beat();

  // True once after each new view.
  bool TakeAdopted() { return std::exchange(adopted_, false); }

 private:
  void Adopt(const local::View& view);

  local::Ring& ring_;
  Turn& turn_;
  Log& log_;
  std::optional<local::View> view_;     // of the own region, once a node has told
  std::optional<local::Layout> newer_;  // of another region
  std::size_t turn_of_ = 0;
  bool adopted_ = false;
};

}  // namespace meridian::node
