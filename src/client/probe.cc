#include "client/probe.h"

#include <chrono>

#include "io/http_client.h"

namespace meridian::client {
namespace {

using nlohmann::json;

std::string UrlOf(const local::Address& http) {
  return "http://" + http.host + ':' + std::to_string(http.port);
}

template <class T>
std::optional<T> NumberIn(const json& object, const char* name) {
  if (!object.contains(name) || !object[name].is_number()) return std::nullopt;
  return object[name].get<T>();
}

std::string TextIn(const json& object, const char* name) {
  return object.contains(name) && object[name].is_string() ? object[name].get<std::string>()
                                                           : std::string();
}

void AddFrom(const std::string& gateway, const json& status, WanFigures& figures) {
  if (status.contains("lag") && status["lag"].is_array()) {
    for (const json& lag : status["lag"]) {
      if (!lag.is_object()) continue;
      figures.lags.push_back(
          {TextIn(lag, "origin"), TextIn(lag, "target"), gateway,
           lag.value("unknown", json(false)) == json(true), NumberIn<double>(lag, "seconds"),
           NumberIn<std::uint64_t>(lag, "mutations"), NumberIn<double>(lag, "p50_ms"),
           NumberIn<double>(lag, "p99_ms"), NumberIn<double>(lag, "max_ms")});
    }
  }
  if (!status.contains("links") || !status["links"].is_array()) return;
  for (const json& link : status["links"]) {
    if (!link.is_object()) continue;
    figures.links.push_back({gateway, TextIn(link, "peer"),
                             NumberIn<std::uint64_t>(link, "bytes_sent"),
                             NumberIn<std::uint64_t>(link, "bytes_received"),
                             NumberIn<std::uint64_t>(link, "plain_bytes_sent")});
  }
}

}  // namespace

bool IsReady(const local::Address& http) {
  io::HttpClient client(UrlOf(http), std::chrono::milliseconds(500));
  const Result<io::HttpReply> reply =
      client.Fetch({.method = "GET", .path = "/ready", .headers = {}, .body = {}});
  return reply && reply->status == 200;
}

namespace {

std::optional<json> ObjectAt(const local::Address& http, std::string path,
                             const std::string& method = "GET") {
  io::HttpClient client(UrlOf(http), std::chrono::milliseconds(1000));
  const Result<io::HttpReply> reply =
      client.Fetch({.method = method, .path = std::move(path), .headers = {}, .body = {}});
  if (!reply || reply->status != 200) return std::nullopt;
  json status = json::parse(reply->body, nullptr, false);
  if (!status.is_object()) return std::nullopt;
  return status;
}

// Every byte but letters, digits and what RFC 3986 calls unreserved.
std::string PercentEncoded(ByteView text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  std::string encoded;
  for (const char symbol : text) {
    if (kPlain.find(symbol) != std::string_view::npos) {
      encoded += symbol;
    } else {
      const auto byte = static_cast<unsigned char>(symbol);
      encoded += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return encoded;
}

}  // namespace

std::optional<json> BeginAudit(const local::Address& http, bool rebuild) {
  return ObjectAt(http, rebuild ? "/audit/rebuild" : "/audit", "POST");
}

bool AwaitsPlace(const local::Address& http) {
  const auto topology = ObjectAt(http, "/topology");
  return topology && topology->value("member", json(true)) == json(false);
}

std::optional<json> StatusOf(const local::Address& http) {
  return ObjectAt(http, "/status");
}

std::optional<json> CopyOf(const local::Address& http, const std::string& space, ByteView key) {
  return ObjectAt(http, "/ns/" + PercentEncoded(space) + "/ring/" + PercentEncoded(key));
}

WanFigures AskGateways(const local::Topology& topology) {
  WanFigures figures;
  for (const local::Region& region : topology.regions) {
    for (const local::Gateway& gateway : region.gateways) {
      if (const auto status = StatusOf(gateway.http)) {
        AddFrom(gateway.name, *status, figures);
      } else {
        figures.silent.push_back(gateway.name);
      }
    }
  }
  return figures;
}

std::optional<bool> AllHold(const local::Topology& topology, const WanFigures& figures,
                            const std::string& origin) {
  bool all = true;
  for (const local::Region& region : topology.regions) {
    if (region.name == origin) continue;
    bool told = false;
    for (const Lag& lag : figures.lags) {
      if (lag.origin != origin || lag.target != region.name || !lag.mutations) continue;
      told = true;
      all = all && !lag.unknown && *lag.mutations == 0 && lag.seconds.value_or(0) <= 0;
    }
    if (!told) return std::nullopt;
  }
  return all;
}

}  // namespace meridian::client
