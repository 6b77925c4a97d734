#include "io/http_routes.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/base64.h"
#include "io/http_answers.h"

namespace meridian::io {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;
using Json = nlohmann::json;

constexpr std::string_view kRaw = "application/octet-stream";
constexpr std::array<std::string_view, 7> kParameters = {
    "R", "W", "Consistency", "Sloppy", "Timeout-Ms", "TTL", "X-Meridian-Session"};

Failure Bad(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

struct Path {
  Page page = Page::kKey;
  std::string space = "default";
  Bytes key;
};

// Takes `prefix` off the front of `text`, if it is there.
bool Skip(ByteView& text, ByteView prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<Page> PageAt(ByteView path) {
  if (path == "/health") return Page::kHealth;
  if (path == "/ready") return Page::kReady;
  if (path == "/metrics") return Page::kMetrics;
  if (path == "/status") return Page::kStatus;
  if (path == "/audit" || path == "/audit/rebuild") return Page::kAudit;
  if (path == "/topology") return Page::kTopology;
  if (path == "/topology/sizes" || path.starts_with("/topology/sizes/")) return Page::kSizes;
  return std::nullopt;
}

// No Path: nothing lives there.
Result<std::optional<Path>> ParsePath(ByteView text) {
  Path path;
  if (const std::optional<Page> page = PageAt(text)) {
    path.page = *page;
    if (*page == Page::kAudit && text != "/audit") path.key = "rebuild";
    if (*page == Page::kSizes) path.key = text.substr(ByteView("/topology/").size());
    return std::optional<Path>(std::move(path));
  }
  if (Skip(text, "/ns/")) {
    const std::size_t end = text.find('/');
    if (end == ByteView::npos) return std::optional<Path>();
    Result<Bytes> space = PercentDecode(text.substr(0, end));
    if (!space) return space.failure();
    if (space->empty()) return Bad("the namespace is empty: use /ns/{namespace}/kv/{key}");
    path.space = std::move(*space);
    text.remove_prefix(end);
  }
  if (Skip(text, "/ring/")) {
    path.page = Page::kRing;
  } else if (!Skip(text, "/kv/")) {
    return std::optional<Path>();
  }
  Result<Bytes> key = PercentDecode(text);
  if (!key) return key.failure();
  if (key->empty()) return Bad("the key is empty: name it after /kv/ or /ring/");
  path.key = std::move(*key);
  return std::optional<Path>(std::move(path));
}

// The request's parameters, from its query or its headers; the query wins.
class Parameters {
 public:
  static Result<Parameters> Of(const HttpRequest& request, ByteView query) {
    Parameters parameters(request);
    while (!query.empty()) {
      const ByteView pair = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(query.size(), pair.size() + 1));
      if (pair.empty()) continue;
      const std::size_t equals = std::min(pair.size(), pair.find('='));
      Result<Bytes> name = PercentDecode(pair.substr(0, equals));
      Result<Bytes> value = PercentDecode(pair.substr(std::min(pair.size(), equals + 1)));
      if (!name) return name.failure();
      if (!value) return value.failure();
      const auto* known = std::find_if(kParameters.begin(), kParameters.end(),
                                       [&](auto candidate) { return iequals(candidate, *name); });
      if (known == kParameters.end()) {
        return Bad("unknown query parameter \"" + *name +
                   "\": known are R, W, Consistency, Sloppy and Timeout-Ms");
      }
      parameters.query_.emplace_back(*known, std::move(*value));
    }
    return parameters;
  }

  std::optional<std::string> Find(std::string_view name) const {
    for (const auto& [known, value] : query_) {
      if (known == name) return value;
    }
    const auto field = request_.find(name);
    if (field == request_.end()) return std::nullopt;
    return std::string(field->value());
  }

 private:
  explicit Parameters(const HttpRequest& request) : request_(request) {}

  const HttpRequest& request_;
  std::vector<std::pair<std::string_view, std::string>> query_;
};

Result<std::uint32_t> ParseNumber(std::string_view name, std::string_view text,
                                  std::uint32_t maximum) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > maximum) {
    return Bad(std::string(name) + " must be a whole number from 1 to " + std::to_string(maximum));
  }
  return number;
}

Result<node::Level> ParseLevel(std::string_view text) {
  if (text == "one") return node::Level::kOne;
  if (text == "local_quorum") return node::Level::kLocalQuorum;
  if (text == "all") return node::Level::kAll;
  if (text == "each_quorum") return node::Level::kEachQuorum;
  return Bad("Consistency must be one, local_quorum, all or each_quorum");
}

