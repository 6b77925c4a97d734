// `meridian dev up`: starts what of a system does not run, and waits until all of it is ready.

#pragma once

#include <optional>
#include <vector>

#include "base/time.h"
#include "client/sandbox.h"

namespace meridian::client {

struct UpOptions {
  // What is not given is as at the last `dev up` here, else the default of Settings.
  std::optional<bool> emulate_wan;
  std::optional<std::uint64_t> wan_delay_ms;
  std::optional<std::uint64_t> wan_mbit;
  std::optional<std::uint16_t> wan_port;
  std::uint64_t patience_s = 60;
};

// An exit code; says a line for each process.
int DevUp(const CommonOptions& common, const UpOptions& options);

// Waits until each of these answers that it is ready; false after telling which do not, and why.
bool AwaitReady(const Sandbox& sandbox, const std::vector<const ProcessSpec*>& processes,
                Duration patience);

}  // namespace meridian::client
