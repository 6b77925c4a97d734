// meridian-bench: load on one region, latencies, and the servers' CPU time for each operation.

#include "client/bench_command.h"

int main(int argc, char** argv) {
  return meridian::client::BenchMain(argc, argv);
}
