#include "fuzz/fuzzing.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/random.h"

namespace meridian::fuzz {

void Stop(const std::string& target, const char* what, ByteView bytes) {
  std::fprintf(stderr, "%s: %s:", target.c_str(), what);
  for (const char byte : bytes) std::fprintf(stderr, " %02x", static_cast<unsigned char>(byte));
  std::fprintf(stderr, "\n");
  std::abort();
}

#ifndef MERIDIAN_LIBFUZZER
namespace {

// One change of the kinds that find mistakes: bits, bytes, lengths, cuts, repeats, splices.
void Mutate(Bytes& bytes, const Bytes& other, Random& random) {
  const std::size_t at = random.Below(bytes.size() + 1);
  const std::size_t length = random.Below(bytes.size() - at + 1);
  switch (random.Below(8)) {
    case 0:
      if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.Below(8)));
      break;
    case 1:
      if (at < bytes.size()) bytes[at] = static_cast<char>(random.Below(256));
      break;
    case 2: bytes.insert(at, 1, static_cast<char>(random.Below(256))); break;
    case 3: bytes.erase(at, length); break;
    case 4: bytes.insert(at, bytes.substr(at, std::min<std::size_t>(length, 64))); break;
    case 5: bytes.insert(at, Bytes(random.Between(1, 10), '\xff')); break;  // a huge varint
    case 6: bytes.resize(at); break;
    default: bytes = bytes.substr(0, at) + other.substr(random.Below(other.size() + 1)); break;
  }
}

// Returns how many mutants were accepted: none, or all, would mean that nothing was tested.
std::uint64_t Fuzz(const Target& target, std::uint64_t iterations, Random random) {
  for (const Bytes& seed : target.seeds) {
    if (!target.accepts(seed)) Stop(target.name, "refuses a seed", seed);
  }
  std::uint64_t accepted = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    Bytes bytes = random.Pick(target.seeds);
    for (std::uint64_t changes = random.Between(1, 4); changes > 0; --changes) {
      Mutate(bytes, random.Pick(target.seeds), random);
    }
    if (target.accepts(bytes)) ++accepted;
  }
  return accepted;
}

int Main(std::uint64_t iterations, std::uint64_t seed) {
  Random random(seed);
  int status = EXIT_SUCCESS;
  for (const Target& target : Targets()) {
    const std::uint64_t mutants = iterations / target.cost;
    const std::uint64_t accepted = Fuzz(target, mutants, random.Fork());
    std::printf("%-20s %llu of %llu mutants accepted\n", target.name.c_str(),
                static_cast<unsigned long long>(accepted),
                static_cast<unsigned long long>(mutants));
    if (accepted == 0 || accepted == mutants) status = EXIT_FAILURE;
  }
  return status;
}

}  // namespace
#endif

}  // namespace meridian::fuzz

#ifdef MERIDIAN_LIBFUZZER

// The first byte picks the target.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const std::vector<meridian::fuzz::Target> targets = meridian::fuzz::Targets();
  if (size == 0) return 0;
  const meridian::fuzz::Target& target = targets[data[0] % targets.size()];
  target.accepts({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}

#else

int main(int argc, char** argv) {
  const std::uint64_t iterations = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  return meridian::fuzz::Main(iterations, seed);
}

#endif
