// What the nodes of a region say to agree on the next view, and to spread it.
//
//     DecreeCall    the votes of local/decree.h, all of one form
//     ViewNotice    each second, to everybody: "this is my view, and so far am I with it"
//     ViewAsk, ViewTold    who sees a newer number asks; who sees an older one tells at once
//     LayoutTold    from a gateway: another region has a newer epoch

#pragma once

#include <compare>

#include "base/codec.h"
#include "local/view.h"

namespace meridian::local {

struct Ballot {
  std::uint64_t round = 0;  // 0: none
  NodeId node;

  friend auto operator<=>(const Ballot&, const Ballot&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(round, node);
  }
};

enum class DecreeCallKind : std::uint8_t {
  kPrepare,   // "vote for nothing below this ballot"
  kPromise,   // "I will not; `accepted` and `value` are what I voted for last"
  kAccept,    // "vote for this value"
  kAccepted,  // "I have"
  kRefuse,    // "I have promised `accepted` to another"
};

struct DecreeCall {
  DecreeCallKind kind = DecreeCallKind::kPrepare;
  std::uint64_t slot = 0;
  Ballot ballot;
  Ballot accepted;
  Bytes value;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(kind, slot, ballot, accepted, value);
    codec::Require(kind <= DecreeCallKind::kRefuse, "unknown call");
  }
};

struct ViewNotice {
  std::uint64_t number = 0;
  bool filled = false;     // all that I am to be given I hold, and it was verified
  bool handed_on = false;  // nothing is left here that is not mine

  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, filled, handed_on);
  }
};

struct ViewAsk {
  std::uint64_t number = 0;  // what the asker has

  template <class Archive>
  void serialize(Archive& archive) {
    archive(number);
  }
};

struct ViewTold {
  View view;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(view);
  }
};

struct LayoutTold {
  Layout layout;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(layout);
  }
};

}  // namespace meridian::local
