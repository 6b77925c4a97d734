#include "io/wan_listener.h"

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "io/zstd_stream.h"

namespace meridian::io {

namespace {

using boost::system::error_code;
using namespace std::chrono_literals;

constexpr std::size_t kConnectionsMax = 64;
constexpr auto kHelloLimit = 5s;
constexpr std::size_t kReadBytes = std::size_t{64} << 10;

}  // namespace

// One accepted connection. Closed, it touches nothing of its listener any more.
class WanListener::Accepted : public std::enable_shared_from_this<Accepted> {
 public:
  Accepted(std::shared_ptr<WanListener> listener, tcp::socket socket)
      : listener_(std::move(listener)), socket_(std::move(socket)), timer_(listener_->io_) {}

  void Start();
  void Close(const std::string& reason);
  // Whether this is a welcomed connection of `peer`.
  bool IsOf(ProcessId peer) const { return peer_ == peer; }

 private:
  void Read();
  // Takes one hello or frame off `received_`; false when there is none, or the end has come.
  bool Take();
  bool TakeHello();
  bool TakeFrame();
  void Welcome(const WanHello& hello);
  void Refuse(WanVerdict verdict, const std::string& reason);
  void CloseCorrupt(const std::string& reason);
  std::string Name() const;
  ReceiveFigures& figures() { return listener_->figures_[*peer_]; }

