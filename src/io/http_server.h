// The HTTP endpoint of a process: listens on loopback and hands requests to the machine.
//
//     HttpServer server(context, {.host = "127.0.0.1", .port = 7101}, serve, {});
//     Result<Done> started = server.Start();
//     ...
//     server.Stop([&] { context.stop(); });   // SIGTERM: finish what runs, then go
//
// One thread: the machine's io_context. Everything is bounded: connections, requests at the
// machine, header, body, and the time each step may take (HttpOptions); over a limit the client is
// told 413 or 503. docs/http.md is the contract with clients.

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "io/http_session.h"

namespace meridian::io {

class HttpServer {
 public:
  using Options = HttpOptions;

  HttpServer(boost::asio::io_context& context, Options options, Serve serve, HttpExtras extras);
  // Drops every connection; what the machine answers later goes nowhere.
  ~HttpServer();

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens. kInvalidArgument for an address that is not loopback, kIo if the port is taken.
  Result<Done> Start();
  // Stops listening, closes idle connections, lets running requests finish. `drained` is called
  // from the loop when the last one is done; how long that may take is the caller's business.
  void Stop(std::function<void()> drained = {});

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return shared_->sessions.size(); }

 private:
  void Accept();
  void Admit(boost::asio::ip::tcp::socket socket);
  void RetryAccept();
  void ScheduleSweep();
  void Sweep();

  boost::asio::io_context& context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer sweep_timer_;
  boost::asio::steady_timer accept_timer_;
  std::shared_ptr<HttpShared> shared_;
  std::uint16_t port_ = 0;
  bool sweeping_ = false;  // the timer runs only while there are sessions: idle costs nothing
};

}  // namespace meridian::io
