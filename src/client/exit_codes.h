// How `meridian` and `meridian-bench` end; scripts rely on it, docs/cli.md tells it.

#pragma once

namespace meridian::client {

inline constexpr int kExitOk = 0;
inline constexpr int kExitNo = 1;           // not found, mismatches, a process that did not start
inline constexpr int kExitUsage = 2;        // the command line, a file or the topology is wrong
inline constexpr int kExitSiblings = 3;     // several concurrent values
inline constexpr int kExitUnavailable = 4;  // not enough replicas, or no answer in time; not done
inline constexpr int kExitMaybe = 5;        // a write failed and may surface later all the same
inline constexpr int kExitInterrupted = 130;

// Added to --help.
inline constexpr const char* kExitCodesHelp =
    "Exit codes: 0 done, 1 not found or not as it should be, 2 wrong usage, 3 several concurrent\n"
    "values, 4 unavailable or no answer in time, 5 a write of which that is not known: it may "
    "still\n"
    "surface.";

}  // namespace meridian::client
