#include "io/http_answers.h"

#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "io/base64.h"

namespace meridian::io {
namespace {

namespace http = boost::beast::http;
using OrderedJson = nlohmann::ordered_json;

HttpResponse JsonResponse(http::status status, const OrderedJson& body) {
  HttpResponse response(status, 11);
  response.set(http::field::content_type, "application/json");
  response.set(http::field::cache_control, "no-store");
  if (status == http::status::service_unavailable) response.set(http::field::retry_after, "1");
  // Messages may quote what a client sent, UTF-8 or not.
  response.body() = body.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
  response.prepare_payload();
  return response;
}

OrderedJson ErrorBody(std::string_view code, std::string_view message) {
  return {{"error", code}, {"message", message}};
}

OrderedJson ValueBody(Bytes value) {
  if (Utf8Prefix(value) == value.size()) return {{"value", std::move(value)}};
  return {{"value", EncodeBase64(value)}, {"encoding", "base64"}};
}

HttpResponse InternalError(std::string_view message) {
  return ErrorResponse(http::status::internal_server_error, "internal", message);
}

OrderedJson RefusalBody(const node::ClientAnswer& answer) {
  std::string message = answer.message;
  if (message.empty()) {
    message = answer.status == node::Status::kNotFound ? "nothing is stored under this key"
                                                       : "the node gave no reason";
  }
  OrderedJson body = ErrorBody(node::CodeOf(answer.status), message);
  if (answer.maybe) body["maybe"] = true;
  return body;
}

http::status HttpStatus(const node::ClientAnswer& answer) {
  return http::int_to_status(static_cast<unsigned>(node::HttpStatusOf(answer.status)));
}

HttpResponse RawResponse(Bytes value) {
  return PageResponse("application/octet-stream", std::move(value));
}

OrderedJson SiblingsBody(std::vector<Bytes> values) {
  OrderedJson versions = OrderedJson::array();
  for (Bytes& value : values) versions.push_back(ValueBody(std::move(value)));
  return {{"versions", std::move(versions)}};
}

}  // namespace

HttpResponse ErrorResponse(http::status status, std::string_view code, std::string_view message) {
  return JsonResponse(status, ErrorBody(code, message));
}

HttpResponse BusyResponse(std::string_view message) {
  return ErrorResponse(http::status::service_unavailable, "overloaded", message);
}

HttpResponse PageResponse(std::string_view content_type, std::string body) {
  HttpResponse response(http::status::ok, 11);
  response.set(http::field::content_type, {content_type.data(), content_type.size()});
  response.set(http::field::cache_control, "no-store");
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

HttpResponse KeyResponse(const Shape& shape, node::ClientAnswer answer) {
  const std::string& context = answer.context;
  const bool in_header = shape.context_header && context.size() <= kHeaderContextMax;
  const bool raw = shape.raw && (in_header || context.empty());
  const bool get = !shape.write;
  if (get && answer.status == node::Status::kOk && answer.values.size() != 1) {
    return InternalError("the node answered a get without exactly one value");
  }

  HttpResponse response;
  if (raw && answer.status == node::Status::kOk) {
    response = RawResponse(get ? std::move(answer.values[0]) : Bytes());
  } else {
    OrderedJson body = OrderedJson::object();
    if (answer.status == node::Status::kSiblings) {
      body = SiblingsBody(std::move(answer.values));
    } else if (answer.status != node::Status::kOk) {
      body = RefusalBody(answer);
    } else if (get) {
      body = ValueBody(std::move(answer.values[0]));
    }
    if (!context.empty()) body["context"] = context;
    response = JsonResponse(HttpStatus(answer), body);
  }
  if (in_header && !context.empty()) {
    response.set({kContextHeader.data(), kContextHeader.size()}, context);
  }
  return response;
}

HttpResponse ReadyResponse(const node::ClientAnswer& answer) {
  if (answer.status != node::Status::kOk) return RefusalResponse(answer);
  return JsonResponse(http::status::ok, {{"status", "ready"}});
}

HttpResponse StatusResponse(const node::ClientAnswer& answer, const std::string& process) {
  if (answer.status != node::Status::kOk) return RefusalResponse(answer);
  if (answer.values.size() != 1) return InternalError("the node gave no status");
  OrderedJson status = OrderedJson::parse(answer.values[0], nullptr, /*allow_exceptions=*/false);
  if (!status.is_object()) return InternalError("the node's status is not a JSON object");
  const OrderedJson added = OrderedJson::parse(process.empty() ? "{}" : process, nullptr, false);
  if (!added.is_object()) return InternalError("the process figures are not a JSON object");
  status.update(added);
  return JsonResponse(http::status::ok, status);
}

HttpResponse RefusalResponse(const node::ClientAnswer& answer) {
  return JsonResponse(HttpStatus(answer), RefusalBody(answer));
}

HttpResponse NoAnswerResponse(const Shape& shape) {
  return RefusalResponse({.status = node::Status::kTimeout,
                          .values = {},
                          .context = {},
                          .message = "the node did not answer in time: try again",
                          .maybe = shape.write});
}

}  // namespace meridian::io
