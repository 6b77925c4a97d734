// What the tests of the HTTP server stand on: a server with a fake machine, and a raw client.
//
//     FakeNode node;                       // a map behind the server, on its own thread
//     RawClient client(node.port());
//     client.Send("GET /kv/a HTTP/1.1\r\nHost: x\r\n\r\n");
//     EXPECT_EQ(client.Read().status, 404);
//
// The client is plain POSIX, so that it can do what no HTTP library would; every wait has a
// deadline.

#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "io/http_server.h"

namespace meridian::io {

inline constexpr std::chrono::seconds kDeadline{10};

// True as soon as `condition` is; false if it is not within the deadline.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

class FakeNode {
 public:
  explicit FakeNode(HttpOptions options = {}, HttpExtras extras = {})
      : server_(std::make_unique<HttpServer>(
            context_, std::move(options),
            [this](Bytes request, auto answered) { Serve(std::move(request), answered); },
            std::move(extras))) {
    started_ = server_->Start().has_value();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~FakeNode() {
    OnLoop([this] { server_.reset(); });
    work_.reset();
    context_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return server_->port(); }
  bool started() const { return started_; }
  std::size_t connections() {
    std::size_t count = 0;
    OnLoop([&] { count = server_->connections(); });
    return count;
  }
  // From now on requests wait for Release.
  void Hold() { hold_ = true; }
  std::size_t held() const { return held_; }
  void Release() {
    hold_ = false;
    OnLoop([this] {
      auto waiting = std::move(waiting_);
      waiting_.clear();
      held_ = 0;
      for (auto& answer : waiting) answer();
    });
  }
  std::future<void> Stop() {
    auto drained = std::make_shared<std::promise<void>>();
    OnLoop([&] { server_->Stop([drained] { drained->set_value(); }); });
    return drained->get_future();
  }
  void OnLoop(std::function<void()> action) {
    std::promise<void> done;
    boost::asio::post(context_, [&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  void Serve(Bytes bytes, std::function<void(Bytes)> answered) {
    const Result<node::ClientRequest> request = node::DecodeRequest(bytes);
    ASSERT_TRUE(request);
    auto answer = [this, request = *request, answered] {
      answered(node::EncodeAnswer(AnswerOf(request)));
    };
    if (!hold_) return boost::asio::post(context_, answer);
    waiting_.push_back(answer);
    ++held_;
  }

  node::ClientAnswer AnswerOf(const node::ClientRequest& request) {
    node::ClientAnswer answer;
    if (request.operation == node::Operation::kPut) {
      map_[request.key] = request.value;
      answer.context = "c";
    } else if (request.operation == node::Operation::kDelete) {
      map_.erase(request.key);
    } else if (request.operation == node::Operation::kStatus) {
      answer.values = {R"({"name":"us-east-1"})"};
    } else if (request.operation == node::Operation::kMetrics) {
      node::Metric metric{node::MetricKind::kCounter, "meridian_fake_total", "Fake.", {}, 5};
      answer.values = {node::EncodeMetrics({{metric}})};
    } else if (request.operation == node::Operation::kGet) {
      const auto found = map_.find(request.key);
      if (found == map_.end()) answer.status = node::Status::kNotFound;
      if (found != map_.end()) answer.values = {found->second};
    }
    return answer;
  }

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context_.get_executor()};
  std::map<Bytes, Bytes> map_;
  std::atomic<bool> hold_ = false;
  std::atomic<std::size_t> held_ = 0;
  std::vector<std::function<void()>> waiting_;
  std::unique_ptr<HttpServer> server_;
  bool started_ = false;
  std::thread thread_;
};

struct RawReply {
  int status = 0;  // 0: the connection ended first
  std::string head;
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { Close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void Close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  // False once the other end no longer takes anything.
  bool Send(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  RawReply Read(bool body_expected = true) {
    RawReply reply;
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!Receive()) return reply;
    }
    reply.head = received_.substr(0, end + 2);
    received_.erase(0, end + 4);
    const std::size_t at = reply.head.find("Content-Length: ");
    std::size_t size = 0;
    if (at != std::string::npos) size = std::stoul(reply.head.substr(at + 16));
    if (!body_expected) size = 0;
    while (received_.size() < size) {
      if (!Receive()) return reply;
    }
    reply.body = received_.substr(0, size);
    received_.erase(0, size);
    reply.status = std::stoi(reply.head.substr(9, 3));
    return reply;
  }
  // True if the other end closes, or has closed, without another byte.
  bool Ends() { return received_.empty() && !Receive() && !timed_out_; }

 private:
  bool Receive() {
    pollfd waiting{socket_, POLLIN, 0};
    constexpr int kWait = std::chrono::milliseconds(kDeadline).count();
    timed_out_ = ::poll(&waiting, 1, kWait) == 0;
    if (timed_out_) return false;
    char chunk[65536];
    const ssize_t size = ::recv(socket_, chunk, sizeof chunk, 0);
    if (size <= 0) return false;
    received_.append(chunk, static_cast<std::size_t>(size));
    return true;
  }

  int socket_;
  bool connected_ = false;
  bool timed_out_ = false;
  std::string received_;
};

inline std::string Get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

inline std::string Put(const std::string& target, const std::string& body,
                       const std::string& headers = "") {
  return "PUT " + target + " HTTP/1.1\r\nHost: x\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline const std::string kRawBody = "Content-Type: application/octet-stream\r\n";

}  // namespace meridian::io
