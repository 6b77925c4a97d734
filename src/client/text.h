// Figures and tables as people read them.
//
//     FormatCount(63666)   "63,666"          FormatBytes(50164600)  "50.2 MB"
//     FormatDuration(1500us) "1.5 ms"        Quoted("a\nb")         "a\nb" on one line, escaped
//     Table({"name", "state"}).Add({"us-east-1", "up"}).Print();
//
// Units are decimal, as links and disks are sold.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace meridian::client {

std::string FormatCount(std::uint64_t count);
std::string FormatBytes(std::uint64_t bytes);
std::string FormatDuration(Duration duration);
// With so many digits after the point.
std::string FormatNumber(double number, int digits);

// Bytes on one line: what is not printable text is written as \n, \t, \\ or \xNN. UTF-8 stays.
std::string Escaped(ByteView bytes);
// An argument that a POSIX shell reads back as it is.
std::string ShellQuoted(const std::string& argument);

// Prints to standard error: "meridian: message". For what went wrong.
void Complain(const std::string& message);

// Whether all that was printed to standard output has been taken; false after telling that it was
// not, as on a full disk.
bool AllIsPrinted();

// Columns as wide as their widest cell; cells that look like numbers stand to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> heading);
  // Requires as many cells as the heading has.
  Table& Add(std::vector<std::string> cells);
  std::string Text() const;
  void Print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace meridian::client
