// `meridian dev wan`: the process that plays the WAN between the regions of a sandbox.
//
// Started by `dev up`; ends on SIGTERM, or when told to quit on its control port.

#pragma once

#include "client/sandbox.h"

namespace meridian::client {

// An exit code, at the end. `settings.topology` is the file.
int RunEmulator(const Settings& settings);

}  // namespace meridian::client
