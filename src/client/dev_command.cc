#include "client/dev_command.h"

#include <cstdio>
#include <memory>

#include "client/dev_up.h"
#include "client/exit_codes.h"
#include "client/probe.h"
#include "client/running.h"
#include "client/text.h"
#include "client/wan_command.h"
#include "io/clocks.h"
#include "io/files.h"
#include "io/line_client.h"

namespace meridian::client {
namespace {

int Failed(const Error& error, int code = kExitNo) {
  Complain(error.message);
  return code;
}

// The named process of the sandbox, or null after telling which there are.
const ProcessSpec* NamedOrComplain(const Sandbox& sandbox, const std::string& name) {
  if (const ProcessSpec* found = sandbox.Find(name)) return found;
  std::string names;
  for (const ProcessSpec& process : sandbox.processes()) {
    names += (names.empty() ? "" : ", ") + process.name;
  }
  Complain("no process '" + name + "'; there are " + names);
  return nullptr;
}

// Whether all is down that the pid files name; tells what is not. The data of what lives must stay.
bool IsDown(const Home& home) {
  const std::vector<RunningProcess> strangers = StrangersIn(home);
  for (const RunningProcess& process : strangers) {
    Complain(process.name + " (pid " + std::to_string(process.pid) +
             ") runs and was not stopped: it was started with another directory than " +
             home.root() + ", or by an older release; end it, or remove " +
             home.PidFileOf(process.name) + " if that is a copy");
  }
  return strangers.empty() && RunningIn(home).empty();
}

int Purge(const Home& home) {
  for (const char* part : {"/data", "/logs", "/run", "/secret", "/settings.json"}) {
    const Result<Done> removed = io::Remove(home.root() + part);
    if (!removed) return Failed(removed.error());
  }
  std::printf("removed the data in %s\n", home.root().c_str());
  return kExitOk;
}

int Down(const CommonOptions& common, bool purge) {
  const Home home(common);
  if (!home.WasUsed()) return Failed(home.NoSettings(), kExitUsage);
  int code = kExitOk;
  const std::vector<Stopped> stopped = Stop(home, RunningIn(home));
  for (const Stopped& one : stopped) {
    if (one.error) {
      code = Failed(*one.error);
      continue;
    }
    std::printf("%-16s %s\n", one.process.name.c_str(),
                one.killed ? "killed: it had not ended ten seconds after SIGTERM" : "stopped");
  }
  std::printf("down: %zu processes stopped\n", stopped.size());
  if (!IsDown(home)) code = kExitNo;
  return purge && code == kExitOk ? Purge(home) : code;
}

Table ProcessTable() {
  return Table({"process", "state", "ready", "pid", "memory", "where"});
}

void AddProcess(Table& table, const std::string& name, std::optional<io::Pid> pid,
                const std::string& ready, const std::string& where) {
  const bool paused = pid && io::StateOf(*pid) == io::ProcessState::kStopped;
  table.Add({name,
             !pid     ? "down"
             : paused ? "paused"
                      : "up",
             ready, pid ? std::to_string(*pid) : "-",
             pid ? FormatBytes(io::ResidentBytesOf(*pid).value_or(0)) : "-", where});
}

// Whether it is ready.
bool AddWanted(Table& table, const Sandbox& sandbox, const ProcessSpec& process) {
  const auto pid = sandbox.PidOf(process);
  const bool up = pid && io::StateOf(*pid) != io::ProcessState::kStopped;
  const bool ready = up && (!process.role || IsReady(process.http));
  AddProcess(table, process.name, pid, ready ? "yes" : "no",
             process.role ? "http://" + process.http.host + ':' + std::to_string(process.http.port)
                          : "127.0.0.1:" + std::to_string(process.ports[0].number));
  return ready;
}

// Without a topology: what runs, for who wants to end it.
int ShowRunning(const Home& home, const Error& error) {
  Table table = ProcessTable();
  for (const RunningProcess& process : RunningIn(home)) {
    AddProcess(table, process.name, process.pid, "-", "-");
  }
  if (home.WasUsed()) table.Print();
  return Failed(error, kExitUsage);
}

int ShowProcesses(const CommonOptions& common) {
  const Result<Sandbox> sandbox = Sandbox::Open(common);
  if (!sandbox) return ShowRunning(Home(common), sandbox.error());
  Table table = ProcessTable();
  bool all = true;
  for (const ProcessSpec& process : sandbox->processes()) {
    all &= AddWanted(table, *sandbox, process);
  }
  for (const RunningProcess& process : RunningIn(sandbox->home())) {
    if (sandbox->Find(process.name) != nullptr) continue;
    AddProcess(table, process.name, process.pid, "-", "not in the topology");
  }
  table.Print();
  return all ? kExitOk : kExitNo;
}

// Tells a process that is wanted and does not run from one that nobody knows.
int TellNotRunning(const CommonOptions& common, const std::string& name) {
  const Result<Sandbox> sandbox = Sandbox::Open(common);
  if (!sandbox) return Failed(sandbox.error(), kExitUsage);
  if (NamedOrComplain(*sandbox, name) == nullptr) return kExitUsage;
  Complain(name + " does not run; `meridian dev up` starts it");
  return kExitNo;
}

int Signal(const CommonOptions& common, const std::string& name, io::ProcessSignal signal,
           const char* done) {
  const auto pid = RunningPid(Home(common), name);
  if (!pid) return TellNotRunning(common, name);
  if (const Result<Done> sent = io::SendSignal(*pid, signal); !sent) return Failed(sent.error());
  const bool ends = signal == io::ProcessSignal::kKill;
  if (ends && !AwaitEnd(*pid, io::Now().monotonic + std::chrono::seconds(10))) {
    Complain(name + " was killed and has not ended yet: its disk may be stuck");
    return kExitNo;
  }
  std::printf("%s: %s\n", name.c_str(), done);
  return kExitOk;
}

int Restart(const CommonOptions& common, const std::string& name) {
  const Result<Sandbox> sandbox = Sandbox::Open(common);
  if (!sandbox) return Failed(sandbox.error(), kExitUsage);
  const ProcessSpec* process = NamedOrComplain(*sandbox, name);
  if (process == nullptr) return kExitUsage;
  std::vector<RunningProcess> running;
  if (const auto pid = sandbox->PidOf(*process)) running.push_back({name, *pid});
  for (const Stopped& stopped : Stop(sandbox->home(), running)) {
    if (stopped.error) return Failed(*stopped.error);
    if (stopped.killed) Complain(name + " was killed: it had not ended ten seconds after SIGTERM");
  }
  if (const Result<io::Pid> pid = sandbox->Start(*process); !pid) return Failed(pid.error());
  return AwaitReady(*sandbox, {process}, std::chrono::seconds(60)) ? kExitOk : kExitNo;
}

// Tells the emulator: verb is "cut" or "heal".
int ChangeWan(const CommonOptions& common, const std::string& verb, const std::string& from,
              const std::string& to, bool one_way) {
  const Result<Sandbox> sandbox = Sandbox::Open(common);
  if (!sandbox) return Failed(sandbox.error(), kExitUsage);
  if (RegionOrComplain(sandbox->topology(), from) == nullptr ||
      RegionOrComplain(sandbox->topology(), to) == nullptr) {
    return kExitUsage;
  }
  if (sandbox->Find(kEmulatorName) == nullptr) {
    Complain(sandbox->settings().emulate_wan
                 ? "the topology has no link between regions, so there is no WAN here"
                 : "the WAN is not emulated here; `meridian dev down`, then `meridian dev up "
                   "--wan-emulation`");
    return kExitUsage;
  }
  const Result<std::string> told =
      io::AskLine({"127.0.0.1", sandbox->settings().wan_port},
                  verb + (one_way ? "-one " : " ") + from + ' ' + to, std::chrono::seconds(3));
  if (!told) return Failed(told.error());
  std::printf("%s: %s %s %s\n", verb.c_str(), from.c_str(), one_way ? "to" : "and", to.c_str());
  return kExitOk;
}

void AddUp(CLI::App& dev, const CommonOptions& common, int& exit_code) {
  CLI::App* up = dev.add_subcommand("up", "Start what does not run; wait until all is ready");
  const auto options = std::make_shared<UpOptions>();
  const auto emulate_wan = std::make_shared<bool>(true);
  const CLI::Option* emulation =
      up->add_flag("--wan-emulation,!--no-wan-emulation", *emulate_wan,
                   "Put an emulated WAN between the regions (default), or let gateways dial each "
                   "other directly");
  up->add_option("--wan-delay-ms", options->wan_delay_ms, "One way, between regions (default 40)");
  up->add_option("--wan-mbit", options->wan_mbit, "Of each direction of a link (default 100)");
  up->add_option("--wan-port", options->wan_port,
                 "The emulator's control; its links take the ports after it (default 7400)");
  up->add_option("--patience", options->patience_s, "Seconds to wait for all to be ready")
      ->capture_default_str();
  up->footer(
      "What is not given is as at the last `dev up` here, until `dev down --purge`.\n"
      "Examples:\n  meridian dev up\n  meridian dev up --wan-delay-ms 150 --wan-mbit 10\n"
      "  meridian dev up --topology config/topologies/one-region.yaml --data /tmp/one");
  up->callback([&common, &exit_code, options, emulation, emulate_wan] {
    if (emulation->count() != 0) options->emulate_wan = *emulate_wan;
    exit_code = DevUp(common, *options);
  });
}

void AddSignal(CLI::App& dev, const CommonOptions& common, int& exit_code, const char* verb,
               const char* help, io::ProcessSignal signal, const char* done) {
  CLI::App* command = dev.add_subcommand(verb, help);
  const auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "A process, as us-east-1")->required();
  command->callback([&common, &exit_code, name, signal, done] {
    exit_code = Signal(common, *name, signal, done);
  });
}

void AddCut(CLI::App& dev, const CommonOptions& common, int& exit_code, const char* verb,
            const char* help) {
  CLI::App* command = dev.add_subcommand(verb, help);
  struct Arguments {
    std::string from;
    std::string to;
    bool one_way = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("REGION", arguments->from, "A region")->required();
  command->add_option("OTHER", arguments->to, "Another region")->required();
  command->add_flag("--one-way", arguments->one_way, "Only what REGION dials to OTHER");
  command->callback([&common, &exit_code, arguments, verb] {
    exit_code = ChangeWan(common, verb, arguments->from, arguments->to, arguments->one_way);
  });
}

void AddWan(CLI::App& dev, const CommonOptions& common, int& exit_code) {
  CLI::App* wan = dev.add_subcommand("wan", "Be the emulated WAN (dev up starts this)");
  const auto settings = std::make_shared<Settings>();
  wan->add_option("--name", "What dev up knows this process by");
  wan->add_option("--wan-delay-ms", settings->wan_delay_ms);
  wan->add_option("--wan-mbit", settings->wan_mbit);
  wan->add_option("--wan-port", settings->wan_port);
  wan->callback([&common, &exit_code, settings] {
    const Result<std::string> file = Home(common).TopologyFile();
    if (!file) {
      exit_code = Failed(file.error(), kExitUsage);
      return;
    }
    settings->topology = *file;
    exit_code = RunEmulator(*settings);
  });
}

}  // namespace

void AddDevCommand(CLI::App& app, const CommonOptions& common, int& exit_code) {
  CLI::App* dev = app.add_subcommand("dev", "A whole system on this machine");
  dev->require_subcommand(1);
  dev->footer(
      "Examples:\n  meridian dev up\n  meridian dev kill us-east-2\n"
      "  meridian dev cut us-east eu-west\n  meridian dev down --purge");
  AddUp(*dev, common, exit_code);
  CLI::App* down =
      dev->add_subcommand("down", "Stop all of it: SIGTERM, after ten seconds SIGKILL");
  const auto purge = std::make_shared<bool>(false);
  down->add_flag("--purge", *purge, "Then remove the data, the logs and the secret");
  down->callback([&common, &exit_code, purge] { exit_code = Down(common, *purge); });
  dev->add_subcommand("status", "Which processes run, and are ready")
      ->callback([&common, &exit_code] { exit_code = ShowProcesses(common); });
  using enum io::ProcessSignal;
  AddSignal(*dev, common, exit_code, "kill", "End a process with SIGKILL, as a crash does", kKill,
            "killed; `meridian dev up` starts it again");
  AddSignal(*dev, common, exit_code, "pause", "Stop a process in its tracks (SIGSTOP)", kStop,
            "paused");
  AddSignal(*dev, common, exit_code, "resume", "Let a paused process go on", kContinue, "goes on");
  CLI::App* restart = dev->add_subcommand("restart", "Stop a process in order and start it again");
  const auto name = std::make_shared<std::string>();
  restart->add_option("NAME", *name, "A process, as us-east-1")->required();
  restart->callback([&common, &exit_code, name] { exit_code = Restart(common, *name); });
  AddCut(*dev, common, exit_code, "cut", "Cut the WAN between two regions");
  AddCut(*dev, common, exit_code, "heal", "Mend the WAN between two regions");
  AddWan(*dev, common, exit_code);
}

}  // namespace meridian::client
