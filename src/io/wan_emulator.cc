#include "io/wan_emulator.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

namespace meridian::io {

namespace {

using boost::system::error_code;

constexpr std::uint64_t kDelayMsMax = 60'000;
constexpr std::uint64_t kRateMbitMax = 100'000;

std::optional<std::uint64_t> ParseNumber(const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace

// One connection of a gateway, through two wires, and ours to its target.
class WanEmulator::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Direction direction, tcp::socket near, WirePtr there, WirePtr back,
             std::function<void(std::shared_ptr<Connection>)> closed)
      : direction_(std::move(direction)),
        near_(std::move(near)),
        far_(near_.get_executor()),
        there_(
            near_, far_, std::move(there), [this] { End(); }, [this] { Close(); }),
        back_(
            far_, near_, std::move(back), [this] { End(); }, [this] { Close(); }),
        closed_(std::move(closed)) {}

  void Start(const tcp::endpoint& target) {
    Tune(near_);
    far_.async_connect(target, [this, self = shared_from_this()](const error_code& error) {
      if (!closed_) return;
      if (error) return Close();
      Tune(far_);
      there_.Start(self);
      back_.Start(self);
    });
  }
  // Both ends see a reset.
  void Close() {
    if (!closed_) return;
    const auto closed = std::exchange(closed_, nullptr);
    there_.Stop();
    back_.Stop();
    Abort(near_);
    Abort(far_);
    closed(shared_from_this());
  }
  const Direction& direction() const { return direction_; }
  std::size_t queued_there() const { return there_.queued_bytes(); }
  std::size_t queued_back() const { return back_.queued_bytes(); }

 private:
  void End() {
    if (++ends_ < 2 || !closed_) return;
    const auto closed = std::exchange(closed_, nullptr);
    there_.Stop();
    back_.Stop();
    error_code ignored;
    near_.close(ignored);
    far_.close(ignored);
    closed(shared_from_this());
  }

