// Alters rows of a node that does not run, behind RocksDB's back: for benchmarks/audit.
//
//     alter_rows DATA_DIRECTORY COUNT value|garbage|erase

#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/alter_rows.h"

int main(int argc, char** argv) {
  using namespace meridian;
  const std::string kind = argc == 4 ? argv[3] : "";
  if (kind != "value" && kind != "garbage" && kind != "erase") {
    std::fprintf(stderr, "usage: alter_rows DATA_DIRECTORY COUNT value|garbage|erase\n");
    return 2;
  }
  const Harm harm = kind == "value"     ? Harm::kValue
                    : kind == "garbage" ? Harm::kGarbage
                                        : Harm::kErase;
  const auto altered = AlterRows(argv[1], std::strtoul(argv[2], nullptr, 10), harm);
  if (!altered) {
    std::fprintf(stderr, "alter_rows: %s\n", altered.error().message.c_str());
    return 1;
  }
  std::printf("altered %zu rows of %s (%s)\n", *altered, argv[1], kind.c_str());
  return 0;
}
