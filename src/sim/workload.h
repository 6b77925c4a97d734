// Clients of every region: each does one thing at a time, on few keys, so that writes meet.
//
//     put, get, delete at a random node of the region, at any level
//     presenting its own last token, another client's latest, an old one, or none
//     its link loses requests and answers; it tries again, or gives up not knowing
//
// Writes the history. Knows the ring only to note which requests may have been done twice.

#pragma once

#include <map>
#include <vector>

#include "base/random.h"
#include "sim/history.h"
#include "sim/sim_cluster.h"

namespace meridian::sim {

struct WorkloadOptions {
  std::size_t clients = 3;  // a region
  std::size_t keys = 3;     // a namespace
  Duration think_max = std::chrono::milliseconds(600);
  double loss = 0;             // of a request or of an answer, on the client's link
  std::uint64_t gets = 40;     // of a hundred operations
  std::uint64_t deletes = 12;  // likewise
};

WorkloadOptions DrawWorkload(Random& random);

class Workload {
 public:
  // `cluster` outlives this.
  Workload(SimCluster& cluster, WorkloadOptions options, Random random);

  void Start();
  // No new operations; those that run come to their end.
  // Nodes may disagree for a moment on who is a primary: any request may be forwarded.
  void ExpectRepeats() { repeats_ = true; }
  void Stop() { stopped_ = true; }
  bool idle() const { return busy_ == 0; }

  const History& history() const { return history_; }

 private:
  struct Client {
    RegionId region;
    std::map<KeyName, std::size_t> last_token;  // the op it came from
  };
  // One try of an operation; answers to others are ignored.
  struct Try {
    std::size_t client = 0;
    std::size_t op = 0;
    std::size_t number = 0;
    node::ClientRequest request;
  };

  void Think(std::size_t client);
  void Begin(std::size_t client);
  node::ClientRequest DrawRequest(std::size_t client);
  void DrawLevel(node::ClientRequest& request);
  std::optional<std::size_t> DrawToken(const Client& client, const KeyName& key);
  std::size_t ReplicasOf(RegionId region, const std::string& space) const;
  std::size_t CopiesOf(const node::ClientRequest& request, RegionId region) const;
  void NoteIfPassedOn(Op& op, ProcessId node) const;
  ProcessId DrawNode(Op& op, const KeyName& key);
  void Send(Try attempt);
  void OnAnswer(const Try& attempt, const node::ClientAnswer& answer);
  void OnSilence(const Try& attempt);
  void Finish(const Try& attempt);
  bool IsCurrent(const Try& attempt) const;

  SimCluster& cluster_;
  WorkloadOptions options_;
  Random random_;
  History history_;
  std::vector<Client> clients_;
  std::vector<std::size_t> tries_;                      // by op: the number of the try that counts
  std::map<KeyName, std::vector<std::size_t>> tokens_;  // ops whose answers carried one
  std::size_t busy_ = 0;
  bool stopped_ = false;
  bool repeats_ = false;
};

}  // namespace meridian::sim
