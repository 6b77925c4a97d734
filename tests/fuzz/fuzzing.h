// Feeds damaged bytes to decoders of what comes from outside: none may crash, hang, or accept what
// it cannot write again.
//
//     decoders_fuzz [ITERATIONS [SEED]]     the same run for the same arguments; ctest runs it
//     cmake --preset fuzz                   the same targets under libFuzzer
//
// Each tests/fuzz/<name>_fuzz.cc defines Targets(), which is all that it has to say; fuzzing.cc has
// main(). A run fails if of a target's mutants none was accepted or all were: then nothing was
// tested.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace meridian::fuzz {

struct Target {
  std::string name;
  std::vector<Bytes> seeds;  // well-formed; the mutations start from them
  // Whether it decodes. Stops the process if it does but does not encode to bytes that decode
  // alike.
  std::function<bool(ByteView)> accepts;
  std::uint64_t cost = 1;  // it gets one in so many of the iterations
};

// Of one binary; defined by its file.
std::vector<Target> Targets();

// Ends the process: `target` did what no decoder may do with `bytes`.
[[noreturn]] void Stop(const std::string& target, const char* what, ByteView bytes);

template <class T>
Target Of(const std::string& name, Result<T> (*decode)(ByteView), Bytes (*encode)(const T&),
          const std::vector<T>& examples) {
  Target target{name, {}, [=](ByteView bytes) {
                  const Result<T> decoded = decode(bytes);
                  if (!decoded) return false;
                  const Bytes written = encode(*decoded);
                  const Result<T> again = decode(written);
                  if (!again || encode(*again) != written) Stop(name, "does not read back", bytes);
                  return true;
                }};
  for (const T& example : examples) target.seeds.push_back(encode(example));
  return target;
}

// As Of, for formats in which equal values have equal bytes: what is accepted must be written back
// as it was.
template <class T>
Target Canonical(const std::string& name, Result<T> (*decode)(ByteView), Bytes (*encode)(const T&),
                 const std::vector<T>& examples) {
  Target target = Of(name, decode, encode, examples);
  target.accepts = [=](ByteView bytes) {
    const Result<T> decoded = decode(bytes);
    if (decoded && encode(*decoded) != bytes) Stop(name, "is a second form", bytes);
    return decoded.has_value();
  };
  return target;
}

}  // namespace meridian::fuzz
