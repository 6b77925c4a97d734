#include "io/client_port.h"

#include <boost/asio/post.hpp>

#include "base/check.h"
#include "node/client_api.h"

namespace meridian::io {
namespace {

constexpr int kFramesAWake = 256;
// Requests take a turn of their own; refusals, of which a frame may cost tens of thousands, do not.
constexpr std::uint64_t kRequestsAWake = 16384;
constexpr std::size_t kAnswerOverhead = 64;
constexpr std::size_t kBytesAWake = std::size_t{32} << 20;
constexpr std::size_t kFrameBytesGoal = std::size_t{1} << 20;
// Beyond this many, clients without a request in flight are forgotten; they cost nothing to
// relearn.
constexpr std::size_t kClientsRemembered = 1024;
// More than a request of the largest value takes; the client library fills frames to 1 MiB.
constexpr std::size_t kRequestFrameMax = std::size_t{8} << 20;
// What was answered before a shutdown still leaves.
constexpr int kLingerMs = 500;

}  // namespace

Result<std::unique_ptr<ClientPort>> ClientPort::Open(asio::io_context& loop,
                                                     zmq::context_t& context, Options options,
                                                     Serve serve) {
  std::unique_ptr<ClientPort> port(new ClientPort(loop, std::move(options), std::move(serve)));
  auto router = ZmqSocket::Open(loop, context,
                                {.kind = ZmqSocket::Kind::kRouter,
                                 .send_mark = 256,
                                 .receive_mark = 32,
                                 .linger_ms = kLingerMs,
                                 .unsent_max = port->options_.unsent_max,
                                 .frame_max = kRequestFrameMax});
  if (!router) return router.failure();
  port->router_ = std::move(*router);
  if (Result<Done> bound = port->router_->Bind(port->options_.bind); !bound) {
    return bound.failure();
  }
  port->router_->OnWake([raw = port.get()] { raw->Drain(); });
  port->router_->Wait();
  return port;
}

ClientPort::ClientPort(asio::io_context& loop, Options options, Serve serve)
    : loop_(loop),
      options_(std::move(options)),
      serve_(std::move(serve)),
      self_(std::make_shared<ClientPort*>(this)) {}

void ClientPort::Drain() {
  std::size_t bytes = 0;
  zmq::message_t address;
  zmq::message_t part;
  bool drained = false;
  const std::uint64_t requests_max = counters_.requests + kRequestsAWake;
  for (int frames = 0;
       frames < kFramesAWake && bytes < kBytesAWake && counters_.requests < requests_max;
       ++frames) {
    drained = !router_->Receive(address);
    if (drained) break;
    if (!address.more() || !router_->Receive(part)) {
      ++counters_.frames_corrupt;
      continue;
    }
    router_->SkipRest(part);
    bytes += part.size();
    TakeFrame(Bytes(address.data<char>(), address.size()), {part.data<char>(), part.size()});
    if (queued_bytes_ > kFrameBytesGoal) Flush();  // refused at once: it must not pile up
  }
  if (drained) {
    router_->Wait();
  } else {
    DrainSoon();
  }
  Flush();
}

void ClientPort::DrainSoon() {
  if (std::exchange(drain_posted_, true)) return;
  asio::post(loop_, [self = std::weak_ptr<ClientPort*>(self_)] {
    const auto alive = self.lock();
    if (!alive) return;
    (*alive)->drain_posted_ = false;
    (*alive)->Drain();
  });
}

void ClientPort::TakeFrame(Bytes address, ByteView bytes) {
  Result<ClientFrame> frame = DecodeClientFrame(FrameKind::kRequests, bytes);
  if (!frame) {
    ++counters_.frames_corrupt;
    return;
  }
  Client& client = ClientOf(std::move(address));
  for (ClientItem& item : frame->items) Start(client, std::move(item));
}

ClientPort::Client& ClientPort::ClientOf(Bytes address) {
  const auto found = clients_.find(address);
  if (found != clients_.end()) return found->second;
  if (clients_.size() >= kClientsRemembered) {
    std::erase_if(clients_, [](const auto& entry) {
      return entry.second.in_flight == 0 && !entry.second.listed;
    });
  }
  Client& client = clients_[address];
  client.address = std::move(address);
  return client;
}

void ClientPort::Start(Client& client, ClientItem item) {
  ++counters_.requests;
  if (in_flight_ >= options_.requests_max) {
    ++counters_.overloaded;
    node::ClientAnswer refusal;
    refusal.status = node::Status::kOverloaded;
    refusal.message = "too many requests in flight; try again later";
    return Queue(client, {item.id, node::EncodeAnswer(refusal)});
  }
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[slot] = {&client, item.id};
  ++client.in_flight;
  ++in_flight_;
  // Small enough for std::function to hold without an allocation.
  serve_(std::move(item.body), [this, slot](Bytes answer) { Answer(slot, std::move(answer)); });
}

void ClientPort::Answer(std::uint32_t slot, Bytes body) {
  MERIDIAN_CHECK(slots_[slot].client != nullptr);
  const Slot done = std::exchange(slots_[slot], Slot{});
  free_slots_.push_back(slot);
  --in_flight_;
  --done.client->in_flight;
  Queue(*done.client, {done.id, std::move(body)});
}

void ClientPort::Queue(Client& client, ClientItem answer) {
  if (answer.body.size() > kFrameBytesMax - kFrameOverheadMax) {
    ++counters_.answers_dropped;
    return;
  }
  queued_bytes_ += answer.body.size() + kAnswerOverhead;
  client.answers.push_back(std::move(answer));
  if (!client.listed) dirty_.push_back(&client);
  client.listed = true;
}

void ClientPort::Flush() {
  if (dirty_.empty()) return;
  queued_bytes_ = 0;
  for (Client* client : dirty_) FlushClient(*client);
  dirty_.clear();
  // A send may have swallowed the wake of a request that has just arrived.
  if (router_->Readable()) DrainSoon();
}

void ClientPort::FlushClient(Client& client) {
  client.listed = false;
  std::span<const ClientItem> rest(client.answers);
  while (!rest.empty()) {
    const std::size_t count = ItemsForFrame(
        rest, kFrameBytesGoal, [](const ClientItem& item) { return item.body.size(); });
    Bytes frame = EncodeClientFrame(FrameKind::kAnswers, options_.epoch, rest.first(count));
    if (router_->SendTo(client.address, std::move(frame), client.unsent,
                        options_.client_unsent_max) != ZmqSocket::Sent::kDone) {
      counters_.answers_dropped += rest.size();
      break;
    }
    rest = rest.subspan(count);
  }
  client.answers.clear();
}

}  // namespace meridian::io
