#include "io/wan_link.h"

#include <utility>

namespace meridian::io {

WanLink::WanLink(asio::io_context& io, Options options, Inbox inbox, Random random, Log& log) {
  std::set<ProcessId> known;
  for (const auto& [peer, address] : options.peers) {
    known.insert(peer);
    const WanDialer::Options dial{.hello = {options.self, peer, options.epoch},
                                  .address = address,
                                  .compression = options.compression,
                                  .queue_bytes_max = options.queue_bytes_max};
    dialers_.emplace(peer, std::make_shared<WanDialer>(io, dial, random.Fork(), log));
  }
  listener_ = std::make_shared<WanListener>(
      io,
      WanListener::Options{
          .self = options.self, .listen = options.listen, .known = std::move(known)},
      std::move(inbox), log);
}

WanLink::~WanLink() {
  listener_->Stop();
  for (const auto& [peer, dialer] : dialers_) dialer->Stop();
}

Result<Done> WanLink::Start() {
  if (Result<Done> listening = listener_->Start(); !listening) return listening;
  for (const auto& [peer, dialer] : dialers_) dialer->Start();
  return Done{};
}

void WanLink::Send(Message message) {
  const auto dialer = dialers_.find(message.to);
  if (dialer == dialers_.end()) {
    ++unroutable_;
  } else {
    dialer->second->Send(std::move(message.body));
  }
}

void WanLink::Flush() {
  for (const auto& [peer, dialer] : dialers_) dialer->Flush();
}

std::vector<LinkFigures> WanLink::Figures() const {
  std::vector<LinkFigures> all;
  for (const auto& [peer, dialer] : dialers_) {
    const SendFigures& sent = dialer->figures();
    const auto found = listener_->figures().find(peer);
    const ReceiveFigures got =
        found == listener_->figures().end() ? ReceiveFigures{} : found->second;
    all.push_back({.peer = peer,
                   .connected = sent.connected,
                   .reconnects = sent.connects > 0 ? sent.connects - 1 : 0,
                   .bytes_sent = sent.bytes,
                   .plain_bytes_sent = sent.plain_bytes,
                   .messages_sent = sent.messages,
                   .drops = sent.drops,
                   .queued_bytes = sent.queued_bytes,
                   .heard = got.connected,
                   .bytes_received = got.bytes,
                   .plain_bytes_received = got.plain_bytes,
                   .messages_received = got.messages,
                   .corrupt = got.corrupt});
  }
  return all;
}

}  // namespace meridian::io
