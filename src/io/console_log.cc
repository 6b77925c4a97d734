#include "io/console_log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace meridian::io {
namespace {

spdlog::level::level_enum LevelOf(Severity severity) {
  switch (severity) {
    case Severity::kInfo: return spdlog::level::info;
    case Severity::kWarning: return spdlog::level::warn;
    case Severity::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

ConsoleLog::ConsoleLog(std::string process)
    : logger_(std::make_unique<spdlog::logger>(std::move(process),
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%Y-%m-%dT%H:%M:%S.%eZ %l %n: %v", spdlog::pattern_time_type::utc));
  logger_->flush_on(spdlog::level::info);
}

ConsoleLog::~ConsoleLog() = default;

void ConsoleLog::Write(Severity severity, std::string line) {
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  logger_->log(LevelOf(severity), spdlog::string_view_t(line));
}

}  // namespace meridian::io
