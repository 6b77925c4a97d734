#include "io/http_client.h"

#include <curl/curl.h>

#include <boost/beast/core/string.hpp>

namespace meridian::io {
namespace {

// More than any answer of ours; a stranger on the port must not fill our memory.
constexpr std::size_t kReplyMax = std::size_t{256} << 20;

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

void Append(HeaderList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  MERIDIAN_CHECK(longer != nullptr);  // out of memory
  (void)list.release();
  list.reset(longer);
}

std::size_t OnBody(const char* data, std::size_t, std::size_t size, void* user) {
  Bytes& body = static_cast<HttpReply*>(user)->body;
  if (body.size() + size > kReplyMax) return 0;
  body.append(data, size);
  return size;
}

std::size_t OnHeader(const char* data, std::size_t, std::size_t size, void* user) {
  constexpr std::string_view kName = "X-Meridian-Context:";
  std::string_view line(data, size);
  if (line.size() < kName.size() || !boost::beast::iequals(line.substr(0, kName.size()), kName)) {
    return size;
  }
  line.remove_prefix(kName.size());
  while (line.starts_with(' ')) line.remove_prefix(1);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  static_cast<HttpReply*>(user)->context = line;
  return size;
}

}  // namespace

struct HttpClient::Handle {
  Handle() : curl(curl_easy_init()) { MERIDIAN_CHECK(curl != nullptr); }
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  CURL* curl;
};

HttpClient::HttpClient(std::string base_url, std::chrono::milliseconds timeout)
    : handle_(std::make_unique<Handle>()), base_url_(std::move(base_url)), timeout_(timeout) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpReply> HttpClient::Fetch(const HttpCall& call) {
  CURL* curl = handle_->curl;
  HttpReply reply;
  char cause[CURL_ERROR_SIZE] = "";
  const std::string url = base_url_ + call.path;
  HeaderList headers;
  Append(headers, "Expect:");  // no round trip before the body
  for (const std::string& line : call.headers) Append(headers, line);

  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);  // a key may be ".."
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, cause);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reply);
  if (call.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (call.method == "PUT" || !call.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.data());
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());

  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_off_t retry_after = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
  curl_easy_reset(curl);  // forgets the options, which point into this frame; keeps connections
  if (code != CURLE_OK) {
    return Fail(ErrorCode::kIo, call.method + ' ' + url + ": " +
                                    (cause[0] != '\0' ? cause : curl_easy_strerror(code)));
  }
  reply.status = static_cast<int>(status);
  reply.retry_after_s = static_cast<long>(retry_after);
  return reply;
}

std::string KeyPath(std::string_view space, ByteView key) {
  const auto encode = [](std::string& out, ByteView bytes) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    constexpr std::string_view kPlain = "-._~";
    for (const char letter : bytes) {
      const auto byte = static_cast<std::uint8_t>(letter);
      const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                         (letter >= '0' && letter <= '9') ||
                         kPlain.find(letter) != std::string_view::npos;
      if (plain) {
        out.push_back(letter);
      } else {
        out.append({'%', kHex[byte >> 4U], kHex[byte & 15U]});
      }
    }
  };
  std::string path = "/ns/";
  encode(path, space);
  path += "/kv/";
  encode(path, key);
  return path;
}

}  // namespace meridian::io
