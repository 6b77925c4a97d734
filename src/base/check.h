// MERIDIAN_CHECK stops the process when this program has a bug.
//
// It is always on. It is never used for what a peer, a disk, an operator or a client can cause:
// those are values (base/result.h). The one macro of the project.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace meridian {

[[noreturn]] inline void CheckFailed(const char* condition,
                                     std::source_location where = std::source_location::current()) {
  std::fprintf(stderr, "%s:%u: check failed: %s\n", where.file_name(), where.line(), condition);
  std::abort();
}

}  // namespace meridian

#define MERIDIAN_CHECK(condition)          \
  do {                                     \
    if (!(condition)) [[unlikely]]         \
      ::meridian::CheckFailed(#condition); \
  } while (false)
