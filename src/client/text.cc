#include "client/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/check.h"

namespace meridian::client {
namespace {

bool LooksLikeNumber(const std::string& cell) {
  return cell == "-" ||
         (!cell.empty() && cell[0] >= '0' && cell[0] <= '9' &&
          cell.find("..") == std::string::npos && cell.find(':') == std::string::npos);
}

// How many columns UTF-8 text takes, near enough.
std::size_t WidthOf(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string FormatCount(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

std::string FormatNumber(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

std::string FormatBytes(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto number = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; number >= 999.95 && unit < 6; ++unit) number /= 1000;
  return FormatNumber(number, unit == 0 ? 0 : 1) + ' ' + kUnits[unit];
}

std::string FormatDuration(Duration duration) {
  const auto microseconds = static_cast<double>(duration.count());
  if (microseconds < 1000) return FormatNumber(microseconds, 0) + " us";
  if (microseconds < 1e6)
    return FormatNumber(microseconds / 1e3, microseconds < 1e5 ? 1 : 0) + " ms";
  return FormatNumber(microseconds / 1e6, 1) + " s";
}

std::string Escaped(ByteView bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else if (c == '\\') {
      text += "\\\\";
    } else if (byte < 0x20 || byte == 0x7f) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", byte);
      text += hex;
    } else {
      text += c;
    }
  }
  return text;
}

std::string ShellQuoted(const std::string& argument) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,/:@%";
  if (!argument.empty() && argument.find_first_not_of(kPlain) == std::string::npos) return argument;
  std::string quoted = "'";
  for (const char c : argument) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + '\'';
}

void Complain(const std::string& message) {
  std::fprintf(stderr, "meridian: %s\n", message.c_str());
}

bool AllIsPrinted() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return true;
  Complain("cannot write to standard output: what was printed is not whole");
  return false;
}

Table::Table(std::vector<std::string> heading) {
  rows_.push_back(std::move(heading));
}

Table& Table::Add(std::vector<std::string> cells) {
  MERIDIAN_CHECK(cells.size() == rows_[0].size());
  rows_.push_back(std::move(cells));
  return *this;
}

std::string Table::Text() const {
  const std::size_t columns = rows_[0].size();
  std::vector<std::size_t> widths(columns);
  std::vector<bool> right(columns, rows_.size() > 1);
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      widths[c] = std::max(widths[c], WidthOf(rows_[r][c]));
      if (r > 0 && !LooksLikeNumber(rows_[r][c])) right[c] = false;
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < columns; ++c) {
      const std::string padding(widths[c] - WidthOf(row[c]), ' ');
      if (c > 0) line += "  ";
      line += right[c] ? padding + row[c] : row[c] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

void Table::Print() const {
  std::fputs(Text().c_str(), stdout);
}

}  // namespace meridian::client
