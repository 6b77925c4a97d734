// A small blocking HTTP client for the command line: one request at a time, connections reused.
//
//     HttpClient client("http://127.0.0.1:7101", std::chrono::seconds(5));
//     Result<HttpReply> reply = client.Fetch({.path = "/status"});
//     client.Fetch({.method = "PUT", .path = KeyPath("default", "a/b"), .body =
//     R"({"value":"x"})"});
//
// A reply of any status is a value; an Error means that there was none. It goes to no proxy,
// follows no redirect and speaks nothing but HTTP. Not for a machine's thread.

#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace meridian::io {

struct HttpCall {
  std::string method = "GET";
  std::string path = "/";                 // percent-encoded, with the query if there is one
  std::vector<std::string> headers = {};  // "Accept: application/octet-stream"
  Bytes body = {};
};

struct HttpReply {
  int status = 0;
  Bytes body;
  std::string context;     // header X-Meridian-Context
  long retry_after_s = 0;  // header Retry-After; 0: none
};

class HttpClient {
 public:
  HttpClient(std::string base_url, std::chrono::milliseconds timeout);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  Result<HttpReply> Fetch(const HttpCall& call);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
  std::string base_url_;
  std::chrono::milliseconds timeout_;
};

// "/ns/cart/kv/a%2Fb"
std::string KeyPath(std::string_view space, ByteView key);

}  // namespace meridian::io
