// A request of the HTTP API as a request to the machine; nothing here touches a socket.
//
//     PUT /ns/cart/kv/a%2Fb?W=2  {"value": "x"}   ->  Route: kPut, space cart, key "a/b", W = 2
//     POST /kv/a                                  ->  HttpResponse: 405, Allow: GET, HEAD, ...
//
// The key is everything between /kv/ and the query, percent-decoded, and may hold any byte. What a
// client asks for and this release does not know is refused, never ignored. docs/http.md is the
// contract; io/http_answers.h is the way back.

#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <variant>

#include "node/client_api.h"

namespace meridian::io {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;
using HttpResponse = boost::beast::http::response<boost::beast::http::string_body>;

inline constexpr std::string_view kContextHeader = "X-Meridian-Context";

enum class Page : std::uint8_t {
  kKey,
  kHealth,
  kReady,
  kMetrics,
  kStatus,
  kRing,
  kAudit,
  kTopology,
  kSizes  // of partitions
};

// What the answer has to look like.
struct Shape {
  Page page = Page::kKey;
  bool write = false;           // a put or a delete
  bool raw = false;             // Accept: application/octet-stream
  bool context_header = false;  // the context goes in the header (too)
};

struct Route {
  node::ClientRequest request;  // no meaning for Page::kHealth
  Shape shape;
};

// Where the request goes, or the error to answer it with.
std::variant<Route, HttpResponse> RouteRequest(HttpRequest request, std::uint32_t timeout_ms_max);

// What '%41' and the like stand for; kInvalidArgument if a '%' is not followed by two hex digits.
Result<Bytes> PercentDecode(ByteView text);

}  // namespace meridian::io
