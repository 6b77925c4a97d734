#include "node/client_api.h"

#include <gtest/gtest.h>

#include <set>

namespace meridian::node {
namespace {

TEST(ClientApiTest, ARequestComesBackAsItWas) {
  const ClientRequest request{Operation::kPut, "packages",         "key", "value",
                              "context",       Level::kEachQuorum, 2,     1500};
  const Result<ClientRequest> back = DecodeRequest(EncodeRequest(request));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->operation, Operation::kPut);
  EXPECT_EQ(back->space, "packages");
  EXPECT_EQ(back->key, "key");
  EXPECT_EQ(back->value, "value");
  EXPECT_EQ(back->context, "context");
  EXPECT_EQ(back->level, Level::kEachQuorum);
  EXPECT_EQ(back->replicas, 2);
  EXPECT_EQ(back->timeout_ms, 1500U);
}

TEST(ClientApiTest, AnAnswerComesBackAsItWas) {
  const ClientAnswer answer{Status::kSiblings, {"milk", "bread"}, "context", "message", true};
  const Result<ClientAnswer> back = DecodeAnswer(EncodeAnswer(answer));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->status, Status::kSiblings);
  EXPECT_EQ(back->values, answer.values);
  EXPECT_EQ(back->context, "context");
  EXPECT_EQ(back->message, "message");
  EXPECT_TRUE(back->maybe);
}

TEST(ClientApiTest, ValuesThatDoNotExistAreRefused) {
  ClientRequest request;
  request.operation = static_cast<Operation>(11);
  EXPECT_EQ(DecodeRequest(EncodeRequest(request)).error().code, ErrorCode::kCorrupt);
  request = {};
  request.level = static_cast<Level>(4);
  EXPECT_EQ(DecodeRequest(EncodeRequest(request)).error().code, ErrorCode::kCorrupt);
  ClientAnswer answer;
  answer.status = static_cast<Status>(9);
  EXPECT_EQ(DecodeAnswer(EncodeAnswer(answer)).error().code, ErrorCode::kCorrupt);
}

TEST(ClientApiTest, AnotherVersionIsRefused) {
  Bytes request = EncodeRequest({});
  request[0] = 2;
  EXPECT_EQ(DecodeRequest(request).error().code, ErrorCode::kUnsupportedVersion);
  Bytes answer = EncodeAnswer({});
  answer[0] = 0;
  EXPECT_FALSE(DecodeAnswer(answer));
}

TEST(ClientApiTest, EveryStatusHasACodeAndAnHttpStatus) {
  std::set<std::string_view> codes;
  for (int status = 0; status <= static_cast<int>(Status::kConflict); ++status) {
    codes.insert(CodeOf(static_cast<Status>(status)));
    EXPECT_NE(HttpStatusOf(static_cast<Status>(status)), 500) << status;
  }
  EXPECT_EQ(codes.size(), 9U);
  EXPECT_FALSE(codes.contains("unknown"));
  EXPECT_EQ(HttpStatusOf(Status::kSiblings), 300);
  EXPECT_EQ(HttpStatusOf(Status::kTimeout), 504);
}

}  // namespace
}  // namespace meridian::node
