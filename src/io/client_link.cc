#include "io/client_link.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/check.h"

namespace meridian::io {
namespace {

constexpr int kAnswersAWake = 64;
constexpr std::size_t kRequestBytesGoal = std::size_t{1} << 20;

}  // namespace

Result<std::unique_ptr<ClientLink>> ClientLink::Open(asio::io_context& loop, Epoch epoch,
                                                     const std::map<NodeId, std::string>& endpoints,
                                                     Arrived arrived, Lost lost,
                                                     std::function<void()> turn_over) {
  std::unique_ptr<ClientLink> link(
      new ClientLink(loop, epoch, std::move(arrived), std::move(lost), std::move(turn_over)));
  for (const auto& [node, endpoint] : endpoints) {
    if (Result<Done> connecting = link->Connect(node, endpoint); !connecting) {
      return connecting.failure();
    }
  }
  return link;
}

Result<Done> ClientLink::Connect(NodeId node, const std::string& endpoint) {
  const auto [at, is_new] = peers_.try_emplace(node);
  if (!is_new && at->second.endpoint == endpoint) return Done{};
  at->second.endpoint = endpoint;
  if (!is_new) {
    // Not now: this may be a call of that very socket.
    asio::post(loop_, [self = std::weak_ptr<ClientLink*>(self_), node] {
      if (const auto alive = self.lock()) (*alive)->Redial(node);
    });
    return Done{};
  }
  Result<Done> dialled = Dial(node, at->second);
  if (!dialled) peers_.erase(at);
  return dialled;
}

void ClientLink::Redial(NodeId node) {
  Peer& peer = peers_.at(node);
  peer.monitor.reset();
  peer.socket.reset();
  peer.lost = false;
  lost_(node);
  turn_over_();
}

Result<Done> ClientLink::Dial(NodeId node, Peer& peer) {
  auto socket = ZmqSocket::Open(loop_, context_, {.kind = ZmqSocket::Kind::kDealer});
  if (!socket) return socket.failure();
  (*socket)->OnWake([this, node, &peer] { Drain(node, peer); });
  auto monitor =
      ZmqMonitor::Open(loop_, context_, (*socket)->handle(),
                       [this, node, &peer](bool connected) { OnNews(node, peer, connected); });
  if (!monitor) return monitor.failure();
  if (auto connecting = (*socket)->Connect(peer.endpoint); !connecting) return connecting;
  peer.socket = std::move(*socket);
  peer.monitor = std::move(*monitor);
  peer.socket->Wait();
  return Done{};
}

ClientLink::ClientLink(asio::io_context& loop, Epoch epoch, Arrived arrived, Lost lost,
                       std::function<void()> turn_over)
    : loop_(loop),
      epoch_(epoch),
      arrived_(std::move(arrived)),
      lost_(std::move(lost)),
      turn_over_(std::move(turn_over)),
      context_(1),
      self_(std::make_shared<ClientLink*>(this)) {}

void ClientLink::Send(NodeId to, std::uint64_t id, Bytes body, Instant keep_until) {
  const auto peer = peers_.find(to);
  MERIDIAN_CHECK(peer != peers_.end());
  peer->second.waiting.push_back({{id, std::move(body)}, keep_until});
}

void ClientLink::Flush() {
  for (auto& [node, peer] : peers_) FlushPeer(node, peer);
}

void ClientLink::FlushPeer(NodeId node, Peer& peer) {
  if (peer.waiting.empty() || peer.lost) return;
  if (!peer.socket && !Dial(node, peer)) return;  // tried again with the next
  std::size_t sent = 0;
  while (sent < peer.waiting.size() && peer.socket->Writable()) {
    const std::span<const Waiting> rest = std::span(peer.waiting).subspan(sent);
    const std::size_t count = ItemsForFrame(
        rest, kRequestBytesGoal, [](const Waiting& waiting) { return waiting.item.body.size(); });
    std::vector<ClientItem> items;
    items.reserve(count);
    for (std::size_t i = sent; i < sent + count; ++i) {
      items.push_back(std::move(peer.waiting[i].item));
    }
    Bytes frame = EncodeClientFrame(FrameKind::kRequests, epoch_, items);
    if (peer.socket->Send(std::move(frame)) != ZmqSocket::Sent::kDone) {
      for (std::size_t i = 0; i < count; ++i) peer.waiting[sent + i].item = std::move(items[i]);
      break;
    }
    sent += count;
  }
  peer.waiting.erase(peer.waiting.begin(),
                     peer.waiting.begin() + static_cast<std::ptrdiff_t>(sent));
  // The send may have swallowed the wake of an answer.
  if (peer.socket->Readable()) {
    asio::post(loop_, [self = std::weak_ptr<ClientLink*>(self_), node, &peer] {
      if (const auto alive = self.lock()) (*alive)->Drain(node, peer);
    });
  }
}

void ClientLink::Drain(NodeId node, Peer& peer) {
  if (!peer.socket) return;  // posted before it was to be dialled anew
  zmq::message_t part;
  bool drained = false;
  for (int frames = 0; frames < kAnswersAWake && !drained; ++frames) {
    drained = !peer.socket->Receive(part);
    if (drained) break;
    const bool whole = !part.more();
    peer.socket->SkipRest(part);
    if (!whole) continue;
    Result<ClientFrame> frame =
        DecodeClientFrame(FrameKind::kAnswers, {part.data<char>(), part.size()});
    if (!frame) continue;  // its requests will time out
    for (const ClientItem& item : frame->items) arrived_(node, item.id, item.body);
  }
  if (drained) {
    peer.socket->Wait();
  } else {
    asio::post(loop_, [self = std::weak_ptr<ClientLink*>(self_), node, &peer] {
      if (const auto alive = self.lock()) (*alive)->Drain(node, peer);
    });
  }
  FlushPeer(node, peer);  // the wake may have meant that the node is connected now
  turn_over_();
}

// Answers that came before a loss count; what was not sent yet is given back.
void ClientLink::OnNews(NodeId node, Peer& peer, bool connected) {
  peer.lost = !connected;
  Drain(node, peer);
  if (connected) return;
  lost_(node);
  turn_over_();
}

std::vector<ClientLink::Unsent> ClientLink::Expired(Instant now) {
  std::vector<Unsent> expired;
  for (auto& [node, peer] : peers_) {
    std::erase_if(peer.waiting, [&, id = node](const Waiting& waiting) {
      if (waiting.keep_until > now && !peer.lost) return false;
      expired.push_back({id, waiting.item.id});
      return true;
    });
  }
  return expired;
}

Instant ClientLink::NextDeadline() const {
  Instant next = kNever;
  for (const auto& [node, peer] : peers_) {
    for (const Waiting& waiting : peer.waiting) {
      next = std::min(next, peer.lost ? Instant{} : waiting.keep_until);
    }
  }
  return next;
}

}  // namespace meridian::io
