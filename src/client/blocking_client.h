// The client library for code that waits: the same calls, each returning its answer.
//
//     auto client = BlockingClient::Open(topology, {.region = us_east});
//     const node::ClientAnswer answer = (*client)->Get("default", "cart");
//     (*client)->Put("default", "cart", "milk, eggs", {.context = answer.context});
//
// May be shared by threads; each waits for its own call. The work is done by one thread inside.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/client.h"

namespace meridian::client {

class BlockingClient {
 public:
  static Result<std::unique_ptr<BlockingClient>> Open(const local::Topology& topology,
                                                      const ClientSettings& settings);
  ~BlockingClient();

  node::ClientAnswer Put(const std::string& space, const Bytes& key, const Bytes& value,
                         const Options& options = {});
  node::ClientAnswer Get(const std::string& space, const Bytes& key, const Options& options = {});
  node::ClientAnswer Delete(const std::string& space, const Bytes& key,
                            const Options& options = {});
  ClientFigures Figures();

 private:
  BlockingClient() = default;
  // Runs `start` on the thread inside, with a callback, and waits for that.
  node::ClientAnswer Await(const std::function<void(Client&, Callback)>& start);

  io::LoopThread thread_;
  std::unique_ptr<Client> client_;  // belongs to thread_
};

}  // namespace meridian::client
