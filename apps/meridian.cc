// meridian: the one command line. What each command does is in src/client.

#include <CLI/CLI.hpp>

#include "client/audit_command.h"
#include "client/bulk_command.h"
#include "client/data_command.h"
#include "client/dev_command.h"
#include "client/exit_codes.h"
#include "client/ring_command.h"
#include "client/text.h"
#include "client/topology_command.h"
#include "client/view_commands.h"

namespace {

using namespace meridian::client;

int Run(int argc, char** argv) {
  CLI::App app{"Meridian: an active-active key-value store for several regions"};
  app.set_version_flag("--version", MERIDIAN_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(36);
  CommonOptions common;
  app.add_option("--topology,-t", common.topology,
                 "Topology file (default: that of the last dev up, else the sandbox's)");
  app.add_option("--data,-d", common.home,
                 "Where a sandbox keeps its data, logs and pids (default: $MERIDIAN_HOME, "
                 "else ./.meridian)");
  app.footer(std::string("Examples:\n  meridian dev up\n  meridian put cart milk --region us-east\n"
                         "  meridian get cart --region ap-south\n  meridian lag\n\n") +
             kExitCodesHelp);
  app.fallthrough();  // --topology and --data may stand behind the command

  int exit_code = kExitOk;
  AddDevCommand(app, common, exit_code);
  AddDataCommands(app, common, exit_code);
  AddBulkCommands(app, common, exit_code);
  AddViewCommands(app, common, exit_code);
  AddTopologyCommand(app, common, exit_code);
  AddRingCommand(app, common, exit_code);
  AddAuditCommand(app, common, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  const int exit_code = Run(argc, argv);
  // Who reads half of it must not take it for all.
  return exit_code == kExitOk && !AllIsPrinted() ? kExitNo : exit_code;
}