Result<Done> ReadParameters(const Parameters& parameters, std::uint32_t timeout_ms_max,
                            node::ClientRequest& request) {
  for (const std::string_view later : {"TTL", "X-Meridian-Session"}) {
    if (parameters.Find(later)) {
      return Bad(std::string(later) + " is not in this release: leave it out");
    }
  }
  if (const auto text = parameters.Find("Timeout-Ms")) {
    const Result<std::uint32_t> timeout = ParseNumber("Timeout-Ms", *text, timeout_ms_max);
    if (!timeout) return timeout.failure();
    request.timeout_ms = *timeout;
  }
  if (const auto text = parameters.Find("Sloppy")) {
    if (*text != "true" && *text != "false") return Bad("Sloppy must be true or false");
    request.sloppy = *text == "true";
  }
  const auto level_text = parameters.Find("Consistency");
  if (level_text) {
    const Result<node::Level> level = ParseLevel(*level_text);
    if (!level) return level.failure();
    request.level = *level;
  }
  // A client may send both R and W with everything; only the one that fits counts.
  const bool read = request.operation == node::Operation::kGet;
  for (const std::string_view name : {"R", "W"}) {
    const auto text = parameters.Find(name);
    if (!text) continue;
    const Result<std::uint32_t> count =
        ParseNumber(name, *text, std::numeric_limits<std::uint8_t>::max());
    if (!count) return count.failure();
    if (read != (name == "R")) continue;
    if (level_text) return Bad("Consistency and " + std::string(name) + " exclude each other");
    request.replicas = static_cast<std::uint8_t>(*count);
  }
  return Done{};
}

// The media type of a header like "application/octet-stream; q=1", in a list or alone.
bool NamesRaw(std::string_view header) {
  while (!header.empty()) {
    std::string_view item = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), item.size() + 1));
    item = item.substr(0, item.find(';'));
    while (item.starts_with(' ') || item.starts_with('\t')) item.remove_prefix(1);
    while (item.ends_with(' ') || item.ends_with('\t')) item.remove_suffix(1);
    if (iequals(item, kRaw)) return true;
  }
  return false;
}

std::string_view Header(const HttpRequest& request, std::string_view name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

// Tokens are text already (crdt/context_token); the node says whether one is good.
Result<Done> SetContext(std::string_view context, node::ClientRequest& request) {
  if (!request.context.empty() && request.context != context) {
    return Bad("the context in the body differs from the one in the header: send one");
  }
  request.context = context;
  return Done{};
}

// A member that must be a string if it is there.
Result<std::optional<std::string>> Member(const Json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end()) return std::optional<std::string>();
  if (!found->is_string()) return Bad("\"" + std::string(name) + "\" must be a string");
  return std::optional<std::string>(found->get<std::string>());
}

Result<Done> SetValue(const Json& body, node::ClientRequest& request) {
  auto value = Member(body, "value");
  if (!value) return value.failure();
  if (!*value) return Bad("the body has no \"value\": send {\"value\": \"...\"}");
  const auto encoding = Member(body, "encoding");
  if (!encoding) return encoding.failure();
  if (!*encoding) {
    request.value = std::move(**value);
    return Done{};
  }
  if (**encoding != "base64") return Bad("\"encoding\" must be \"base64\", or left out");
  Result<Bytes> decoded = DecodeBase64(**value);
  if (!decoded) return Bad("\"value\" is not base64");
  request.value = std::move(*decoded);
  return Done{};
}

Result<Done> ReadJson(const std::string& text, node::ClientRequest& request) {
  const bool put = request.operation == node::Operation::kPut;
  const Json body = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) {
    return Bad(put ? "the body must be JSON, {\"value\": \"...\"}; for raw bytes send "
                     "Content-Type: application/octet-stream"
                   : "the body must be empty or JSON, {\"context\": \"...\"}");
  }
  for (const auto& item : body.items()) {
    const std::string& name = item.key();
    if (name == "context" || (put && (name == "value" || name == "encoding"))) continue;
    return Bad("unknown member \"" + name + "\" in the body");
  }
  const auto context = Member(body, "context");
  if (!context) return context.failure();
  if (*context) {
    if (Result<Done> set = SetContext(**context, request); !set) return set;
  }
  return put ? SetValue(body, request) : Result<Done>(Done{});
}

// Value and context, from wherever they are.
Result<Done> ReadContent(HttpRequest& from, node::ClientRequest& request) {
  if (request.operation == node::Operation::kGet) return Done{};
  if (const auto context = Header(from, kContextHeader); !context.empty()) {
    if (Result<Done> set = SetContext(context, request); !set) return set;
  }
  if (request.operation == node::Operation::kDelete) {
    return from.body().empty() ? Result<Done>(Done{}) : ReadJson(from.body(), request);
  }
  if (NamesRaw(Header(from, "Content-Type"))) {
    request.value = std::move(from.body());
    return Done{};
  }
  return ReadJson(from.body(), request);
}

