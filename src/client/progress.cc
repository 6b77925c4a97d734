#include "client/progress.h"

#include <algorithm>
#include <cstdio>

#include "client/text.h"
#include "io/this_process.h"

namespace meridian::client {
namespace {

constexpr Duration kRedraw = std::chrono::milliseconds(200);
constexpr std::size_t kBarColumns = 28;

}  // namespace

Progress::Progress(std::string label, std::uint64_t total)
    : label_(std::move(label)), total_(total), terminal_(io::IsTerminal()) {}

std::string Progress::Line(Instant now, std::uint64_t done) const {
  const double share = total_ == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total_);
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line = label_ + "  ";
  if (terminal_) {
    const auto filled = std::min(kBarColumns, static_cast<std::size_t>(share * kBarColumns));
    line += '[' + std::string(filled, '#') + std::string(kBarColumns - filled, '.') + "]  ";
  }
  line += FormatNumber(share * 100, 0) + " %  " + FormatCount(done) + " of " + FormatCount(total_) +
          "  " + FormatCount(static_cast<std::uint64_t>(rate)) + "/s";
  if (done < total_ && rate > 0) {
    line += "  " + FormatNumber(static_cast<double>(total_ - done) / rate, 0) + " s left";
  }
  return line;
}

void Progress::Update(Instant now, std::uint64_t done) {
  if (!begun_) start_ = now;
  if (terminal_) {
    if (begun_ && now - last_ < kRedraw) return;
    last_ = now;
    std::fprintf(stderr, "\r%s\033[K",
                 Line(now, done).substr(0, io::TerminalColumns() - 1).c_str());
  } else if (total_ > 0 && done < total_ && done * 10 / total_ > tenths_) {
    tenths_ = done * 10 / total_;
    std::fprintf(stderr, "%s\n", Line(now, done).c_str());
  }
  begun_ = true;
}

void Progress::Finish(Instant now, std::uint64_t done) {
  if (!begun_) start_ = now;
  std::fprintf(stderr, "%s%s%s\n", terminal_ ? "\r" : "", Line(now, done).c_str(),
               terminal_ ? "\033[K" : "");
}

}  // namespace meridian::client
