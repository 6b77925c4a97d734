// Damaged bytes for the HTTP API, as a connection receives them, and for the texts within.

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include "fuzz/fuzzing.h"
#include "io/base64.h"
#include "io/http_routes.h"
#include "node/client_api.h"

namespace meridian::fuzz {
namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t kTimeoutMsMax = 60'000;
constexpr std::size_t kBodyMax = 4096;

const std::vector<Bytes> kRequests = {
    "PUT /kv/user%3A1?W=2 HTTP/1.1\r\nHost: a\r\nContent-Length: 31\r\n"
    "Timeout-Ms: 1500\r\n\r\n{\"value\":\"v\",\"context\":\"token\"}",
    "PUT /ns/cart/kv/a%2Fb?W=3 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n"
    "Content-Type: application/octet-stream\r\nX-Meridian-Context: token\r\n\r\nv\xff\x01"
    "abc",
    "GET /kv/a?R=1 HTTP/1.1\r\nHost: a\r\nAccept: application/octet-stream\r\n\r\n",
    "DELETE /kv/a HTTP/1.1\r\nConsistency: each_quorum\r\nContent-Length: 0\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
    "PUT /kv/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\n{\"val\r\n7\r\nue\":\"\"}\r\n0\r\n\r\n",
};

// True when the machine would be asked. What is refused must be refused with a 4xx and a reason.
bool Routes(ByteView bytes) {
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  parser.header_limit(8192);
  parser.body_limit(kBodyMax);
  boost::system::error_code error;
  while (!bytes.empty() && !parser.is_done()) {
    const std::size_t used =
        parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error || used == 0) return false;
    bytes.remove_prefix(used);
  }
  if (!parser.is_done()) return false;
  const auto routed = io::RouteRequest(parser.release(), kTimeoutMsMax);
  if (const auto* refusal = std::get_if<io::HttpResponse>(&routed)) {
    const unsigned status = refusal->result_int();
    if (status < 400 || status > 499 || refusal->body().empty()) {
      Stop("RouteRequest", "refuses without a reason", refusal->body());
    }
    return false;
  }
  const auto& request = std::get<io::Route>(routed).request;
  if (!node::DecodeRequest(node::EncodeRequest(request))) {
    Stop("RouteRequest", "asks what a node does not read", request.key);
  }
  return true;
}

Bytes EncodePercents(const Bytes& bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  Bytes text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

}  // namespace

std::vector<Target> Targets() {
  const std::vector<Bytes> values = {"milk", Bytes("\0\xff%", 3), Bytes(300, 'x')};
  return {
      {"RouteRequest", kRequests, Routes, 4},
      Of("PercentDecode", io::PercentDecode, EncodePercents, values),
      Of<Bytes>(
          "DecodeBase64", io::DecodeBase64,
          [](const Bytes& b) -> Bytes { return io::EncodeBase64(b); }, values),
  };
}

}  // namespace meridian::fuzz
