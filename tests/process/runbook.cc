#include "process/runbook.h"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

namespace meridian::process_tests {
namespace {

constexpr std::chrono::seconds kPatience{60};

std::string Squeezed(const std::string& line) {
  return std::regex_replace(std::regex_replace(line, std::regex("\\s+"), " "), std::regex("^ | $"),
                            "");
}

// As a pattern of fnmatch: only "..." is special.
std::string PatternOf(const std::string& line) {
  const std::string quoted =
      std::regex_replace(Squeezed(line), std::regex(R"([\[\]*?\\])"), "\\$&");
  return std::regex_replace(quoted, std::regex(R"( ?\.\.\. ?)"), "*");
}

bool Prints(const std::string& output, const std::string& expected) {
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (fnmatch(PatternOf(expected).c_str(), Squeezed(line).c_str(), 0) == 0) return true;
  }
  return false;
}

}  // namespace

const std::vector<std::string>& Runbook::Sections() {
  static const std::vector<std::string> kSections = {"Symptom", "Confirm", "Why",
                                                     "Act",     "Verify",  "Never do"};
  return kSections;
}

Runbook::Runbook(const std::string& name) {
  std::ifstream file(std::string(MERIDIAN_SOURCE_DIR) + "/docs/runbooks/" + name + ".md");
  EXPECT_TRUE(file) << name;
  for (std::string line; std::getline(file, line);) Read(line);
  EXPECT_EQ(titles(), Sections());
}

void Runbook::Read(const std::string& line) {
  if (line.starts_with("## ")) sections_.push_back({line.substr(3), {}});
  const bool indented = line.starts_with("    ");
  if (!indented || sections_.empty()) {
    in_command_ = false;
    return;
  }
  std::vector<Command>& commands = sections_.back().commands;
  if (line.starts_with("    $ ")) {
    Command command{line.substr(6), 0, {}};
    std::smatch status;
    if (std::regex_search(line, status, std::regex("# exit status ([0-9]+)$"))) {
      command.exit_status = std::stoi(status[1]);
    }
    commands.push_back(std::move(command));
    in_command_ = true;
  } else if (in_command_) {
    commands.back().prints.push_back(line);
  }
}

std::vector<std::string> Runbook::titles() const {
  std::vector<std::string> all;
  for (const Section& section : sections_) all.push_back(section.title);
  return all;
}

void Runbook::RunOne(const Cluster& cluster, const Command& command) {
  Cluster::Ended ended;
  const auto as_written = [&] {
    ended = cluster.Shell(command.text);
    return ended.code == command.exit_status &&
           std::ranges::all_of(command.prints,
                               [&](const auto& line) { return Prints(ended.output, line); });
  };
  const bool repeats = !command.prints.empty() || command.text.starts_with("! ");
  EXPECT_TRUE(repeats ? Eventually(as_written, kPatience) : as_written())
      << "$ " << command.text << "\nended with " << ended.code << ":\n"
      << ended.output;
}

void Runbook::Run(const Cluster& cluster, const std::string& section) const {
  const auto found = std::ranges::find(sections_, section, &Section::title);
  ASSERT_NE(found, sections_.end()) << section;
  for (const Command& command : found->commands) RunOne(cluster, command);
}

void Runbook::RunAll(const Cluster& cluster) const {
  for (const char* section : {"Confirm", "Why", "Act", "Verify"}) Run(cluster, section);
}

}  // namespace meridian::process_tests
