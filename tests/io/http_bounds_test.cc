// What the HTTP server takes on, and what it says beyond that: 503, and when to come back.

#include "io/http_fixture.h"

namespace meridian::io {
namespace {

TEST(HttpBoundsTest, OneConnectionTooManyIsToldSoAndAFreeOneIsServedAgain) {
  FakeNode node({.connections_max = 2});
  RawClient first(node.port());
  auto second = std::make_unique<RawClient>(node.port());
  first.Send(Get("/health"));
  second->Send(Get("/health"));
  EXPECT_EQ(first.Read().status, 200);
  EXPECT_EQ(second->Read().status, 200);

  RawClient third(node.port());
  third.Send(Get("/health"));
  const RawReply refused = third.Read();
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.head.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_TRUE(third.Ends());
  third.Close();

  second.reset();
  ASSERT_TRUE(Eventually([&] { return node.connections() == 1; }));
  RawClient fourth(node.port());
  fourth.Send(Get("/health"));
  EXPECT_EQ(fourth.Read().status, 200);
}

TEST(HttpBoundsTest, OneRequestTooManyIsToldToComeBack) {
  FakeNode node({.requests_max = 1});
  RawClient busy(node.port());
  RawClient other(node.port());
  node.Hold();
  busy.Send(Get("/kv/a"));
  ASSERT_TRUE(Eventually([&] { return node.held() == 1; }));
  other.Send(Get("/kv/a"));
  const RawReply refused = other.Read();
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("overloaded"), std::string::npos);
  other.Send(Get("/health"));
  EXPECT_EQ(other.Read().status, 200);
  node.Release();
  EXPECT_EQ(busy.Read().status, 404);
  other.Send(Get("/kv/a"));
  EXPECT_EQ(other.Read().status, 404);
}

TEST(HttpBoundsTest, BodiesShareABoundAndSmallOnesPass) {
  FakeNode node({.bodies_bytes_max = 20'000});
  const std::string large = Put("/kv/a", std::string(12'000, 'x'), kRawBody);
  RawClient slow(node.port());
  slow.Send(large.substr(0, large.size() - 1));
  RawClient small(node.port());
  small.Send(Put("/kv/b", "small", kRawBody));
  EXPECT_EQ(small.Read().status, 200);
  RawClient other(node.port());
  ASSERT_TRUE(Eventually([&] {
    small.Send(Get("/metrics"));
    return small.Read().body.find("meridian_http_body_bytes 12000") != std::string::npos;
  }));
  other.Send(large);
  const RawReply refused = other.Read();
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.head.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_NE(refused.head.find("Connection: close\r\n"), std::string::npos) << "its body is unread";
  slow.Send("x");
  EXPECT_EQ(slow.Read().status, 200);
  RawClient again(node.port());
  again.Send(large);
  EXPECT_EQ(again.Read().status, 200);
}

TEST(HttpBoundsTest, AnAnswerWhoseBodyFindsNoRoomIsToldToComeBack) {
  FakeNode node({.bodies_bytes_max = 20'000});
  RawClient slow(node.port());
  slow.Send(Put("/kv/a", std::string(12'000, 'x'), kRawBody));
  EXPECT_EQ(slow.Read().status, 200);
  slow.Send(Put("/kv/b", std::string(12'000, 'x'), kRawBody).substr(0, 6'000));
  RawClient reader(node.port());
  ASSERT_TRUE(Eventually([&] {
    reader.Send(Get("/kv/a"));
    return reader.Read().status == 503;
  }));
  slow.Close();
  EXPECT_TRUE(Eventually([&] {
    reader.Send(Get("/kv/a"));
    return reader.Read().status == 200;
  }));
}

}  // namespace
}  // namespace meridian::io
