#include "client/blocking_client.h"

#include <future>

namespace meridian::client {

Result<std::unique_ptr<BlockingClient>> BlockingClient::Open(const local::Topology& topology,
                                                             const ClientSettings& settings) {
  std::unique_ptr<BlockingClient> blocking(new BlockingClient);
  std::promise<Result<Done>> opened;
  blocking->thread_.Post([&] {
    auto client = Client::Open(blocking->thread_.context(), topology, settings);
    if (client) blocking->client_ = std::move(*client);
    opened.set_value(client ? Result<Done>(Done{}) : Result<Done>(client.failure()));
  });
  if (Result<Done> result = opened.get_future().get(); !result) return result.failure();
  return blocking;
}

BlockingClient::~BlockingClient() {
  std::promise<void> closed;
  thread_.Post([&] {
    client_.reset();
    closed.set_value();
  });
  closed.get_future().wait();
}

node::ClientAnswer BlockingClient::Await(const std::function<void(Client&, Callback)>& start) {
  std::promise<node::ClientAnswer> promise;
  thread_.Post([&] {
    start(*client_, [&promise](node::ClientAnswer answer, CallFigures) {
      promise.set_value(std::move(answer));
    });
  });
  return promise.get_future().get();
}

node::ClientAnswer BlockingClient::Put(const std::string& space, const Bytes& key,
                                       const Bytes& value, const Options& options) {
  return Await([&](Client& client, Callback callback) {
    client.Put(space, key, value, options, std::move(callback));
  });
}

node::ClientAnswer BlockingClient::Get(const std::string& space, const Bytes& key,
                                       const Options& options) {
  return Await([&](Client& client, Callback callback) {
    client.Get(space, key, options, std::move(callback));
  });
}

node::ClientAnswer BlockingClient::Delete(const std::string& space, const Bytes& key,
                                          const Options& options) {
  return Await([&](Client& client, Callback callback) {
    client.Delete(space, key, options, std::move(callback));
  });
}

ClientFigures BlockingClient::Figures() {
  std::promise<ClientFigures> promise;
  thread_.Post([&] { promise.set_value(client_->figures()); });
  return promise.get_future().get();
}

}  // namespace meridian::client
