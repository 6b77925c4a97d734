#include "client/wan_command.h"

#include <cstdio>

#include "client/exit_codes.h"
#include "client/text.h"
#include "io/event_loop.h"
#include "io/wan_emulator.h"

namespace meridian::client {

int RunEmulator(const Settings& settings) {
  const Result<local::Topology> topology = LoadTopology(settings.topology);
  if (!topology) return Complain(topology.error().message), kExitUsage;
  io::EventLoop loop;
  io::WanEmulator::Options options;
  for (const EmulatedLink& link : EmulatedLinks(*topology, settings)) {
    options.links.push_back(
        {link.from, link.to, {"127.0.0.1", link.listen}, {link.target.host, link.target.port}});
  }
  options.delay = std::chrono::milliseconds(settings.wan_delay_ms);
  options.rate_mbit = settings.wan_mbit;
  options.control = {"127.0.0.1", settings.wan_port};
  options.on_quit = [&loop] { loop.Stop(); };
  io::WanEmulator emulator(loop.context(), std::move(options));
  if (const Result<Done> started = emulator.Start(); !started) {
    return Complain(started.error().message), kExitNo;
  }
  std::printf("emulating the WAN; control on 127.0.0.1:%u\n", unsigned{settings.wan_port});
  std::fflush(stdout);
  loop.Run();
  return kExitOk;
}

}  // namespace meridian::client
