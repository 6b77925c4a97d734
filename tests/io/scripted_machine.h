// A Machine for the tests of the driver: it does what the test tells it, and remembers its events.
//
//     machine.on_serve = [&](const Request& request) { machine.Put(...); machine.Reply(...); };

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/ports.h"

namespace meridian::io {

class ScriptedMachine final : public Machine {
 public:
  void Receive(Moment now, Message message) override {
    now_ = now;
    events.push_back("receive " + message.body);
    if (on_receive) on_receive(message);
  }
  void Serve(Moment now, Request request) override {
    now_ = now;
    events.push_back("serve " + request.body);
    if (on_serve) on_serve(request);
  }
  void Durable(Moment, BatchId up_to) override {
    events.push_back("durable " + std::to_string(up_to.value));
    if (on_durable) on_durable(up_to);
  }
  void Tick(Moment) override {
    events.push_back("tick");
    deadline = kNever;
  }
  Instant NextDeadline() const override { return deadline; }
  bool IsIdle() const override { return idle; }
  Output TakeOutput() override {
    output.writes.id = output.writes.writes.empty() ? BatchId{} : BatchId{++last_batch};
    return std::exchange(output, {});
  }

  // Writes something; the batch that this turn will be.
  BatchId Put() {
    output.writes.writes.push_back({Column::kMeta, "key", "value"});
    return {last_batch + 1};
  }
  void Reply(RequestTag tag, Bytes body, BatchId after = {}) {
    output.replies.push_back({tag, std::move(body), after});
  }
  void Send(ProcessId from, ProcessId to, Bytes body, BatchId after = {}) {
    output.messages.push_back({{from, to, std::move(body)}, after});
  }

  std::vector<std::string> events;
  std::function<void(const Message&)> on_receive;
  std::function<void(const Request&)> on_serve;
  std::function<void(BatchId)> on_durable;
  Instant deadline = kNever;
  bool idle = true;
  Output output;
  std::uint64_t last_batch = 0;

 private:
  Moment now_;
};

}  // namespace meridian::io
