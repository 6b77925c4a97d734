// How concurrent writes of one register are reconciled: keep all, or keep the last.

#pragma once

#include <cstdint>

namespace meridian::crdt {

enum class Policy : std::uint8_t {
  kSiblings,  // every concurrent value stays until a client that read them writes
  kLww,       // the maximum (stamp, actor, sequence) stays
};

}  // namespace meridian::crdt
