#include "io/zmq_ring.h"

#include <boost/asio/post.hpp>

#include "base/check.h"

namespace meridian::io {
namespace {

// For the goodbyes of a process that ends.
constexpr int kGoodbyeMs = 300;

// More than this waits for the machine's next turn, so that a flood cannot fill memory.
constexpr int kRingFramesAWake = 256;
constexpr std::size_t kRingBytesAWake = std::size_t{32} << 20;
// Frames are cut about here, so that a long queue does not stall a peer's small messages.
constexpr std::size_t kRingFrameGoal = std::size_t{1} << 20;

}  // namespace

Result<std::unique_ptr<ZmqRing>> ZmqRing::Open(asio::io_context& loop, zmq::context_t& context,
                                               Options options, Inbox inbox) {
  std::unique_ptr<ZmqRing> ring(new ZmqRing(loop, context, std::move(options), std::move(inbox)));
  // A finite receive mark is safe here: each connection to a bound socket has its own session.
  auto router = ZmqSocket::Open(
      loop, context, {.kind = ZmqSocket::Kind::kRouter, .send_mark = 1, .receive_mark = 256});
  if (!router) return router.failure();
  ring->router_ = std::move(*router);
  if (Result<Done> bound = ring->router_->Bind(ring->options_.bind); !bound) {
    return bound.failure();
  }
  ring->router_->OnWake([raw = ring.get()] { raw->Drain(); });
  ring->router_->Wait();
  return ring;
}

ZmqRing::ZmqRing(asio::io_context& loop, zmq::context_t& context, Options options, Inbox inbox)
    : loop_(loop),
      context_(context),
      options_(std::move(options)),
      inbox_(std::move(inbox)),
      self_(std::make_shared<ZmqRing*>(this)) {
  for (const auto& [process, endpoint] : options_.peers) peers_[process].endpoint = endpoint;
}

void ZmqRing::SetPeers(const std::map<ProcessId, std::string>& peers) {
  std::erase_if(peers_, [&](const auto& known) {
    const auto wanted = peers.find(known.first);
    if (wanted != peers.end() && wanted->second == known.second.endpoint) return false;
    std::erase(dirty_, &known.second);
    counters_.messages_dropped += known.second.queue.size();
    return true;
  });
  for (const auto& [process, endpoint] : peers) peers_[process].endpoint = endpoint;
}

void ZmqRing::Send(Message message) {
  const auto found = peers_.find(message.to);
  if (found == peers_.end() || message.body.size() > kFrameBytesMax - kFrameOverheadMax) {
    ++counters_.messages_dropped;
    return;
  }
  Peer& peer = found->second;
  if (!peer.queue.empty() && peer.view != message.view) {
    if (!peer.blocked) FlushPeer(peer);
    if (!peer.queue.empty()) DropQueue(peer);  // of a view that is over: it would be refused
  }
  peer.view = message.view;
  if ((peer.blocked || peer.congested) &&
      peer.queue_bytes + message.body.size() > options_.queue_bytes_max) {
    DropQueue(peer);
  }
  peer.queue_bytes += message.body.size() + sizeof(Bytes);
  peer.queue.push_back(std::move(message.body));
  if (!peer.listed) dirty_.push_back(&peer);
  peer.listed = true;
}

void ZmqRing::Flush() {
  for (Peer* peer : std::exchange(dirty_, {})) {
    peer->listed = false;
    if (!peer->blocked) FlushPeer(*peer);
    if (peer->congested && !std::exchange(peer->listed, true)) dirty_.push_back(peer);
  }
}

bool ZmqRing::Connect(Peer& peer) {
  auto dealer =
      ZmqSocket::Open(loop_, context_, {.kind = ZmqSocket::Kind::kDealer, .linger_ms = kGoodbyeMs});
  if (!dealer || !(*dealer)->Connect(peer.endpoint)) return false;
  peer.dealer = std::move(*dealer);
  peer.dealer->OnWake([this, &peer] { OnWritable(peer); });
  return true;
}

void ZmqRing::FlushPeer(Peer& peer) {
  if (!peer.dealer && !Connect(peer)) return DropQueue(peer);
  std::span<const Bytes> rest(peer.queue);
  peer.congested = false;
  while (!rest.empty()) {
    const std::size_t count =
        ItemsForFrame(rest, kRingFrameGoal, [](const Bytes& body) { return body.size(); });
    const auto sent =
        peer.dealer->Send(EncodePeerFrame(peer.view, options_.self, rest.first(count)));
    peer.congested = sent == ZmqSocket::Sent::kTooMuch;
    if (sent != ZmqSocket::Sent::kDone) break;
    ++counters_.frames_sent;
    counters_.messages_sent += count;
    rest = rest.subspan(count);
  }
  if (!rest.empty() && !peer.congested) {
    peer.blocked = true;
    peer.dealer->Wait();
  }
  const auto left = static_cast<std::ptrdiff_t>(rest.size());
  peer.queue.erase(peer.queue.begin(), peer.queue.end() - left);
  peer.queue_bytes = 0;
  for (const Bytes& body : peer.queue) peer.queue_bytes += body.size() + sizeof(Bytes);
  const bool waits = peer.blocked || peer.congested;
  if (waits && peer.queue_bytes > options_.queue_bytes_max) DropQueue(peer);
}

void ZmqRing::OnWritable(Peer& peer) {
  if (!peer.dealer->Writable()) return peer.dealer->Wait();
  peer.blocked = false;
  FlushPeer(peer);
}

void ZmqRing::DropQueue(Peer& peer) {
  counters_.messages_dropped += peer.queue.size();
  peer.queue.clear();
  peer.queue_bytes = 0;
}

void ZmqRing::Drain() {
  std::size_t bytes = 0;
  zmq::message_t part;
  for (int frames = 0; frames < kRingFramesAWake && bytes < kRingBytesAWake; ++frames) {
    if (!router_->Receive(part)) return router_->Wait();
    if (!part.more()) {  // an address without a frame
      ++counters_.frames_corrupt;
      continue;
    }
    if (!router_->Receive(part)) return router_->Wait();
    router_->SkipRest(part);
    bytes += part.size();
    TakeFrame({part.data<char>(), part.size()});
  }
  asio::post(loop_, [self = std::weak_ptr<ZmqRing*>(self_)] {
    if (const auto alive = self.lock()) (*alive)->Drain();
  });
}

void ZmqRing::TakeFrame(ByteView bytes) {
  Result<PeerFrame> frame = DecodePeerFrame(bytes);
  if (!frame) {
    const bool corrupt = frame.error().code == ErrorCode::kCorrupt;
    ++(corrupt ? counters_.frames_corrupt : counters_.frames_unknown);
    return;
  }
  if (!peers_.contains(frame->from)) {
    ++counters_.frames_unknown;
    return;
  }
  ++counters_.frames_received;
  counters_.messages_received += frame->bodies.size();
  for (Bytes& body : frame->bodies) {
    inbox_({frame->from, options_.self, std::move(body), frame->view});
  }
}

}  // namespace meridian::io
