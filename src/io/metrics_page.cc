#include "io/metrics_page.h"

#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace meridian::io {
namespace {

prometheus::MetricType TypeOf(node::MetricKind kind) {
  return kind == node::MetricKind::kCounter ? prometheus::MetricType::Counter
                                            : prometheus::MetricType::Gauge;
}

class Families {
 public:
  // The serializer shows the field that the family's type names, so the value goes into both.
  void Add(const std::string& name, const std::string& help, prometheus::MetricType type,
           double value, std::vector<prometheus::ClientMetric::Label> labels = {}) {
    const auto [found, fresh] = families_.try_emplace(name);
    prometheus::MetricFamily& family = found->second;
    if (fresh) {
      family.name = name;
      family.help = help;
      std::replace(family.help.begin(), family.help.end(), '\n', ' ');  // it would end the comment
      family.type = type;
    }
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    metric.counter.value = value;
    metric.gauge.value = value;
  }

  std::string Text() const {
    std::vector<prometheus::MetricFamily> sorted;
    sorted.reserve(families_.size());
    for (const auto& [name, family] : families_) sorted.push_back(family);
    return prometheus::TextSerializer().prometheus::Serializer::Serialize(sorted);
  }

 private:
  std::map<std::string, prometheus::MetricFamily> families_;
};

// Seconds since 1970 at which this process started: the system's boot plus /proc/self/stat's ticks.
double StartTime() {
  std::ifstream stat("/proc/self/stat");
  std::string line;
  std::getline(stat, line);
  const std::size_t name_end = line.rfind(')');  // the program's name may hold spaces
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;  // the 22nd is starttime
  std::ifstream system("/proc/stat");
  for (std::string word; system >> word;) {
    if (word != "btime") continue;
    double boot = 0;
    system >> boot;
    return boot + std::strtod(field.c_str(), nullptr) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  return 0;
}

double CpuSeconds() {
  timespec used{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

}  // namespace

ProcessFigures ReadProcessFigures() {
  ProcessFigures figures;
  figures.cpu_seconds = CpuSeconds();
  figures.start_time_seconds = StartTime();
  std::uint64_t virtual_pages = 0;
  std::uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages;
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  figures.virtual_bytes = virtual_pages * page;
  figures.resident_bytes = resident_pages * page;
  const auto entries = [](const char* directory) {
    std::error_code error;
    std::filesystem::directory_iterator at(directory, error);
    std::uint64_t count = 0;
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) ++count;
    return count;
  };
  figures.open_files = entries("/proc/self/fd");
  figures.threads = entries("/proc/self/task");
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.open_files_max = limit.rlim_cur;
  return figures;
}

std::string MetricsPage(const std::vector<node::MetricSet>& sets, const ProcessFigures& process) {
  Families families;
  for (const node::MetricSet& set : sets) {
    for (const node::Metric& metric : set.metrics) {
      std::vector<prometheus::ClientMetric::Label> labels;
      for (const auto& [name, value] : metric.labels) labels.push_back({name, value});
      families.Add(metric.name, metric.help, TypeOf(metric.kind), static_cast<double>(metric.value),
                   std::move(labels));
    }
  }
  using prometheus::MetricType;
  const auto gauge = [&families](const char* name, const char* help, double value) {
    families.Add(name, help, MetricType::Gauge, value);
  };
  families.Add("process_cpu_seconds_total", "CPU time used, user and system.", MetricType::Counter,
               process.cpu_seconds);
  gauge("process_start_time_seconds", "When the process started, since 1970.",
        process.start_time_seconds);
  gauge("process_resident_memory_bytes", "Memory in RAM.",
        static_cast<double>(process.resident_bytes));
  gauge("process_virtual_memory_bytes", "Memory mapped.",
        static_cast<double>(process.virtual_bytes));
  gauge("process_open_fds", "Open file descriptors.", static_cast<double>(process.open_files));
  gauge("process_max_fds", "Most file descriptors that may be open.",
        static_cast<double>(process.open_files_max));
  gauge("process_threads", "Threads.", static_cast<double>(process.threads));
  return families.Text();
}

}  // namespace meridian::io
