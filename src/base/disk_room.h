// How much room a disk has, as far as it matters to who decides what is written.
//
//     plenty    everything
//     low       no new values of clients; deletes, copies of other nodes' writes, repair go on
//     none      nothing is written; reads go on
//
// A driver answers from a cached figure: cheap enough to ask for each request.

#pragma once

#include <cstddef>
#include <cstdint>

namespace meridian {

enum class DiskRoom : std::uint8_t { kPlenty, kLow, kNone };

inline const char* NameOf(DiskRoom room) {
  constexpr const char* kNames[] = {"plenty", "low", "none"};
  return kNames[static_cast<std::size_t>(room)];
}

class DiskGauge {
 public:
  virtual ~DiskGauge() = default;
  virtual DiskRoom Room() const = 0;
};

}  // namespace meridian
