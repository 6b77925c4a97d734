#include "io/http_session.h"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "io/metrics_page.h"

namespace meridian::io {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::size_t kReadAhead = 4096;

// JSON with base64 takes 4/3 of the value, and some names.
std::size_t ValueBodyMax(const HttpOptions& options) {
  return options.value_bytes_max / 10 * 14 + 4096;
}

std::size_t BodyMax(const HttpOptions& options, std::string_view target) {
  const std::size_t value = ValueBodyMax(options);
  return target.starts_with("/topology") ? std::max(value, options.file_bytes_max) : value;
}

HttpResponse TooLarge(std::string message) {
  return ErrorResponse(http::status::payload_too_large, "too_large", message);
}

node::MetricSet ServerMetrics(const HttpShared& shared) {
  using node::MetricKind;
  const auto bodies = static_cast<std::int64_t>(shared.bodies.used());
  const auto open = static_cast<std::int64_t>(shared.sessions.size());
  const auto running = static_cast<std::int64_t>(shared.requests);
  return {{
      {MetricKind::kGauge, "meridian_http_connections", "Open HTTP connections.", {}, open},
      {MetricKind::kGauge, "meridian_http_requests", "HTTP requests under way.", {}, running},
      {MetricKind::kGauge,
       "meridian_http_body_bytes",
       "Bytes of bodies being read or written.",
       {},
       bodies},
      {MetricKind::kCounter,
       "meridian_http_requests_total",
       "HTTP requests read.",
       {},
       shared.requests_total},
      {MetricKind::kCounter,
       "meridian_http_refused_total",
       "HTTP connections and requests refused because a limit was reached.",
       {},
       shared.refused_total},
      {MetricKind::kCounter,
       "meridian_http_unanswered_total",
       "HTTP requests given up because the machine did not answer.",
       {},
       shared.unanswered_total},
  }};
}

}  // namespace

HttpSession::HttpSession(asio::ip::tcp::socket socket, std::shared_ptr<HttpShared> shared)
    : socket_(std::move(socket)),
      shared_(std::move(shared)),
      buffer_(shared_->options.header_bytes_max + kReadAhead) {}

void HttpSession::Start() {
  ReadHeader();
}

void HttpSession::Refuse(HttpResponse response) {
  Respond(std::move(response));
}

void HttpSession::Enter(State state, std::chrono::milliseconds limit) {
  state_ = state;
  deadline_ = Clock::now() + limit;
}

void HttpSession::ReadHeader() {
  Enter(State::kReading, shared_->options.idle_timeout);
  version_ = 11;
  keep_alive_ = false;  // until a whole request says otherwise
  head_ = false;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shared_->options.header_bytes_max));
  body_max_ = std::max(ValueBodyMax(shared_->options), shared_->options.file_bytes_max);
  parser_->body_limit(body_max_);
  http::async_read_header(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](Code error, std::size_t) { self->OnHeader(error); });
}

void HttpSession::OnHeader(Code error) {
  if (state_ != State::kReading) return;
  if (error) return OnReadError(error);
  Enter(State::kReading, shared_->options.idle_timeout);  // the wait for the request is over
  const auto& request = parser_->get();
  body_max_ = BodyMax(shared_->options, {request.target().data(), request.target().size()});
  if (parser_->content_length().value_or(0) > body_max_)
    return OnReadError(http::error::body_limit);
  parser_->body_limit(body_max_);
  if (!ReserveBody()) return;
  const bool waits = boost::beast::iequals(request[http::field::expect], "100-continue");
  if (!waits || request.version() < 11) return ReadBody();
  asio::async_write(socket_, asio::buffer(kContinue),
                    [self = shared_from_this()](Code failed, std::size_t) {
                      if (self->state_ != State::kReading) return;
                      if (failed) return self->Close();
                      self->ReadBody();
                    });
}

bool HttpSession::ReserveBody() {
  // One of unknown length may become as long as any.
  const std::size_t length = parser_->chunked() ? body_max_ : parser_->content_length().value_or(0);
  body_share_ = shared_->bodies.Take(length);
  if (body_share_) return true;
  ++shared_->refused_total;
  Respond(BusyResponse("too much is being sent to this process at once: try again later"));
  return false;
}

void HttpSession::ReadBody() {
  http::async_read(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](Code error, std::size_t) { self->OnRequest(error); });
}

void HttpSession::OnReadError(Code error) {
  if (error == http::error::body_limit) {
    return Respond(TooLarge("the body is larger than " + std::to_string(body_max_) +
                            " bytes: what is sent must be smaller"));
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Respond(TooLarge("the request's line and headers are larger than " +
                            std::to_string(shared_->options.header_bytes_max) + " bytes"));
  }
  const bool gone = error == http::error::end_of_stream || error == http::error::partial_message;
  if (gone || error.category() != make_error_code(http::error::bad_method).category()) {
    return Close();
  }
  Respond(ErrorResponse(http::status::bad_request, "bad_request",
                        "this is not HTTP/1.1: " + error.message()));
}

void HttpSession::OnRequest(Code error) {
  if (state_ != State::kReading) return;
  if (error) return OnReadError(error);
  HttpRequest request = parser_->release();
  body_share_ = {};  // what becomes of it at the machine is counted there
  ++shared_->requests_total;
  version_ = request.version();
  keep_alive_ = request.keep_alive();
  head_ = request.method() == http::verb::head;

  const auto timeout_max = static_cast<std::uint32_t>(shared_->options.timeout_max.count());
  auto routed = RouteRequest(std::move(request), timeout_max);
  if (auto* response = std::get_if<HttpResponse>(&routed)) return Respond(std::move(*response));
  Ask(std::get<Route>(routed));
}