  const Direction direction_;
  tcp::socket near_;
  tcp::socket far_;
  EmulatedPipe there_;
  EmulatedPipe back_;
  int ends_ = 0;
  std::function<void(std::shared_ptr<Connection>)> closed_;  // null once closed
};

WanEmulator::WanEmulator(asio::io_context& io, Options options)
    : io_(io), options_(std::move(options)) {
  for (const Link& link : options_.links) {
    for (const Direction& direction : {Direction{link.from, link.to}, {link.to, link.from}}) {
      WirePtr& wire = wires_[direction];
      if (wire) continue;
      wire = std::make_shared<EmulatedWire>();
      wire->delay = options_.delay;
      wire->jitter = options_.jitter;
      wire->bits_per_second = options_.rate_mbit * 1'000'000;
    }
    listeners_.push_back(std::make_shared<AcceptLoop>(
        io, link.listen, [this, &link](tcp::socket socket) { Admit(link, std::move(socket)); }));
  }
  control_ = std::make_shared<LineServer>(
      io, options_.control, [this](const std::string& line) { return Execute(line); });
}

WanEmulator::~WanEmulator() {
  Stop();
}

Result<Done> WanEmulator::Start() {
  if (options_.rate_mbit == 0 || options_.rate_mbit > kRateMbitMax) {
    return Fail(ErrorCode::kInvalidArgument, "the rate of a link is 1 to 100000 Mbit/s");
  }
  for (const auto& listener : listeners_) {
    if (Result<Done> started = listener->Start(); !started) return started;
  }
  return control_->Start();
}

void WanEmulator::Stop() {
  *stopped_ = true;
  control_->Stop();
  for (const auto& listener : listeners_) listener->Stop();
  const auto connections = connections_;
  for (const auto& connection : connections) connection->Close();
}

void WanEmulator::Admit(const Link& link, tcp::socket socket) {
  const Direction direction{link.from, link.to};
  const WirePtr& there = wires_.at(direction);
  error_code error;
  const auto address = asio::ip::make_address(link.target.host, error);
  if (there->cut || error) return Abort(socket);
  const auto connection = std::make_shared<Connection>(
      direction, std::move(socket), there, wires_.at({direction.second, direction.first}),
      [this](const std::shared_ptr<Connection>& closed) { connections_.erase(closed); });
  connections_.insert(connection);
  connection->Start({address, link.target.port});
}

std::string WanEmulator::Execute(const std::string& line) {
  std::istringstream words(line);
  std::string verb, from, to, number, rest;
  words >> verb >> from >> to >> number >> rest;
  if (verb == "status" && from.empty()) return Status() + "ok\n";
  if (verb == "quit" && from.empty()) {
    // After the answer has been given, which takes a turn of the loop.
    asio::post(io_, [this, stopped = stopped_] {
      if (*stopped) return;
      const auto on_quit = options_.on_quit;
      Stop();
      on_quit();
    });
    return "ok\n";
  }
  const bool one_way = verb.ends_with("-one");
  if (one_way) verb.resize(verb.size() - 4);
  std::vector<Direction> directions = {{from, to}};
  if (!one_way) directions.emplace_back(to, from);
  for (const Direction& direction : directions) {
    if (!wires_.contains(direction)) {
      return "error: there is no link " + from + ' ' + to + "; see status, or say " +
             "cut|heal[-one] A B, delay|rate[-one] A B NUMBER, status or quit\n";
    }
  }
  if (!rest.empty()) return "error: there is a word too many\n";
  return Change(verb, directions, number);
}

std::string WanEmulator::Change(const std::string& verb, const std::vector<Direction>& directions,
                                const std::string& number) {
  const std::optional<std::uint64_t> value = ParseNumber(number);
  const bool takes_number = verb == "delay" || verb == "rate";
  if (!takes_number && verb != "cut" && verb != "heal") {
    return "error: '" + verb + "' is none of cut, heal, delay, rate, status, quit\n";
  }
  if (!takes_number && !number.empty()) return "error: there is a word too many\n";
  if (verb == "delay" && (!value || *value > kDelayMsMax)) {
    return "error: a delay is 0 to 60000, in milliseconds\n";
  }
  if (verb == "rate" && (!value || *value == 0 || *value > kRateMbitMax)) {
    return "error: a rate is 1 to 100000, in Mbit/s\n";
  }
  for (const Direction& direction : directions) {
    EmulatedWire& wire = *wires_.at(direction);
    if (verb == "cut") Cut(direction);
    if (verb == "heal") wire.cut = false;
    if (verb == "delay") wire.delay = std::chrono::milliseconds(*value);
    if (verb == "rate") wire.bits_per_second = *value * 1'000'000;
  }
  return "ok\n";
}

void WanEmulator::Cut(const Direction& direction) {
  EmulatedWire& wire = *wires_.at(direction);
  wire.cut = true;
  wire.free_at = {};
  const auto connections = connections_;
  for (const auto& connection : connections) {
    if (connection->direction() == direction) connection->Close();
  }
}

std::string WanEmulator::Status() const {
  std::string lines;
  for (const auto& [direction, wire] : wires_) {
    std::uint64_t connections = 0;
    std::uint64_t queued = 0;
    for (const auto& connection : connections_) {
      const auto& [from, to] = connection->direction();
      if (connection->direction() == direction) {
        ++connections;
        queued += connection->queued_there();
      } else if (from == direction.second && to == direction.first) {
        queued += connection->queued_back();
      }
    }
    const nlohmann::ordered_json object = {
        {"from", direction.first},
        {"to", direction.second},
        {"cut", wire->cut},
        {"delay_ms", static_cast<double>(wire->delay.count()) / 1000},
        {"rate_mbit", wire->bits_per_second / 1'000'000},
        {"connections", connections},
        {"bytes", wire->bytes},
        {"queued_bytes", queued}};
    lines += object.dump() + '\n';
  }
  return lines;
}

}  // namespace meridian::io
