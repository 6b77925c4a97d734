// Asks a LineServer one thing and waits for its answer.

#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "io/tcp.h"

namespace meridian::io {

// Sends `line` and returns the lines of the answer before its final "ok". kIo when nobody answers
// in time; kInvalidArgument with the reason when the answer is "error: reason".
Result<std::string> AskLine(const Endpoint& endpoint, const std::string& line, Duration timeout);

}  // namespace meridian::io
