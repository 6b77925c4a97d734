#include "io/http_answers.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace meridian::io {
namespace {

namespace http = boost::beast::http;
using node::ClientAnswer;
using node::Status;

const Shape kGet = {};
const Shape kRawGet = {.raw = true, .context_header = true};
const Shape kPut = {.write = true};
const Shape kRawPut = {.write = true, .raw = true, .context_header = true};

ClientAnswer Answer(Status status, std::vector<Bytes> values = {}, Bytes context = {}) {
  ClientAnswer answer;
  answer.status = status;
  answer.values = std::move(values);
  answer.context = std::move(context);
  return answer;
}

ClientAnswer Refusal(Status status, std::string message, bool maybe = false) {
  ClientAnswer answer = Answer(status);
  answer.message = std::move(message);
  answer.maybe = maybe;
  return answer;
}

TEST(HttpAnswersTest, JsonBodiesAreTheOnesOfTheContract) {
  struct Case {
    Shape shape;
    ClientAnswer answer;
    unsigned status;
    std::string body;
  };
  const Case cases[] = {
      {kGet, Answer(Status::kOk, {"milk"}, "c"), 200, R"({"value":"milk","context":"c"})"},
      {kGet, Answer(Status::kOk, {"\xff\xfe"}, "c"), 200,
       R"({"value":"//4=","encoding":"base64","context":"c"})"},
      {kGet, Answer(Status::kOk, {""}, "c"), 200, R"({"value":"","context":"c"})"},
      {kGet, Answer(Status::kOk, {"\xed\xa0\x80"}), 200, R"({"value":"7aCA","encoding":"base64"})"},
      {kGet, Answer(Status::kOk, {"\xc0\xaf"}), 200, R"({"value":"wK8=","encoding":"base64"})"},
      {kGet, Answer(Status::kOk, {"\xc3"}), 200, R"({"value":"ww==","encoding":"base64"})"},
      {kGet, Answer(Status::kOk, {Bytes("\"\n\0", 3)}), 200, R"({"value":"\"\n\u0000"})"},
      {kGet, Answer(Status::kSiblings, {"a", "\xff"}, "c"), 300,
       R"({"versions":[{"value":"a"},{"value":"/w==","encoding":"base64"}],"context":"c"})"},
      {kGet, Answer(Status::kNotFound), 404,
       R"({"error":"not_found","message":"nothing is stored under this key"})"},
      {kGet, Answer(Status::kNotFound, {}, "c"), 404,
       R"({"error":"not_found","message":"nothing is stored under this key","context":"c"})"},
      {kPut, Answer(Status::kOk, {}, "c"), 200, R"({"context":"c"})"},
      {kPut, Refusal(Status::kBadRequest, "no namespace x"), 400,
       R"({"error":"bad_request","message":"no namespace x"})"},
      {kPut, Refusal(Status::kTooLarge, "key"), 413, R"({"error":"too_large","message":"key"})"},
      {kPut, Refusal(Status::kTimeout, "late", true), 504,
       R"({"error":"timeout","message":"late","maybe":true})"},
  };
  for (const Case& test : cases) {
    const HttpResponse response = KeyResponse(test.shape, test.answer);
    EXPECT_EQ(response.result_int(), test.status) << test.body;
    EXPECT_EQ(response.body(), test.body + "\n");
    EXPECT_EQ(response[http::field::content_type], "application/json");
    EXPECT_EQ(response[http::field::content_length], std::to_string(test.body.size() + 1));
  }
}

TEST(HttpAnswersTest, ARawGetIsTheValueWithItsContextInTheHeader) {
  const Bytes value("\0\xff{", 3);
  const HttpResponse response = KeyResponse(kRawGet, Answer(Status::kOk, {value}, "c"));
  EXPECT_EQ(response.result_int(), 200U);
  EXPECT_EQ(response.body(), value);
  EXPECT_EQ(response[http::field::content_type], "application/octet-stream");
  EXPECT_EQ(response["X-Meridian-Context"], "c");
}

TEST(HttpAnswersTest, ARawPutAnswersAnEmptyBodyAndTheHeader) {
  const HttpResponse response = KeyResponse(kRawPut, Answer(Status::kOk, {}, "c"));
  EXPECT_EQ(response.body(), "");
  EXPECT_EQ(response["X-Meridian-Context"], "c");
}

TEST(HttpAnswersTest, SiblingsAndErrorsAreJsonEvenForRaw) {
  const HttpResponse siblings = KeyResponse(kRawGet, Answer(Status::kSiblings, {"a", "b"}, "c"));
  EXPECT_EQ(siblings.result_int(), 300U);
  EXPECT_EQ(siblings.body(),
            "{\"versions\":[{\"value\":\"a\"},{\"value\":\"b\"}],\"context\":\"c\"}\n");
  EXPECT_EQ(siblings["X-Meridian-Context"], "c");
  const HttpResponse gone = KeyResponse(kRawGet, Answer(Status::kNotFound, {}, "c"));
  EXPECT_EQ(gone[http::field::content_type], "application/json");
  EXPECT_EQ(gone["X-Meridian-Context"], "c");
}

TEST(HttpAnswersTest, AContextTooLongForAHeaderTurnsTheAnswerIntoJson) {
  const Bytes context(100'000, 'c');
  const HttpResponse response = KeyResponse(kRawGet, Answer(Status::kOk, {"a"}, context));
  EXPECT_EQ(response.count("X-Meridian-Context"), 0U);
  EXPECT_EQ(nlohmann::json::parse(response.body())["context"], context);
}

TEST(HttpAnswersTest, ABusyServerSaysWhenToComeBack) {
  for (const Status status : {Status::kOverloaded, Status::kUnavailable}) {
    const HttpResponse response = KeyResponse(kGet, Refusal(status, "busy"));
    EXPECT_EQ(response.result_int(), 503U);
    EXPECT_EQ(response[http::field::retry_after], "1");
  }
  EXPECT_EQ(BusyResponse("full")[http::field::retry_after], "1");
}

TEST(HttpAnswersTest, AMessageThatIsNotUtf8StillMakesJson) {
  const HttpResponse response = KeyResponse(kGet, Refusal(Status::kBadRequest, "bad \xff"));
  EXPECT_EQ(nlohmann::json::parse(response.body())["message"], "bad \xef\xbf\xbd");
}

TEST(HttpAnswersTest, AWriteWithoutAnAnswerMayHaveHappened) {
  EXPECT_EQ(nlohmann::json::parse(NoAnswerResponse(kPut).body())["maybe"], true);
  EXPECT_FALSE(nlohmann::json::parse(NoAnswerResponse(kGet).body()).contains("maybe"));
  EXPECT_EQ(NoAnswerResponse(kGet).result_int(), 504U);
}

TEST(HttpAnswersTest, StatusIsTheMachinesJsonWithTheProcesssAdded) {
  const ClientAnswer answer = Answer(Status::kOk, {R"({"name":"us-east-1","rows":3})"});
  EXPECT_EQ(StatusResponse(answer, R"({"uptime_s":9})").body(),
            "{\"name\":\"us-east-1\",\"rows\":3,\"uptime_s\":9}\n");
  EXPECT_EQ(StatusResponse(answer, "").result_int(), 200U);
  EXPECT_EQ(StatusResponse(Answer(Status::kOk, {"[]"}), "").result_int(), 500U);
  EXPECT_EQ(StatusResponse(Answer(Status::kOk), "").result_int(), 500U);
  EXPECT_EQ(StatusResponse(answer, "not json").result_int(), 500U);
}

TEST(HttpAnswersTest, ReadyIs200Or503) {
  EXPECT_EQ(ReadyResponse(Answer(Status::kOk)).body(), "{\"status\":\"ready\"}\n");
  EXPECT_EQ(ReadyResponse(Refusal(Status::kUnavailable, "starting")).result_int(), 503U);
}

TEST(HttpAnswersTest, AGetThatIsOkWithoutAValueIsOurFault) {
  EXPECT_EQ(KeyResponse(kGet, Answer(Status::kOk)).result_int(), 500U);
}

}  // namespace
}  // namespace meridian::io
