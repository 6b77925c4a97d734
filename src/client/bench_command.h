// The command line and the report of meridian-bench.

#pragma once

namespace meridian::client {

// An exit code.
int BenchMain(int argc, char** argv);

}  // namespace meridian::client
