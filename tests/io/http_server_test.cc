#include "io/http_server.h"

#include "io/http_client.h"
#include "io/http_fixture.h"

namespace meridian::io {
namespace {

using std::chrono::milliseconds;

TEST(HttpServerTest, ServesRequestAfterRequestOnOneConnection) {
  FakeNode node;
  RawClient client(node.port());
  client.Send(Put("/kv/a", R"({"value":"milk"})"));
  EXPECT_EQ(client.Read().body, "{\"context\":\"c\"}\n");
  client.Send(Get("/kv/a"));
  EXPECT_EQ(client.Read().body, "{\"value\":\"milk\"}\n");
  client.Send("DELETE /kv/a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.Read().status, 200);
  client.Send(Get("/kv/a"));
  EXPECT_EQ(client.Read().status, 404);
  EXPECT_EQ(node.connections(), 1U);
}

TEST(HttpServerTest, PipelinedRequestsAreAnsweredInOrderOneAtATime) {
  FakeNode node;
  RawClient client(node.port());
  node.Hold();
  client.Send(Put("/kv/a", R"({"value":"1"})") + Get("/kv/a") + Get("/kv/none") + Get("/health"));
  ASSERT_TRUE(Eventually([&] { return node.held() == 1; }));
  EXPECT_EQ(node.held(), 1U);
  node.Release();
  EXPECT_EQ(client.Read().body, "{\"context\":\"c\"}\n");
  EXPECT_EQ(client.Read().body, "{\"value\":\"1\"}\n");
  EXPECT_EQ(client.Read().status, 404);
  EXPECT_EQ(client.Read().body, "{\"status\":\"ok\"}\n");
}

TEST(HttpServerTest, EveryByteSurvivesTheRawRoundTrip) {
  FakeNode node;
  RawClient client(node.port());
  Bytes value;
  for (std::size_t i = 0; i < (std::size_t{1} << 20); ++i) {
    value.push_back(static_cast<char>(i * 31 + i / 256));
  }
  client.Send(Put("/kv/%00%FF", value, kRawBody));
  const RawReply put = client.Read();
  EXPECT_EQ(put.status, 200);
  EXPECT_NE(put.head.find("X-Meridian-Context: c\r\n"), std::string::npos) << put.head;
  client.Send("GET /kv/%00%ff HTTP/1.1\r\nHost: x\r\nAccept: application/octet-stream\r\n\r\n");
  const RawReply get = client.Read();
  EXPECT_EQ(get.status, 200);
  EXPECT_TRUE(get.body == value);
}

TEST(HttpServerTest, AHeadHasTheLengthButNotTheBody) {
  FakeNode node;
  RawClient client(node.port());
  client.Send(Put("/kv/a", "12345", kRawBody));
  client.Read();
  client.Send("HEAD /kv/a HTTP/1.1\r\nHost: x\r\nAccept: application/octet-stream\r\n\r\n");
  const RawReply head = client.Read(/*body_expected=*/false);
  EXPECT_NE(head.head.find("Content-Length: 5\r\n"), std::string::npos) << head.head;
  client.Send(Get("/health"));
  EXPECT_EQ(client.Read().status, 200);
}

TEST(HttpServerTest, ARequestMayArriveByteByByte) {
  FakeNode node;
  RawClient client(node.port());
  for (const char byte : Put("/kv/a", R"({"value":"slow"})")) ASSERT_TRUE(client.Send({&byte, 1}));
  EXPECT_EQ(client.Read().status, 200);
}

TEST(HttpServerTest, AClientThatStallsIsClosed) {
  FakeNode node({.idle_timeout = milliseconds(100)});
  RawClient idle(node.port());
  RawClient in_header(node.port());
  RawClient in_body(node.port());
  in_header.Send("GET /kv/a HT");
  in_body.Send("PUT /kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{\"va");
  EXPECT_TRUE(idle.Ends());
  EXPECT_TRUE(in_header.Ends());
  EXPECT_TRUE(in_body.Ends());
  EXPECT_TRUE(Eventually([&] { return node.connections() == 0; }));
}

TEST(HttpServerTest, ABodyThatIsTooLargeIsRefusedBeforeItIsRead) {
  FakeNode node({.value_bytes_max = 10'000, .file_bytes_max = 1 << 20});
  RawClient client(node.port());
  client.Send("PUT /kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 18097\r\n\r\n");
  const RawReply reply = client.Read();
  EXPECT_EQ(reply.status, 413);
  EXPECT_NE(reply.head.find("Connection: close\r\n"), std::string::npos);
  client.Send(std::string(18'097, 'x'));
  client.Close();

  RawClient fits(node.port());
  fits.Send(Put("/kv/a", std::string(18'096, 'x'), kRawBody));
  EXPECT_EQ(fits.Read().status, 200);

  // Or a limit that is too small for its own file could never be raised.
  RawClient file(node.port());
  file.Send(
      Put("/topology?version=2", std::string(1 << 20, 'x'), "Content-Type: application/yaml\r\n"));
  EXPECT_NE(file.Read().status, 413);
}

// Closing with unread data resets the connection, and a client may then never see the refusal.
TEST(HttpServerTest, ARefusedClientMayFinishSending) {
  FakeNode node({.value_bytes_max = 10'000});
  RawClient client(node.port());
  client.Send("PUT /kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n");
  EXPECT_EQ(client.Read().status, 413);
  // In pieces: only the next call shows that the one before met a reset.
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(client.Send(std::string(10'000, 'x'))) << i;
}

TEST(HttpServerTest, AChunkedBodyThatGrowsTooLargeIsRefused) {
  FakeNode node({.value_bytes_max = 10'000, .file_bytes_max = 1 << 20});
  RawClient client(node.port());
  client.Send("PUT /kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 6; ++i) client.Send("1000\r\n" + std::string(4096, 'x') + "\r\n");
  EXPECT_EQ(client.Read().status, 413);
}

TEST(HttpServerTest, AHeaderThatIsTooLargeIsRefused) {
  FakeNode node;
  RawClient client(node.port());
  client.Send(Get("/kv/" + std::string(40'000, 'k')));
  const RawReply reply = client.Read();
  EXPECT_EQ(reply.status, 413);
  EXPECT_NE(reply.body.find("too_large"), std::string::npos);
}

TEST(HttpServerTest, ABadBodyCostsTheRequestNotTheConnection) {
  FakeNode node;
  RawClient client(node.port());
  client.Send(Put("/kv/a", "{oops"));
  EXPECT_EQ(client.Read().status, 400);
  client.Send("POST /kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(client.Read().status, 405);
  client.Send(Get("/counter/a"));
  EXPECT_EQ(client.Read().status, 404);
  client.Send(Put("/kv/a", R"({"value":"x"})"));
  EXPECT_EQ(client.Read().status, 200);
}

TEST(HttpServerTest, WhatIsNotHttpIsToldSoAndClosed) {
  FakeNode node;
  RawClient client(node.port());
  client.Send("\x16\x03\x01 hello\r\n\r\n");
  EXPECT_EQ(client.Read().status, 400);
  EXPECT_TRUE(client.Ends());
}

TEST(HttpServerTest, AnExpectedContinueComesBeforeTheBodyAndNotBeforeARefusal) {
  FakeNode node({.value_bytes_max = 10'000});
  RawClient client(node.port());
  const std::string body = R"({"value":"x"})";
  client.Send(
      "PUT /kv/a HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 13\r\n\r\n");
  EXPECT_EQ(client.Read().status, 100);
  client.Send(body);
  EXPECT_EQ(client.Read().status, 200);
  client.Send(
      "PUT /kv/a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n");
  EXPECT_EQ(client.Read().status, 413);
}

TEST(HttpServerTest, AWriteThatTheMachineNeverAnswersIsAMaybe) {
  FakeNode node({.requests_max = 1, .answer_grace = milliseconds(50)});
  RawClient client(node.port());
  node.Hold();
  client.Send(Put("/kv/a?Timeout-Ms=50", R"({"value":"x"})"));
  const RawReply reply = client.Read();
  EXPECT_EQ(reply.status, 504);
  EXPECT_NE(reply.body.find("\"maybe\":true"), std::string::npos) << reply.body;
  client.Send(Get("/kv/none"));
  ASSERT_TRUE(Eventually([&] { return node.held() == 2; }));
  node.Release();  // the first answer is late and must not be taken for the second
  EXPECT_EQ(client.Read().status, 404);
}

TEST(HttpServerTest, AnAnswerForAClientThatIsGoneGoesNowhere) {
  FakeNode node;
  node.Hold();
  {
    RawClient client(node.port());
    client.Send(Get("/kv/a"));
    ASSERT_TRUE(Eventually([&] { return node.held() == 1; }));
  }
  node.Release();
  EXPECT_TRUE(Eventually([&] { return node.connections() == 0; }));
}

TEST(HttpServerTest, StopFinishesWhatRunsAndClosesTheRest) {
  FakeNode node;
  RawClient idle(node.port());
  RawClient running(node.port());
  idle.Send(Get("/health"));
  EXPECT_EQ(idle.Read().status, 200);
  node.Hold();
  running.Send(Get("/kv/a"));
  ASSERT_TRUE(Eventually([&] { return node.held() == 1; }));

  std::future<void> drained = node.Stop();
  EXPECT_TRUE(idle.Ends());
  EXPECT_FALSE(RawClient(node.port()).connected());
  EXPECT_EQ(drained.wait_for(milliseconds(0)), std::future_status::timeout);
  node.Release();
  const RawReply reply = running.Read();
  EXPECT_EQ(reply.status, 404);
  EXPECT_NE(reply.head.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(running.Ends());
  running.Close();
  EXPECT_EQ(drained.wait_for(kDeadline), std::future_status::ready);
}

TEST(HttpServerTest, StopWithoutConnectionsIsDrainedAtOnce) {
  FakeNode node;
  EXPECT_EQ(node.Stop().wait_for(kDeadline), std::future_status::ready);
}

TEST(HttpServerTest, AServerThatIsDestroyedDropsItsConnections) {
  RawClient* client = nullptr;
  {
    FakeNode node;
    client = new RawClient(node.port());
    node.Hold();
    client->Send(Get("/kv/a"));
    ASSERT_TRUE(Eventually([&] { return node.held() == 1; }));
  }
  EXPECT_TRUE(client->Ends());
  delete client;
}

TEST(HttpServerTest, ListensOnLoopbackOnlyAndSaysWhenThePortIsTaken) {
  boost::asio::io_context context;
  HttpServer open(context, {.host = "0.0.0.0"}, {}, {});
  const Result<Done> refused = open.Start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);

  FakeNode node;
  ASSERT_TRUE(node.started());
  HttpServer second(context, {.port = node.port()}, {}, {});
  const Result<Done> taken = second.Start();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kIo);
  EXPECT_NE(taken.error().message.find(std::to_string(node.port())), std::string::npos);
}

TEST(HttpServerTest, PagesShowTheMachineAndTheProcess) {
  const auto extra = [] {
    return node::MetricSet{{{node::MetricKind::kGauge, "meridian_extra", "Extra.", {}, 7}}};
  };
  FakeNode node({}, {.status = [] { return std::string(R"({"pid":1})"); }, .metrics = extra});
  HttpClient client("http://127.0.0.1:" + std::to_string(node.port()), kDeadline);
  EXPECT_EQ(client.Fetch({.path = "/status"})->body, "{\"name\":\"us-east-1\",\"pid\":1}\n");
  EXPECT_EQ(client.Fetch({.path = "/ready"})->body, "{\"status\":\"ready\"}\n");
  const std::string page = client.Fetch({.path = "/metrics"})->body;
  for (const char* line : {"\nmeridian_fake_total 5\n", "\nmeridian_extra 7\n",
                           "\nmeridian_http_connections 1\n", "\nmeridian_http_requests_total 3\n",
                           "\nprocess_open_fds ", "\nprocess_cpu_seconds_total "}) {
    EXPECT_NE(page.find(line), std::string::npos) << line << page;
  }
}

TEST(HttpClientTest, PutsGetsAndDeletesAnyKeyAndValue) {
  FakeNode node;
  HttpClient client("http://127.0.0.1:" + std::to_string(node.port()), kDeadline);
  const std::vector<std::string> raw = {"Content-Type: application/octet-stream",
                                        "Accept: application/octet-stream"};
  for (const Bytes& key : {Bytes("a/b?c%d#e"), Bytes(".."), Bytes("\0\xff ", 3)}) {
    const std::string path = KeyPath("default", key);
    const Result<HttpReply> put =
        client.Fetch({.method = "PUT", .path = path, .headers = raw, .body = key});
    ASSERT_TRUE(put) << put.error().message;
    EXPECT_EQ(put->status, 200);
    EXPECT_EQ(put->context, "c");
    EXPECT_EQ(client.Fetch({.path = path, .headers = raw})->body, key);
    EXPECT_EQ(client.Fetch({.method = "DELETE", .path = path})->status, 200);
    EXPECT_EQ(client.Fetch({.path = path})->status, 404);
  }
  EXPECT_EQ(node.connections(), 1U);
}

TEST(HttpClientTest, AnEmptyValueIsAValue) {
  FakeNode node;
  HttpClient client("http://127.0.0.1:" + std::to_string(node.port()), kDeadline);
  EXPECT_EQ(client
                .Fetch({.method = "PUT",
                        .path = "/kv/empty",
                        .headers = {"Content-Type: application/octet-stream"}})
                ->status,
            200);
  EXPECT_EQ(client.Fetch({.path = "/kv/empty"})->body, "{\"value\":\"\"}\n");
}

TEST(HttpClientTest, NobodyThereIsAnError) {
  std::uint16_t port = 0;
  {
    FakeNode node;
    port = node.port();
  }
  HttpClient client("http://127.0.0.1:" + std::to_string(port), kDeadline);
  const Result<HttpReply> reply = client.Fetch({.path = "/health"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kIo);
  EXPECT_NE(reply.error().message.find("/health"), std::string::npos);
}

TEST(HttpClientTest, ASilentServerIsGivenUp) {
  FakeNode node;
  node.Hold();
  HttpClient client("http://127.0.0.1:" + std::to_string(node.port()), milliseconds(50));
  EXPECT_FALSE(client.Fetch({.path = "/kv/a"}));
}

}  // namespace
}  // namespace meridian::io
