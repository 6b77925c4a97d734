#include "io/http_routes.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace meridian::io {
namespace {

namespace http = boost::beast::http;
using Json = nlohmann::json;
using node::Level;
using node::Operation;

using Headers = std::vector<std::pair<std::string, std::string>>;

std::variant<Route, HttpResponse> Call(http::verb method, const std::string& target,
                                       const std::string& body = "", const Headers& headers = {}) {
  HttpRequest request(method, target, 11, body);
  for (const auto& [name, value] : headers) request.set(name, value);
  return RouteRequest(std::move(request), 60'000);
}

Route Routed(http::verb method, const std::string& target, const std::string& body = "",
             const Headers& headers = {}) {
  auto called = Call(method, target, body, headers);
  if (auto* refused = std::get_if<HttpResponse>(&called)) {
    ADD_FAILURE() << target << " was refused: " << refused->body();
    return {};
  }
  return std::get<Route>(called);
}

HttpResponse Refused(http::verb method, const std::string& target, const std::string& body = "",
                     const Headers& headers = {}) {
  auto called = Call(method, target, body, headers);
  if (std::holds_alternative<Route>(called)) {
    ADD_FAILURE() << target << ' ' << body << " was not refused";
    return {};
  }
  return std::get<HttpResponse>(called);
}

TEST(HttpRoutesTest, TheKeyIsEverythingAfterKvWithPercentsDecoded) {
  struct Case {
    std::string target;
    std::string space;
    Bytes key;
  };
  const Case cases[] = {
      {"/kv/a", "default", "a"},
      {"/kv/a/b", "default", "a/b"},
      {"/kv/a%2Fb", "default", "a/b"},
      {"/kv/a%2fb/", "default", "a/b/"},
      {"/kv//", "default", "/"},
      {"/kv/..", "default", ".."},
      {"/kv/a+b", "default", "a+b"},
      {"/kv/%00%FF", "default", Bytes("\0\xff", 2)},
      {"/kv/a%3Fb?R=1", "default", "a?b"},
      {"/kv/a?", "default", "a"},
      {"/kv/kv/a", "default", "kv/a"},
      {"/ns/packages/kv/bash=5.2", "packages", "bash=5.2"},
      {"/ns/a%20b/kv/ns/x/kv/y", "a b", "ns/x/kv/y"},
      {"http://127.0.0.1:7101/kv/a", "default", "a"},
  };
  for (const Case& test : cases) {
    const Route route = Routed(http::verb::get, test.target);
    EXPECT_EQ(route.shape.page, Page::kKey) << test.target;
    EXPECT_EQ(route.request.space, test.space) << test.target;
    EXPECT_EQ(route.request.key, test.key) << test.target;
    EXPECT_EQ(route.request.operation, Operation::kGet) << test.target;
  }
}

TEST(HttpRoutesTest, PagesAskTheMachineForWhatTheyShow) {
  EXPECT_EQ(Routed(http::verb::get, "/health").shape.page, Page::kHealth);
  EXPECT_EQ(Routed(http::verb::get, "/ready").request.operation, Operation::kReady);
  EXPECT_EQ(Routed(http::verb::get, "/metrics?name=x").request.operation, Operation::kMetrics);
  EXPECT_EQ(Routed(http::verb::head, "/status").request.operation, Operation::kStatus);
  const Route ring = Routed(http::verb::get, "/ns/cart/ring/a%2Fb");
  EXPECT_EQ(ring.request.operation, Operation::kCopy);
  EXPECT_EQ(ring.request.space, "cart");
  EXPECT_EQ(ring.request.key, "a/b");
}

TEST(HttpRoutesTest, SizesAreAPartOfTheTopologyThatIsOnlyRead) {
  const Route sizes = Routed(http::verb::get, "/topology/sizes/1/40");
  EXPECT_EQ(sizes.request.operation, Operation::kTopology);
  EXPECT_EQ(sizes.request.key, "sizes/1/40");
  EXPECT_EQ(Routed(http::verb::get, "/topology/sizes").request.key, "sizes");
  EXPECT_EQ(Refused(http::verb::put, "/topology/sizes?version=2").result_int(), 405U);
}

TEST(HttpRoutesTest, AnAuditIsBegunByAPost) {
  const Route audit = Routed(http::verb::post, "/audit");
  EXPECT_EQ(audit.request.operation, Operation::kAudit);
  EXPECT_EQ(audit.request.key, "");
  EXPECT_EQ(Routed(http::verb::post, "/audit/rebuild").request.key, "rebuild");
  const HttpResponse refused = Refused(http::verb::get, "/audit");
  EXPECT_EQ(refused.result_int(), 405U);
  EXPECT_EQ(refused[http::field::allow], "POST");
}

TEST(HttpRoutesTest, APathThatIsNotOfferedIsNotFoundAndNamed) {
  for (const char* target : {"/", "/kv", "/counter/a", "/set/a/b", "/map/a", "/ns/x", "/ns/x/set/a",
                             "/healthy", "/health/", "*", "//kv/a", "/KV/a"}) {
    const HttpResponse response = Refused(http::verb::get, target);
    EXPECT_EQ(response.result_int(), 404U) << target;
    const Json body = Json::parse(response.body());
    EXPECT_EQ(body["error"], "not_found");
    EXPECT_NE(body["message"].get<std::string>().find("unknown path " + std::string(target)),
              std::string::npos);
  }
}

TEST(HttpRoutesTest, AMethodThatIsNotOfferedIsToldWhichAre) {
  const HttpResponse key = Refused(http::verb::post, "/kv/a");
  EXPECT_EQ(key.result_int(), 405U);
  EXPECT_EQ(key[http::field::allow], "GET, HEAD, PUT, DELETE");
  EXPECT_EQ(Json::parse(key.body())["error"], "method_not_allowed");
  const HttpResponse page = Refused(http::verb::put, "/status");
  EXPECT_EQ(page.result_int(), 405U);
  EXPECT_EQ(page[http::field::allow], "GET, HEAD");
}

TEST(HttpRoutesTest, APutTakesItsValueFromJson) {
  struct Case {
    std::string body;
    Bytes value;
  };
  const Case cases[] = {
      {R"({"value": "milk"})", "milk"},
      {R"({"value": ""})", ""},
      {R"({"value": "\u00fc\u0000\n"})", Bytes("\xc3\xbc\0\n", 4)},
      {R"({"value": "//4=", "encoding": "base64"})", "\xff\xfe"},
  };
  for (const Case& test : cases) {
    const Route route = Routed(http::verb::put, "/kv/a", test.body);
    EXPECT_EQ(route.request.operation, Operation::kPut);
    EXPECT_EQ(route.request.value, test.value) << test.body;
    EXPECT_TRUE(route.shape.write);
    EXPECT_FALSE(route.shape.context_header);
  }
}

TEST(HttpRoutesTest, ARawPutTakesTheBodyAsItIs) {
  const Bytes value("{\"value\"\0\xff", 10);
  const Route route =
      Routed(http::verb::put, "/kv/a", value,
             {{"Content-Type", "Application/Octet-Stream; x=y"}, {"X-Meridian-Context", "token"}});
  EXPECT_EQ(route.request.value, value);
  EXPECT_EQ(route.request.context, "token");
  EXPECT_TRUE(route.shape.context_header);
  EXPECT_FALSE(route.shape.raw);
}

TEST(HttpRoutesTest, TheContextComesFromHeaderOrBody) {
  const std::string context = "token";
  const std::string in_body = R"({"value": "x", "context": ")" + context + "\"}";
  const Headers in_header = {{"x-meridian-context", context}};
  const std::string only_context = R"({"context": ")" + context + "\"}";
  EXPECT_EQ(Routed(http::verb::put, "/kv/a", in_body).request.context, "token");
  EXPECT_EQ(Routed(http::verb::put, "/kv/a", in_body, in_header).request.context, "token");
  EXPECT_EQ(Routed(http::verb::delete_, "/kv/a", only_context).request.context, "token");
  EXPECT_EQ(Routed(http::verb::delete_, "/kv/a", "", in_header).request.context, "token");
  EXPECT_EQ(Routed(http::verb::delete_, "/kv/a").request.context, "");
  EXPECT_EQ(Routed(http::verb::delete_, "/kv/a").request.operation, Operation::kDelete);
}

TEST(HttpRoutesTest, AcceptDecidesWhetherTheAnswerIsRaw) {
  const auto raw = [](const char* accept) {
    return Routed(http::verb::get, "/kv/a", "", {{"Accept", accept}}).shape.raw;
  };
  EXPECT_TRUE(raw("application/octet-stream"));
  EXPECT_TRUE(raw("application/json;q=0.5 , application/OCTET-stream ;q=1"));
  EXPECT_FALSE(raw("*/*"));
  EXPECT_FALSE(raw("application/octet-streams"));
  EXPECT_FALSE(Routed(http::verb::get, "/kv/a").shape.raw);
  EXPECT_TRUE(Routed(http::verb::head, "/kv/a").shape.context_header);
}

TEST(HttpRoutesTest, ParametersComeFromTheQueryOrFromHeaders) {
  struct Case {
    http::verb method;
    std::string target;
    Headers headers;
    Level level;
    int replicas;
    std::uint32_t timeout_ms;
  };
  const auto get = http::verb::get;
  const auto put = http::verb::put;
  const Case cases[] = {
      {get, "/kv/a", {}, Level::kLocalQuorum, 0, 0},
      {get, "/kv/a?R=2", {}, Level::kLocalQuorum, 2, 0},
      {get, "/kv/a?r=2&", {}, Level::kLocalQuorum, 2, 0},
      {get, "/kv/a", {{"R", "3"}}, Level::kLocalQuorum, 3, 0},
      {get, "/kv/a?R=1", {{"R", "3"}}, Level::kLocalQuorum, 1, 0},
      {get, "/kv/a?W=2", {{"R", "3"}}, Level::kLocalQuorum, 3, 0},
      {put, "/kv/a?R=2&W=255", {}, Level::kLocalQuorum, 255, 0},
      {get, "/kv/a?Consistency=one", {}, Level::kOne, 0, 0},
      {get, "/kv/a?Consistency=all&W=2", {}, Level::kAll, 0, 0},
      {put, "/kv/a", {{"consistency", "each_quorum"}}, Level::kEachQuorum, 0, 0},
      {put, "/kv/a?Consistency=local%5Fquorum", {}, Level::kLocalQuorum, 0, 0},
      {get, "/kv/a?Timeout-Ms=60000", {}, Level::kLocalQuorum, 0, 60'000},
      {get, "/kv/a", {{"Timeout-Ms", "1"}}, Level::kLocalQuorum, 0, 1},
  };
  for (const Case& test : cases) {
    const Route route =
        Routed(test.method, test.target, test.method == put ? R"({"value":""})" : "", test.headers);
    EXPECT_EQ(route.request.level, test.level) << test.target;
    EXPECT_EQ(route.request.replicas, test.replicas) << test.target;
    EXPECT_EQ(route.request.timeout_ms, test.timeout_ms) << test.target;
  }
}

TEST(HttpRoutesTest, WhatIsWrongWithAnAddressOrAParameterIsSaid) {
  const std::pair<const char*, const char*> cases[] = {
      {"/kv/", "key is empty"},
      {"/kv/%", "%25"},
      {"/kv/%4", "%25"},
      {"/kv/%zz", "%25"},
      {"/kv/%+1", "%25"},
      {"/kv/%-1", "%25"},
      {"/ns//kv/a", "namespace is empty"},
      {"/kv/a?R=0", "R must be"},
      {"/kv/a?R=256", "R must be"},
      {"/kv/a?W=x", "W must be"},
      {"/kv/a?R=", "R must be"},
      {"/kv/a?R", "R must be"},
      {"/kv/a?Timeout-Ms=60001", "1 to 60000"},
      {"/kv/a?Timeout-Ms=-5", "1 to 60000"},
      {"/kv/a?Timeout-Ms=99999999999999", "1 to 60000"},
      {"/kv/a?Consistency=quorum", "local_quorum"},
      {"/kv/a?Consistency=one&R=1", "exclude"},
      {"/kv/a?TTL=5", "TTL is not in this release"},
      {"/kv/a?X-Meridian-Session=x", "not in this release"},
      {"/kv/a?consistncy=one", "unknown query parameter"},
      {"/kv/a?R=%g0", "%25"},
  };
  for (const auto& [target, words] : cases) {
    const HttpResponse response = Refused(http::verb::get, target);
    EXPECT_EQ(response.result_int(), 400U) << target;
    const Json body = Json::parse(response.body());
    EXPECT_EQ(body["error"], "bad_request");
    EXPECT_NE(body["message"].get<std::string>().find(words), std::string::npos)
        << target << ": " << body["message"];
  }
  EXPECT_EQ(Refused(http::verb::get, "/kv/a", "", {{"TTL", "5"}}).result_int(), 400U);
}

TEST(HttpRoutesTest, WhatIsWrongWithABodyIsSaid) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "must be JSON"},
      {"milk", "application/octet-stream"},
      {"[1]", "must be JSON"},
      {"{\"value\": \"\xff\"}", "must be JSON"},
      {"{\"value\": \"\\ud800\"}", "must be JSON"},
      {R"({"value": "a"} x)", "must be JSON"},
      {std::string(100'000, '['), "must be JSON"},
      {"{}", "no \"value\""},
      {R"({"value": 5})", "\"value\" must be a string"},
      {R"({"value": "a", "ttl": 5})", "unknown member \"ttl\""},
      {R"({"value": "a", "encoding": "hex"})", "\"encoding\""},
      {R"({"value": "a", "encoding": "base64"})", "not base64"},
      {R"({"value": "a", "context": null})", "\"context\" must be a string"},
  };
  for (const auto& [text, words] : cases) {
    const HttpResponse response = Refused(http::verb::put, "/kv/a", text);
    EXPECT_EQ(response.result_int(), 400U) << text;
    const Json body = Json::parse(response.body());
    EXPECT_NE(body["message"].get<std::string>().find(words), std::string::npos)
        << text << ": " << body["message"];
  }
}

TEST(HttpRoutesTest, ADeleteRefusesAValueAndTwoDifferentContexts) {
  EXPECT_EQ(Refused(http::verb::delete_, "/kv/a", R"({"value": "x"})").result_int(), 400U);
  EXPECT_EQ(Refused(http::verb::delete_, "/kv/a", "x").result_int(), 400U);
  EXPECT_EQ(Refused(http::verb::delete_, "/kv/a", R"({"context": "AAAA"})",
                    {{"X-Meridian-Context", "BBBB"}})
                .result_int(),
            400U);
}

}  // namespace
}  // namespace meridian::io
