#include "io/wan_dialer.h"

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace meridian::io {

namespace {

using boost::system::error_code;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kDialLimit = 5s;  // from the name's resolution to the welcome
constexpr auto kWaitMin = 50ms;
constexpr auto kWaitMax = 2000ms;
constexpr auto kStable = 2s;  // a connection that lasted so long was no failed attempt
constexpr std::size_t kQueueOverhead = 48;  // of a short message, so that a bound in bytes is one

}  // namespace

WanDialer::WanDialer(asio::io_context& io, Options options, Random random, Log& log)
    : io_(io),
      options_(std::move(options)),
      random_(random),
      log_(log),
      timer_(io),
      wait_(kWaitMin) {}

void WanDialer::Start() {
  Dial();
}

void WanDialer::Stop() {
  stopped_ = true;
  error_code ignored;
  if (connection_) connection_->socket.close(ignored);
  connection_.reset();
  timer_.cancel();
  figures_.connected = false;
}

void WanDialer::Send(Bytes body) {
  const std::size_t bytes = body.size() + kQueueOverhead;
  if (!figures_.connected || body.empty() || body.size() > kWanMessageBytesMax ||
      bytes > options_.queue_bytes_max - figures_.queued_bytes) {
    ++figures_.drops;
    return;
  }
  figures_.queued_bytes += bytes;
  queue_.push_back(std::move(body));
}

void WanDialer::Flush() {
  WriteFrame();
}

void WanDialer::Dial() {
  const auto connection = std::make_shared<Connection>(io_, options_.compression);
  connection_ = connection;
  timer_.expires_after(kDialLimit);
  timer_.async_wait([this, self = shared_from_this(), connection](const error_code& error) {
    if (!error && IsCurrent(connection) && !figures_.connected) Lose("no answer");
  });
  connection->resolver.async_resolve(
      options_.address.host, std::to_string(options_.address.port), tcp::resolver::numeric_service,
      [this, self = shared_from_this(), connection](const error_code& error, auto endpoints) {
        if (!IsCurrent(connection)) return;
        if (error) return Lose(error.message());
        asio::async_connect(connection->socket, endpoints,
                            [this, self, connection](const error_code& failed, const auto&) {
                              if (!IsCurrent(connection)) return;
                              if (failed) return Lose(failed.message());
                              SayHello(connection);
                            });
      });
}

void WanDialer::SayHello(const ConnectionPtr& connection) {
  Tune(connection->socket);
  connection->hello = EncodeHello(options_.hello);
  asio::async_write(
      connection->socket, asio::buffer(connection->hello),
      [this, self = shared_from_this(), connection](const error_code& error, std::size_t bytes) {
        figures_.bytes += bytes;
        if (!IsCurrent(connection)) return;
        if (error) return Lose(error.message());
        AwaitVerdict(connection);
      });
}

void WanDialer::AwaitVerdict(const ConnectionPtr& connection) {
  asio::async_read(
      connection->socket, asio::buffer(&connection->answer, 1),
      [this, self = shared_from_this(), connection](const error_code& error, std::size_t) {
        if (!IsCurrent(connection)) return;
        if (error) return Lose("no welcome: " + error.message());
        if (connection->answer != static_cast<std::uint8_t>(WanVerdict::kWelcome)) {
          return Lose(Describe(connection->answer));
        }
        BeginSending(connection);
      });
}

void WanDialer::BeginSending(const ConnectionPtr& connection) {
  timer_.cancel();
  connection->since = steady_clock::now();
  figures_.connected = true;
  ++figures_.connects;
  last_loss_.clear();
  log_.Write(Severity::kInfo, "wan link to " + ToString(options_.hello.to) + " at " +
                                  ToString(options_.address) + " is up");
  // Nothing is to come; this is how the connection's end is noticed while nothing is written.
  asio::async_read(
      connection->socket, asio::buffer(&connection->answer, 1),
      [this, self = shared_from_this(), connection](const error_code& error, std::size_t) {
        if (!IsCurrent(connection)) return;
        Lose(error ? error.message() : "it sent what it should not");
      });
}

void WanDialer::WriteFrame() {
  const ConnectionPtr connection = connection_;
  if (!figures_.connected || connection->writing || queue_.empty()) return;
  std::size_t messages = 0;
  connection->plain.clear();
  do {
    figures_.queued_bytes -= queue_.front().size() + kQueueOverhead;
    AppendMessage(connection->plain, queue_.front());
    queue_.pop_front();
    ++messages;
  } while (!queue_.empty() &&
           connection->plain.size() + queue_.front().size() <= kBatchBytesTarget);
  connection->frame.clear();
  connection->compressor.Compress(connection->plain, connection->frame);
  connection->length = EncodeFrameLength(connection->frame.size());
  figures_.messages += messages;
  figures_.plain_bytes += connection->plain.size();
  connection->writing = true;
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(connection->length),
                                                     asio::buffer(connection->frame)};
  asio::async_write(
      connection->socket, buffers,
      [this, self = shared_from_this(), connection](const error_code& error, std::size_t bytes) {
        figures_.bytes += bytes;
        if (!IsCurrent(connection)) return;
        if (error) return Lose(error.message());
        connection->writing = false;
        WriteFrame();
      });
}

void WanDialer::Lose(const std::string& reason) {
  if (reason != last_loss_) {
    last_loss_ = reason;
    log_.Write(Severity::kWarning, "wan link to " + ToString(options_.hello.to) + " at " +
                                       ToString(options_.address) + " is down: " + reason);
  }
  if (figures_.connected && steady_clock::now() - connection_->since >= kStable) wait_ = kWaitMin;
  Abort(connection_->socket);
  connection_.reset();
  figures_.connected = false;
  figures_.drops += queue_.size();
  figures_.queued_bytes = 0;
  queue_.clear();
  Retry();
}

void WanDialer::Retry() {
  const auto most = static_cast<std::uint64_t>(wait_.count());
  timer_.expires_after(std::chrono::milliseconds(random_.Between(most / 2, most)));
  wait_ = std::min<std::chrono::milliseconds>(wait_ * 2, kWaitMax);
  timer_.async_wait([this, self = shared_from_this()](const error_code& error) {
    if (!error && !stopped_) Dial();
  });
}

}  // namespace meridian::io
