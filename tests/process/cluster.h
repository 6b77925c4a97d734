// A whole system of real processes for one test: three regions of three nodes and a gateway each,
// unless told otherwise.
//
//     Cluster cluster;
//     ASSERT_TRUE(cluster.Up());
//     EXPECT_EQ(cluster.Meridian({"put", "cart", "milk"}).code, 0);
//     EXPECT_TRUE(Eventually([&] { return cluster.Get("eu-west", "cart").status == 200; }));
//
// Everything is in a temporary directory and on ports of its own; whatever happens, the end of the
// object stops every process and removes the directory. If the test has failed by then, the ends of
// all logs are shown first.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "io/http_client.h"
#include "local/topology.h"

namespace meridian::process_tests {

// Whether it becomes true in time; asks again and again.
bool Eventually(const std::function<bool()>& condition,
                std::chrono::seconds patience = std::chrono::seconds(30));

// An empty one, of temporary files.
std::string NewDirectory();
// The start of the first hundred ports that nobody listens on.
std::uint16_t FreePorts();

class Cluster {
 public:
  struct Ended {
    int code = -1;
    std::string output;  // both outputs
  };

  explicit Cluster(std::vector<std::string> regions = {"us-east", "eu-west", "ap-south"},
                   std::size_t nodes = 3);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Starts what does not run and waits until it is ready. The WAN is 5 ms long.
  bool Up();
  // Runs `meridian` to its end.
  Ended Meridian(const std::vector<std::string>& arguments) const {
    return Run("meridian", arguments);
  }
  // Runs `meridian-bench` to its end.
  Ended Bench(const std::vector<std::string>& arguments) const {
    return Run("meridian-bench", arguments);
  }

  // Runs a line of an operator, with `meridian` in the PATH and MERIDIAN_HOME set.
  Ended Shell(const std::string& line) const;

  // Over HTTP, at the first node of a region. Status 0: no answer.
  io::HttpReply Get(const std::string& region, const std::string& key) const;
  io::HttpReply Put(const std::string& region, const std::string& key, const std::string& value,
                    const std::string& context = "") const;
  io::HttpReply Delete(const std::string& region, const std::string& key,
                       const std::string& context = "") const;

  // Asks a node, counted from 1.
  io::HttpReply Ask(const std::string& region, std::size_t node, const io::HttpCall& call) const {
    return Fetch(region, call, node);
  }
  // GET of its own page: "/status", "/metrics".
  io::HttpReply Page(const std::string& region, std::size_t node, const std::string& path) const;

  // Writes so many records of about 200 bytes, in the format "lines"; the file's name.
  std::string WriteRecords(std::size_t count, const std::string& prefix = "record") const;
  // A number of a process's /status, or 0. "hints/rows" is a field of a field.
  std::uint64_t StatusNumber(const std::string& process, const std::string& field) const;

  const std::string& directory() const { return directory_; }
  std::string topology_file() const { return directory_ + "/topology.yaml"; }
  // HTTP of the first region's nodes is on the ports after this.
  std::uint16_t base_port() const { return base_port_; }

 private:
  Ended Run(const std::string& binary, const std::vector<std::string>& arguments) const;
  static Ended Execute(const std::string& command);
  std::string TopologyText() const;
  io::HttpReply Fetch(const std::string& region, const io::HttpCall& call,
                      std::size_t node = 1) const;

  std::string directory_;
  std::vector<std::string> regions_;
  std::size_t nodes_;
  std::uint16_t base_port_ = 0;
};

}  // namespace meridian::process_tests
