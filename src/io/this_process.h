// What a tool asks about its own process and machine.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace meridian::io {

// The file this process runs from; empty if the kernel does not tell.
std::string ExecutablePath();
std::optional<std::string> EnvironmentVariable(const std::string& name);
// Whether people watch the standard error, and how wide it is.
bool IsTerminal();
std::size_t TerminalColumns();
void SleepFor(Duration duration);
// Good enough for secrets.
Result<Bytes> SecretRandomBytes(std::size_t size);

// How long this disk takes to append 128 bytes to a file in `directory` and to sync them, `count`
// times, ascending. The file is removed.
Result<std::vector<Duration>> MeasureSyncs(const std::string& directory, std::size_t count);

}  // namespace meridian::io
