// A page of docs/runbooks, and its commands run against a cluster in which its symptom is real.
//
//     Runbook page("a-node-is-down");
//     page.Run(cluster, "Confirm");      of a section: each "$ command", and what it must print
//
// A command that should print something is repeated until it does (a minute at most), since what it
// looks at takes its time; one that prints what it likes runs once. "..." stands for any text, and
// a row of spaces for another.

#pragma once

#include <string>
#include <vector>

#include "process/cluster.h"

namespace meridian::process_tests {

class Runbook {
 public:
  // What every page has, in this order.
  static const std::vector<std::string>& Sections();

  explicit Runbook(const std::string& name);

  // A failure of the running test for each command that does not do as the page says.
  void Run(const Cluster& cluster, const std::string& section) const;
  // Confirm, Why, Act, Verify.
  void RunAll(const Cluster& cluster) const;
  std::vector<std::string> titles() const;

 private:
  struct Command {
    std::string text;
    int exit_status = 0;
    std::vector<std::string> prints;
  };
  struct Section {
    std::string title;
    std::vector<Command> commands;
  };
  void Read(const std::string& line);
  static void RunOne(const Cluster& cluster, const Command& command);

  std::vector<Section> sections_;
  bool in_command_ = false;
};

}  // namespace meridian::process_tests
