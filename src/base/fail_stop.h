// A node whose disk cannot be read must not answer: it stops, and its peers' copies serve.
//
//     crdt::Row row = OrStop(storage.Get(...));
//
// Used by machines for reads of their own disk only. Source of the rule: LogCabin and etcd; a
// machine that goes on after a failed read tells others about data it may no longer have.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/result.h"

namespace meridian {

[[noreturn]] inline void StopOnDiskError(const Error& error) {
  std::fprintf(stderr, "fatal: this process's disk cannot be trusted: %s\n", error.message.c_str());
  std::abort();
}

template <class T>
T OrStop(Result<T> result) {
  if (!result) StopOnDiskError(result.error());
  return std::move(*result);
}

}  // namespace meridian
