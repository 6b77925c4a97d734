// Who may be listened to: for now, only this machine.
//
// Nothing is encrypted or authenticated yet, so every socket that binds asks here first.

#pragma once

#include <string>

#include "base/result.h"

namespace meridian::io {

// Done for 127.0.0.0/8, ::1 and "localhost"; kInvalidArgument for every other host.
Result<Done> RequireLoopback(const std::string& host);

}  // namespace meridian::io