  std::shared_ptr<WanListener> listener_;
  tcp::socket socket_;
  asio::steady_timer timer_;  // until the hello
  bool closed_ = false;
  bool refused_ = false;
  std::optional<ProcessId> peer_;  // once welcomed
  std::uint8_t verdict_ = 0;
  std::array<char, kReadBytes> chunk_;
  Bytes received_;  // and not yet taken, from taken_ on
  std::size_t taken_ = 0;
  Decompressor decompressor_{kBatchBytesMax};
  Bytes plain_;
};

void WanListener::Accepted::Start() {
  Tune(socket_);
  timer_.expires_after(kHelloLimit);
  timer_.async_wait([this, self = shared_from_this()](const error_code& error) {
    if (!error && !closed_ && !peer_) Close("no hello in time");
  });
  Read();
}

void WanListener::Accepted::Close(const std::string& reason) {
  if (closed_) return;
  closed_ = true;
  const auto self = shared_from_this();
  listener_->log_.Write(Severity::kInfo, "wan connection from " + Name() + " closed: " + reason);
  if (peer_) {
    figures().connected = false;
  } else {
    ++listener_->refused_;
  }
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  listener_->connections_.erase(self);
  listener_.reset();
}

std::string WanListener::Accepted::Name() const {
  if (peer_) return ToString(*peer_);
  error_code error;
  const tcp::endpoint remote = socket_.remote_endpoint(error);
  return error ? "a peer that is gone" : ToString({remote.address().to_string(), remote.port()});
}

void WanListener::Accepted::Read() {
  socket_.async_read_some(asio::buffer(chunk_), [this, self = shared_from_this()](
                                                    const error_code& error, std::size_t bytes) {
    if (closed_ || refused_) return;
    if (error) return Close(error.message());
    received_.append(chunk_.data(), bytes);
    if (peer_) figures().bytes += bytes;
    while (Take()) {
    }
    if (closed_ || refused_) return;
    received_.erase(0, taken_);
    taken_ = 0;
    Read();
  });
}

bool WanListener::Accepted::Take() {
  return peer_ ? TakeFrame() : TakeHello();
}

bool WanListener::Accepted::TakeHello() {
  const auto hello = ParseHello(ByteView(received_).substr(taken_));
  if (!hello) {
    if (hello.error().code == ErrorCode::kUnsupportedVersion) {
      Refuse(WanVerdict::kOtherVersion, hello.error().message);
    } else {
      Close(hello.error().message);
    }
    return false;
  }
  if (!*hello) return false;
  const auto& [said, size] = **hello;
  taken_ += size;
  const WanVerdict verdict = listener_->Judge(said);
  if (verdict == WanVerdict::kWelcome) {
    Welcome(said);
    return true;
  }
  Refuse(verdict, "its hello was from " + ToString(said.from) + " to " + ToString(said.to) +
                      ", and this is " + ToString(listener_->options_.self));
  return false;
}

void WanListener::Accepted::Welcome(const WanHello& hello) {
  timer_.cancel();
  std::vector<std::shared_ptr<Accepted>> replaced;
  for (const auto& other : listener_->connections_) {
    if (other->IsOf(hello.from)) replaced.push_back(other);
  }
  for (const auto& other : replaced) other->Close("it connected again");
  peer_ = hello.from;
  figures().connected = true;
  figures().bytes += received_.size();
  listener_->log_.Write(Severity::kInfo, "wan connection from " + ToString(hello.from) +
                                             " welcomed, epoch " +
                                             std::to_string(hello.epoch.value));
  verdict_ = static_cast<std::uint8_t>(WanVerdict::kWelcome);
  asio::async_write(socket_, asio::buffer(&verdict_, 1),
                    [self = shared_from_this()](const error_code&, std::size_t) {});
}

void WanListener::Accepted::Refuse(WanVerdict verdict, const std::string& reason) {
  refused_ = true;
  verdict_ = static_cast<std::uint8_t>(verdict);
  asio::async_write(
      socket_, asio::buffer(&verdict_, 1),
      [this, self = shared_from_this(), reason](const error_code&, std::size_t) { Close(reason); });
}

bool WanListener::Accepted::TakeFrame() {
  const auto frame = ParseFrame(ByteView(received_).substr(taken_));
  if (!frame) {
    CloseCorrupt(frame.error().message);
    return false;
  }
  if (!*frame) return false;
  const auto& [compressed, size] = **frame;
  if (const auto done = decompressor_.Decompress(compressed, plain_); !done) {
    CloseCorrupt(done.error().message);
    return false;
  }
  taken_ += size;
  const auto bodies = SplitBatch(plain_);
  if (!bodies) {
    CloseCorrupt(bodies.error().message);
    return false;
  }
  figures().messages += bodies->size();
  figures().plain_bytes += plain_.size();
  for (const ByteView body : *bodies) {
    if (closed_) return false;  // the inbox stopped us
    listener_->inbox_(Message{*peer_, listener_->options_.self, Bytes(body)});
  }
  return !closed_;
}

void WanListener::Accepted::CloseCorrupt(const std::string& reason) {
  ++figures().corrupt;
  listener_->log_.Write(Severity::kError, "wan connection from " + Name() + " brought " + reason);
  Close("what it brings cannot be read");
}

WanListener::WanListener(asio::io_context& io, Options options, Inbox inbox, Log& log)
    : io_(io),
      options_(std::move(options)),
      inbox_(std::move(inbox)),
      log_(log),
      accept_loop_(std::make_shared<AcceptLoop>(
          io, options_.listen, [this](tcp::socket socket) { Take(std::move(socket)); })) {}

Result<Done> WanListener::Start() {
  return accept_loop_->Start();
}

void WanListener::Stop() {
  accept_loop_->Stop();
  while (!connections_.empty()) {
    const std::shared_ptr<Accepted> connection = *connections_.begin();
    connection->Close("this process stops");
  }
}

void WanListener::Take(tcp::socket socket) {
  if (connections_.size() >= kConnectionsMax) {
    ++refused_;
    log_.Write(Severity::kWarning, "wan connection refused: there are 64 already");
    return;
  }
  const auto connection = std::make_shared<Accepted>(shared_from_this(), std::move(socket));
  connections_.insert(connection);
  connection->Start();
}

WanVerdict WanListener::Judge(const WanHello& hello) const {
  if (hello.to != options_.self) return WanVerdict::kNotMe;
  return options_.known.contains(hello.from) ? WanVerdict::kWelcome : WanVerdict::kUnknown;
}

}  // namespace meridian::io
