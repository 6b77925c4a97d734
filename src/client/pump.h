// Makes many calls in one region, so many at a time, with a progress bar: what load and verify
// share.
//
//     Pump pump(topology, {.region = eu_west, .window = 256}, "verify eu-west");
//     pump.Run(records.size(), [&](Client& client, std::size_t index, auto done) {
//       client.Get("packages", records[index].key, {}, [done](auto answer, auto) { ...; done(); });
//     });
//
// Runs on the caller's thread until all are done, SIGINT or SIGTERM comes, or it is hopeless: no
// call has ended for `patience`.

#pragma once

#include <functional>
#include <string>

#include "client/client.h"
#include "client/progress.h"

namespace meridian::client {

class Pump {
 public:
  struct Settings {
    RegionId region;
    std::size_t window = 256;  // calls in flight
    Duration patience = std::chrono::seconds(15);
  };
  // Starts the call of an index, and sees to it that `done` is called once, after it.
  using Start = std::function<void(Client&, std::size_t index, std::function<void()> done)>;

  struct Figures {
    ClientFigures client;
    Duration took{};
    bool interrupted = false;
    bool gave_up = false;  // some calls were never started, others given up
  };

  Pump(const local::Topology& topology, Settings settings, std::string label);
  // May be called again, for what is left to do.
  Result<Figures> Run(std::size_t count, const Start& start);
  // For Start and its callbacks: the rest is hopeless. Run ends soon, with calls that never
  // started.
  void GiveUp() { give_up_ = true; }
  // Calls that end from then on, or from an interruption on, were given up, whatever their answer
  // says.
  bool has_given_up() const { return give_up_; }

 private:
  const local::Topology& topology_;
  Settings settings_;
  std::string label_;
  bool give_up_ = false;
};

}  // namespace meridian::client
