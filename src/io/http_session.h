// One connection of the HTTP server: reads a request, has it answered, writes the response,
// repeats.
//
//     reading -> serving -> writing -> reading ...        keep-alive; pipelined requests wait their
//        |                     |                          turn in the kernel and in buffer_
//        +---- bad request ----+-> lingering -> closed
//
// Lingering: our end is shut, and what the client still sends is thrown away for a moment; closing
// at once would reset the connection and could take the response with it. No timer of its own: the
// server sweeps all sessions now and then and each looks at its deadline. Handlers hold the session
// alive; the machine holds only a weak pointer. All on the machine's thread.

#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <set>

#include "base/byte_budget.h"
#include "io/http_answers.h"
#include "io/transport.h"
#include "node/metrics.h"

namespace meridian::io {

struct HttpOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::size_t value_bytes_max = std::size_t{1} << 20;
  std::size_t file_bytes_max = 0;  // of a topology, which may be sent however small values must be
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t connections_max = 1024;
  std::size_t requests_max = 1024;  // at the machine at once
  // Of all bodies together: requests while they are read, answers while they are written.
  std::size_t bodies_bytes_max = std::size_t{64} << 20;
  std::chrono::milliseconds idle_timeout{60'000};  // for the next request, whole, and for writing
  std::chrono::milliseconds timeout_max{60'000};   // the longest Timeout-Ms
  // How long past the request's own timeout the machine may take to say so.
  std::chrono::milliseconds answer_grace{5'000};
  std::chrono::milliseconds linger{2'000};
};

// What the process adds to the machine's /status and /metrics; either may be empty.
struct HttpExtras {
  std::function<std::string()> status;  // a JSON object
  std::function<node::MetricSet()> metrics;
};

class HttpSession;

// What the sessions of one server share.
struct HttpShared {
  // Bodies up to this size are not counted: there is at most one a connection.
  static constexpr std::size_t kSmallBody = 4096;

  explicit HttpShared(HttpOptions given)
      : options(std::move(given)), bodies(options.bodies_bytes_max, kSmallBody) {}

  HttpOptions options;
  ByteBudget bodies;
  Serve serve;
  HttpExtras extras;

  std::set<std::shared_ptr<HttpSession>> sessions;
  std::size_t requests = 0;  // at the machine
  bool draining = false;
  bool abandoned = false;         // the server is gone; only handlers under way hold this
  std::function<void()> emptied;  // called when the last session closes while draining

  std::int64_t requests_total = 0;
  std::int64_t refused_total = 0;  // connections and requests over the limits
  std::int64_t unanswered_total = 0;
};

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  using Clock = std::chrono::steady_clock;

  HttpSession(boost::asio::ip::tcp::socket socket, std::shared_ptr<HttpShared> shared);

  void Start();
  // Instead of Start: says why the connection is not served, and closes it.
  void Refuse(HttpResponse response);
  void Sweep(Clock::time_point now);
  // Closes if nothing is under way, else after the answer; a request that is still arriving has
  // little time left.
  void Drain();
  void Close();

 private:
  enum class State { kReading, kServing, kWriting, kLingering, kClosed };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Code = boost::beast::error_code;

  void Enter(State state, std::chrono::milliseconds limit);
  void ReadHeader();
  void OnHeader(Code error);
  // False, and the client is told, when its body may not be read now.
  bool ReserveBody();
  void ReadBody();
  void OnRequest(Code error);
  void OnReadError(Code error);
  void Ask(const Route& route);
  void OnAnswer(std::uint64_t number, ByteView bytes);
  HttpResponse ResponseOf(node::ClientAnswer answer) const;
  HttpResponse MetricsResponse(const node::ClientAnswer& answer) const;
  void Respond(HttpResponse response);
  void Linger();

  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<HttpShared> shared_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<HttpResponse> response_;  // while it is written
  ByteBudget::Share body_share_;          // of the body that is read or written
  std::size_t body_max_ = 0;              // of the request that is read
  State state_ = State::kReading;
  Clock::time_point deadline_;
  std::uint64_t number_ = 0;  // of the request at the machine; an answer to another one is late
  Shape shape_;
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool head_ = false;
};

}  // namespace meridian::io