std::optional<node::Operation> OperationOf(Page page, http::verb method) {
  const bool get = method == http::verb::get || method == http::verb::head;
  if (page == Page::kKey) {
    if (get) return node::Operation::kGet;
    if (method == http::verb::put) return node::Operation::kPut;
    if (method == http::verb::delete_) return node::Operation::kDelete;
    return std::nullopt;
  }
  if (page == Page::kAudit) {
    return method == http::verb::post ? std::optional(node::Operation::kAudit) : std::nullopt;
  }
  if (page == Page::kTopology) {
    if (method == http::verb::put) return node::Operation::kApply;
    if (method == http::verb::delete_) return node::Operation::kTakeBack;
    return get ? std::optional(node::Operation::kTopology) : std::nullopt;
  }
  if (!get) return std::nullopt;
  if (page == Page::kMetrics) return node::Operation::kMetrics;
  if (page == Page::kStatus) return node::Operation::kStatus;
  if (page == Page::kRing) return node::Operation::kCopy;
  if (page == Page::kSizes) return node::Operation::kTopology;
  return node::Operation::kReady;
}

// A change of the topology: the file is the body, the epoch it is to be in the query.
std::variant<Route, HttpResponse> ReadChange(HttpRequest& request, ByteView target, Route route) {
  if (route.request.operation == node::Operation::kTopology) return route;
  const std::size_t query = target.find("?version=");
  const ByteView version = query == ByteView::npos ? ByteView() : target.substr(query + 9);
  if (version.empty() || version.find_first_not_of("0123456789") != ByteView::npos) {
    return ErrorResponse(http::status::bad_request, "bad_request",
                         "a change needs the number of its epoch: /topology?version=2");
  }
  route.request.key = version;
  route.request.value = std::move(request.body());
  route.shape.write = true;
  return route;
}

HttpResponse UnknownPath(ByteView path) {
  return ErrorResponse(http::status::not_found, "not_found",
                       "unknown path " + std::string(path) +
                           ": there are /kv/{key}, /ns/{namespace}/kv/{key}, /ring/{key}, "
                           "/health, /ready, /metrics, /status, /topology and /audit");
}

HttpResponse MethodNotAllowed(Page page, std::string_view method) {
  const std::string allowed = page == Page::kKey || page == Page::kTopology
                                  ? "GET, HEAD, PUT, DELETE"
                              : page == Page::kAudit ? "POST"
                                                     : "GET, HEAD";
  HttpResponse response =
      ErrorResponse(http::status::method_not_allowed, "method_not_allowed",
                    std::string(method) + " is not offered here: use " + allowed);
  response.set(http::field::allow, allowed);
  return response;
}

// Proxies may send "GET http://host:port/kv/a".
ByteView WithoutAuthority(ByteView target) {
  if (!Skip(target, "http://")) return target;
  const std::size_t path = target.find('/');
  return path == ByteView::npos ? "/" : target.substr(path);
}

}  // namespace

Result<Bytes> PercentDecode(ByteView text) {
  Bytes bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes.push_back(text[i]);
      continue;
    }
    const ByteView digits = text.substr(i + 1, 2);
    std::uint8_t byte = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) {
      return Bad("the URL has a '%' without two hex digits: write % as %25");
    }
    bytes.push_back(static_cast<char>(byte));
    i += 2;
  }
  return bytes;
}

std::variant<Route, HttpResponse> RouteRequest(HttpRequest request, std::uint32_t timeout_ms_max) {
  const auto bad = [](const Error& error) {
    return ErrorResponse(http::status::bad_request, "bad_request", error.message);
  };
  const std::string target_text(request.target());
  const ByteView target = WithoutAuthority(target_text);
  const ByteView path_text = target.substr(0, target.find('?'));
  Result<std::optional<Path>> path = ParsePath(path_text);
  if (!path) return bad(path.error());
  if (!*path) return UnknownPath(path_text);

  Route route;
  const Page page = (**path).page;
  const auto operation = OperationOf(page, request.method());
  if (!operation) return MethodNotAllowed(page, std::string(request.method_string()));
  route.request.operation = *operation;
  route.shape.page = page;
  route.request.space = std::move((**path).space);
  route.request.key = std::move((**path).key);
  if (page == Page::kTopology) return ReadChange(request, target, std::move(route));
  if (page != Page::kKey) return route;

  route.shape.write = *operation != node::Operation::kGet;
  route.shape.raw = NamesRaw(Header(request, "Accept"));
  route.shape.context_header = route.shape.raw || request.method() == http::verb::head ||
                               NamesRaw(Header(request, "Content-Type"));
  const ByteView query = target.substr(std::min(target.size(), path_text.size() + 1));
  const Result<Parameters> parameters = Parameters::Of(request, query);
  if (!parameters) return bad(parameters.error());
  if (const auto read = ReadParameters(*parameters, timeout_ms_max, route.request); !read) {
    return bad(read.error());
  }
  if (const auto read = ReadContent(request, route.request); !read) return bad(read.error());
  return route;
}

}  // namespace meridian::io
