#include "node/client_api.h"

#include "base/codec.h"

namespace meridian::node {
namespace {

constexpr std::uint8_t kApiVersion = 1;

}  // namespace

Bytes EncodeRequest(const ClientRequest& request) {
  return EncodeVersioned(kApiVersion, request);
}

Result<ClientRequest> DecodeRequest(ByteView bytes) {
  Result<ClientRequest> request = DecodeVersioned<ClientRequest>(kApiVersion, bytes);
  if (!request) return request;
  if (request->operation > Operation::kTakeBack)
    return Fail(ErrorCode::kCorrupt, "unknown operation");
  if (request->level > Level::kEachQuorum) return Fail(ErrorCode::kCorrupt, "unknown level");
  return request;
}

Bytes EncodeAnswer(const ClientAnswer& answer) {
  return EncodeVersioned(kApiVersion, answer);
}

Result<ClientAnswer> DecodeAnswer(ByteView bytes) {
  Result<ClientAnswer> answer = DecodeVersioned<ClientAnswer>(kApiVersion, bytes);
  if (answer && answer->status > Status::kConflict) {
    return Fail(ErrorCode::kCorrupt, "unknown status");
  }
  return answer;
}

std::string_view CodeOf(Status status) {
  switch (status) {
    case Status::kOk: return "ok";
    case Status::kSiblings: return "siblings";
    case Status::kNotFound: return "not_found";
    case Status::kBadRequest: return "bad_request";
    case Status::kTooLarge: return "too_large";
    case Status::kOverloaded: return "overloaded";
    case Status::kUnavailable: return "unavailable";
    case Status::kTimeout: return "timeout";
    case Status::kConflict: return "conflict";
  }
  return "unknown";
}

int HttpStatusOf(Status status) {
  switch (status) {
    case Status::kOk: return 200;
    case Status::kSiblings: return 300;
    case Status::kNotFound: return 404;
    case Status::kBadRequest: return 400;
    case Status::kTooLarge: return 413;
    case Status::kOverloaded:
    case Status::kUnavailable: return 503;
    case Status::kTimeout: return 504;
    case Status::kConflict: return 409;
  }
  return 500;
}

}  // namespace meridian::node
