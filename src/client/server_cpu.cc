#include "client/server_cpu.h"

namespace meridian::client {

std::vector<ServerCpu::Process> ServerCpu::Running(const Sandbox& sandbox) {
  std::vector<Process> running;
  for (const ProcessSpec& process : sandbox.processes()) {
    if (!process.role) continue;
    if (const auto pid = sandbox.PidOf(process)) running.push_back({process.name, *pid});
  }
  return running;
}

void ServerCpu::Begin() {
  begun_.clear();
  for (const Process& process : processes_) begun_.push_back(io::CpuNanosecondsOf(process.pid));
}

std::vector<ServerCpu::Used> ServerCpu::End() const {
  std::vector<Used> used;
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    const auto now = io::CpuNanosecondsOf(processes_[i].pid);
    const auto& before = begun_.at(i);
    const bool known = now && before && *now >= *before;
    used.push_back({processes_[i].name, known ? std::optional(*now - *before) : std::nullopt});
  }
  return used;
}

}  // namespace meridian::client