void HttpSession::Ask(const Route& route) {
  shape_ = route.shape;
  if (shape_.page == Page::kHealth) {
    return Respond(PageResponse("application/json", "{\"status\":\"ok\"}\n"));
  }
  const HttpOptions& options = shared_->options;
  if (shared_->requests >= options.requests_max) {
    ++shared_->refused_total;
    return Respond(BusyResponse("too many requests at once: try again later"));
  }
  ++shared_->requests;
  const auto timeout = route.request.timeout_ms == 0
                           ? options.timeout_max
                           : std::chrono::milliseconds(route.request.timeout_ms);
  Enter(State::kServing, timeout + options.answer_grace);
  shared_->serve(node::EncodeRequest(route.request),
                 [weak = weak_from_this(), number = ++number_](Bytes answer) {
                   if (const auto self = weak.lock()) self->OnAnswer(number, answer);
                 });
}

void HttpSession::OnAnswer(std::uint64_t number, ByteView bytes) {
  if (state_ != State::kServing || number != number_) return;
  Result<node::ClientAnswer> answer = node::DecodeAnswer(bytes);
  if (!answer) {
    return Respond(ErrorResponse(http::status::internal_server_error, "internal",
                                 "the node's answer is damaged: " + answer.error().message));
  }
  HttpResponse response = ResponseOf(std::move(*answer));
  body_share_ = shared_->bodies.Take(response.body().size());
  if (!body_share_ && !shape_.write) {
    ++shared_->refused_total;
    response = BusyResponse("too much is being read from this process at once: try again later");
  }
  Respond(std::move(response));
}

HttpResponse HttpSession::ResponseOf(node::ClientAnswer answer) const {
  switch (shape_.page) {
    case Page::kReady: return ReadyResponse(answer);
    case Page::kMetrics: return MetricsResponse(answer);
    case Page::kStatus: {
      const auto& process = shared_->extras.status;
      return StatusResponse(answer, process ? process() : std::string());
    }
    case Page::kAudit:
    case Page::kRing:
    case Page::kTopology:
    case Page::kSizes: return StatusResponse(answer, {});
    case Page::kKey:
    case Page::kHealth: break;
  }
  return KeyResponse(shape_, std::move(answer));
}

HttpResponse HttpSession::MetricsResponse(const node::ClientAnswer& answer) const {
  if (answer.status != node::Status::kOk) return RefusalResponse(answer);
  std::vector<node::MetricSet> sets;
  for (const Bytes& value : answer.values) {
    Result<node::MetricSet> set = node::DecodeMetrics(value);
    if (!set) {
      return ErrorResponse(http::status::internal_server_error, "internal",
                           "the node's metrics are damaged: " + set.error().message);
    }
    sets.push_back(std::move(*set));
  }
  if (shared_->extras.metrics) sets.push_back(shared_->extras.metrics());
  sets.push_back(ServerMetrics(*shared_));
  return PageResponse("text/plain; version=0.0.4; charset=utf-8",
                      MetricsPage(sets, ReadProcessFigures()));
}

void HttpSession::Respond(HttpResponse response) {
  if (state_ == State::kServing) --shared_->requests;
  Enter(State::kWriting, shared_->options.idle_timeout);
  const bool keep_alive = keep_alive_ && !shared_->draining;
  response.version(version_);
  response.keep_alive(keep_alive);
  if (head_) response.body().clear();  // its Content-Length stays, as RFC 9110 has it
  response_ = std::move(response);
  http::async_write(socket_, *response_,
                    [self = shared_from_this(), keep_alive](Code error, std::size_t) {
                      if (self->state_ != State::kWriting) return;
                      self->response_.reset();
                      self->body_share_ = {};
                      if (error) return self->Close();
                      if (!keep_alive || self->shared_->draining) return self->Linger();
                      self->ReadHeader();
                    });
}

void HttpSession::Linger() {
  if (state_ != State::kLingering) {
    Enter(State::kLingering, shared_->options.linger);
    Code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
  buffer_.clear();
  socket_.async_read_some(buffer_.prepare(kReadAhead),
                          [self = shared_from_this()](Code error, std::size_t) {
                            if (self->state_ != State::kLingering) return;
                            if (error) return self->Close();
                            self->Linger();
                          });
}

void HttpSession::Sweep(Clock::time_point now) {
  if (now < deadline_) return;
  if (state_ != State::kServing) return Close();
  ++shared_->unanswered_total;
  Respond(NoAnswerResponse(shape_));
}

void HttpSession::Drain() {
  if (state_ != State::kReading) return;
  if (!parser_->got_some() && buffer_.size() == 0) return Close();
  deadline_ = std::min(deadline_, Clock::now() + shared_->options.linger);
}

void HttpSession::Close() {
  if (state_ == State::kClosed) return;
  if (state_ == State::kServing) --shared_->requests;
  state_ = State::kClosed;
  Code ignored;
  socket_.close(ignored);
  shared_->sessions.erase(shared_from_this());
  if (shared_->draining && shared_->sessions.empty() && shared_->emptied) shared_->emptied();
}

}  // namespace meridian::io
