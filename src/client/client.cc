#include "client/client.h"

#include <algorithm>
#include <utility>

#include "io/clocks.h"
#include "node/client_layout.h"

namespace meridian::client {
namespace {

// How long a request waits for a connection that is not there (yet).
constexpr Duration kConnectGrace = std::chrono::milliseconds(300);
constexpr Duration kAskForLayout = std::chrono::seconds(2);
constexpr Duration kAskInDoubt = std::chrono::milliseconds(100);
// The id of those questions; calls have others.
constexpr std::uint64_t kLayoutId = UINT64_MAX;

std::string EndpointOf(const local::Node& node) {
  return "tcp://" + node.client.host + ':' + std::to_string(node.client.port);
}

node::ClientRequest RequestOf(node::Operation operation, std::string space, Bytes key) {
  node::ClientRequest request;
  request.operation = operation;
  request.space = std::move(space);
  request.key = std::move(key);
  return request;
}

}  // namespace

Result<std::unique_ptr<Client>> Client::Open(io::asio::io_context& loop,
                                             const local::Topology& topology,
                                             const ClientSettings& settings) {
  const local::Region* region = topology.FindRegion(settings.region);
  if (region == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, "the topology has no such region");
  }
  std::map<NodeId, std::string> endpoints;
  for (const local::Node& node : region->nodes) endpoints[node.id] = EndpointOf(node);
  std::unique_ptr<Client> client(new Client(loop, topology, settings));
  auto link = io::ClientLink::Open(
      loop, topology.epoch, endpoints,
      [raw = client.get()](NodeId from, std::uint64_t id, ByteView body) {
        if (id == kLayoutId) return raw->OnLayout(body);
        raw->calls_.Receive(io::Now().monotonic, from, id, body);
      },
      [raw = client.get()](NodeId node) { raw->Lose(node); },
      [raw = client.get()] { raw->EndTurn(); });
  if (!link) return link.failure();
  client->link_ = std::move(*link);
  client->SetAlarm();
  return client;
}

Client::Client(io::asio::io_context& loop, const local::Topology& topology,
               const ClientSettings& settings)
    : loop_(loop),
      topology_(topology),
      region_(settings.region),
      ask_at_(io::Now().monotonic + kAskForLayout),
      calls_(topology, settings.region, settings.max_in_flight, Random(settings.seed)),
      alarm_(loop),
      self_(std::make_shared<Client*>(this)) {}

Client::~Client() {
  self_.reset();
  if (link_) {
    for (const io::ClientLink::Unsent& unsent : link_->Expired(kNever)) {
      calls_.NeverSent(unsent.to, unsent.id);
    }
  }
  calls_.Abandon();
  for (Calls::Finished& done : calls_.TakeFinished()) {
    done.callback(std::move(done.answer), done.figures);
  }
}

void Client::Put(std::string space, Bytes key, Bytes value, Options options, Callback callback) {
  auto request = RequestOf(node::Operation::kPut, std::move(space), std::move(key));
  request.value = std::move(value);
  Start(std::move(request), std::move(options), std::move(callback));
}

void Client::Get(std::string space, Bytes key, Options options, Callback callback) {
  Start(RequestOf(node::Operation::kGet, std::move(space), std::move(key)), std::move(options),
        std::move(callback));
}

void Client::Delete(std::string space, Bytes key, Options options, Callback callback) {
  Start(RequestOf(node::Operation::kDelete, std::move(space), std::move(key)), std::move(options),
        std::move(callback));
}

void Client::Start(node::ClientRequest request, Options options, Callback callback) {
  request.level = options.level;
  request.replicas = options.replicas;
  request.sloppy = options.sloppy;
  request.context = std::move(options.context);
  calls_.Start(io::Now().monotonic, std::move(request), options.timeout, std::move(callback));
  if (turn_due_) return;
  turn_due_ = true;
  io::Post(loop_, [self = std::weak_ptr<Client*>(self_)] {
    if (const auto alive = self.lock()) (*alive)->EndTurn();
  });
}

// What was not sent to it yet goes elsewhere with nothing to doubt; what was sent may have been
// done.
void Client::Lose(NodeId node) {
  const Instant now = io::Now().monotonic;
  ReturnUnsent(now);
  calls_.Lost(now, node);
}

void Client::ReturnUnsent(Instant now) {
  for (const io::ClientLink::Unsent& unsent : link_->Expired(now)) {
    calls_.Undeliverable(now, unsent.to, unsent.id);
  }
}

void Client::AskForLayout(Instant now) {
  if (now < ask_at_) return;
  asked_at_ = now;
  ask_at_ = now + kAskForLayout;
  const auto& nodes = topology_.FindRegion(region_)->nodes;
  node::ClientRequest ask = RequestOf(node::Operation::kTopology, {}, std::to_string(view_));
  link_->Send(nodes[asked_++ % nodes.size()].id, kLayoutId, node::EncodeRequest(ask),
              now + kConnectGrace);
}

// An older release knows no such question: what it answers is no layout.
void Client::OnLayout(ByteView body) {
  const Result<node::ClientAnswer> answer = node::DecodeAnswer(body);
  if (!answer || answer->values.size() != 1) return;
  Result<node::ClientLayout> layout = node::DecodeClientLayout(answer->values.front(), region_);
  if (!layout || layout->view <= view_) return;
  for (const local::Node& node : layout->topology.FindRegion(region_)->nodes) {
    if (!link_->Connect(node.id, EndpointOf(node))) return;  // asked again
  }
  view_ = layout->view;
  topology_ = layout->topology;
  calls_.Follow(std::move(layout->topology), std::move(layout->table));
}

// Callbacks first: what they start leaves in the same frames. Calls that end at once (refused) are
// left to the next turn, so that a caller who repeats them cannot keep this one from ending.
void Client::EndTurn() {
  const Instant now = io::Now().monotonic;
  turn_due_ = true;  // a Start from here on is dealt with below
  ReturnUnsent(now);
  for (Calls::Finished& done : calls_.TakeFinished()) {
    done.callback(std::move(done.answer), done.figures);
  }
  if (calls_.TakeDoubt()) ask_at_ = std::min<Instant>(ask_at_, asked_at_ + kAskInDoubt);
  AskForLayout(now);
  for (Calls::Send& send : calls_.TakeSends()) {
    link_->Send(send.to, send.id, std::move(send.body), std::min(now + kConnectGrace, send.until));
  }
  link_->Flush();
  SetAlarm();
  turn_due_ = calls_.has_finished();
  if (turn_due_) {
    io::Post(loop_, [self = std::weak_ptr<Client*>(self_)] {
      if (const auto alive = self.lock()) (*alive)->EndTurn();
    });
  }
}

// Setting a timer costs more than a call does, so it is only ever moved forward; one that rings
// for a call that has ended does no harm.
void Client::SetAlarm() {
  const Instant next = std::min({calls_.NextDeadline(), link_->NextDeadline(), ask_at_});
  if (next >= alarm_at_) return;
  alarm_at_ = next;
  alarm_.At(next, [this] {
    alarm_at_ = kNever;
    const Instant now = io::Now().monotonic;
    ReturnUnsent(now);  // before the calls: what was never sent leaves no doubt
    calls_.Tick(now);
    EndTurn();
  });
}

}  // namespace meridian::client
