// Answers of the machine as responses of the HTTP API; nothing here touches a socket.
//
//     kOk, value "x"      ->  200 {"value":"x","context":"AQ..."}, or x itself if the shape is raw
//     kSiblings           ->  300 {"versions":[{"value":"x"},{"value":"y"}],"context":"AQ..."}
//     kTimeout, maybe     ->  504 {"error":"timeout","message":"...","maybe":true}
//
// Errors and siblings are JSON whatever the client accepts. A value that is not UTF-8 goes into
// JSON as base64 and says so. Every response has its length set; HTTP version and keep-alive are
// the connection's (io/http_session).

#pragma once

#include <boost/beast/http/status.hpp>
#include <string>
#include <string_view>

#include "io/http_routes.h"

namespace meridian::io {

// Longer contexts than this do not go into headers: many clients and proxies stop at 8 KiB of them.
inline constexpr std::size_t kHeaderContextMax = 6 * 1024;

HttpResponse ErrorResponse(boost::beast::http::status status, std::string_view code,
                           std::string_view message);
// 503 with Retry-After.
HttpResponse BusyResponse(std::string_view message);
HttpResponse PageResponse(std::string_view content_type, std::string body);

// Page::kKey.
HttpResponse KeyResponse(const Shape& shape, node::ClientAnswer answer);
HttpResponse ReadyResponse(const node::ClientAnswer& answer);
// The machine's JSON object with the members of `process`, another one, added ("" for none).
HttpResponse StatusResponse(const node::ClientAnswer& answer, const std::string& process);
// An answer that is not kOk, as an error.
HttpResponse RefusalResponse(const node::ClientAnswer& answer);
// For an answer that never came; a write may have happened.
HttpResponse NoAnswerResponse(const Shape& shape);

}  // namespace meridian::io
