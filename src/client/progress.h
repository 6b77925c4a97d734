// How far a long command is, on standard error: a bar for people, a line every tenth otherwise.
//
//     load us-east  [#############.............]  52 %  33,101 of 63,666  8,912/s  4 s left
//
// Nothing is printed unless Update is called; Finish leaves one last line.

#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace meridian::client {

class Progress {
 public:
  Progress(std::string label, std::uint64_t total);

  void Update(Instant now, std::uint64_t done);
  void Finish(Instant now, std::uint64_t done);

 private:
  std::string Line(Instant now, std::uint64_t done) const;

  std::string label_;
  std::uint64_t total_;
  bool terminal_;
  bool begun_ = false;
  Instant start_;
  Instant last_;
  std::uint64_t tenths_ = 0;  // already told
};

}  // namespace meridian::client
