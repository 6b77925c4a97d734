#include "client/data_command.h"

#include <cstdio>
#include <memory>

#include "client/blocking_client.h"
#include "client/exit_codes.h"
#include "client/level_option.h"
#include "client/text.h"
#include "io/files.h"

namespace meridian::client {
namespace {

using node::ClientAnswer;
using node::Level;
using node::Status;

struct DataOptions {
  std::string region;
  std::string space = "default";
  std::string key;
  std::string value;
  std::string file;
  std::string context;
  Level level = Level::kLocalQuorum;
  std::uint8_t replicas = 0;
  std::uint32_t timeout_ms = 5000;
  bool sloppy = true;
  bool raw = false;
};

// What the three commands do the same.
class Session {
 public:
  // Null after telling why.
  static std::unique_ptr<Session> Open(const CommonOptions& common, const DataOptions& options) {
    const auto topology = TopologyOrComplain(common);
    if (!topology) return nullptr;
    const local::Region* region = RegionOrComplain(*topology, options.region);
    if (region == nullptr) return nullptr;
    auto session = std::make_unique<Session>();
    session->region = region->name;
    session->call.level = options.level;
    session->call.replicas = options.replicas;
    session->call.timeout = std::chrono::milliseconds(options.timeout_ms);
    session->call.context = options.context;
    session->call.sloppy = options.sloppy;
    auto client = BlockingClient::Open(*topology, {.region = region->id});
    if (!client) {
      Complain(client.error().message);
      return nullptr;
    }
    session->client = std::move(*client);
    return session;
  }

  std::unique_ptr<BlockingClient> client;
  std::string region;
  Options call;
};

// How a command that was not done ends, after telling why.
int Failed(const ClientAnswer& answer) {
  Complain(std::string(node::CodeOf(answer.status)) + ": " + answer.message);
  if (answer.maybe) {
    Complain("the write may still surface later: read before you repeat it");
    return kExitMaybe;
  }
  switch (answer.status) {
    case Status::kNotFound: return kExitNo;
    case Status::kBadRequest:
    case Status::kTooLarge: return kExitUsage;
    default: return kExitUnavailable;
  }
}

void ShowContext(const ClientAnswer& answer, std::FILE* to = stdout) {
  if (answer.context.empty()) return;
  std::fprintf(to, "context: %s\n", answer.context.c_str());
}

// With --raw to standard error: what takes the bytes of a value must not take this for them.
void ShowSiblings(const ClientAnswer& answer, const DataOptions& options,
                  const std::string& region) {
  std::FILE* to = options.raw ? stderr : stdout;
  std::fprintf(to, "%zu values were written concurrently:\n", answer.values.size());
  for (std::size_t i = 0; i < answer.values.size(); ++i) {
    std::fprintf(to, "  %zu: %s\n", i + 1, Escaped(answer.values[i]).c_str());
  }
  ShowContext(answer, to);
  const std::string space =
      options.space == "default" ? "" : " --namespace " + ShellQuoted(options.space);
  std::fprintf(to,
               "To settle it, write the value that replaces them all:\n"
               "  meridian put %s VALUE --region %s%s --context %s\n",
               ShellQuoted(options.key).c_str(), region.c_str(), space.c_str(),
               answer.context.c_str());
}

int Get(const CommonOptions& common, const DataOptions& options) {
  const auto session = Session::Open(common, options);
  if (!session) return kExitUsage;
  const ClientAnswer answer = session->client->Get(options.space, options.key, session->call);
  if (answer.status == Status::kNotFound) {
    Complain("not found: '" + Escaped(options.key) + "' in " + session->region);
    if (!options.raw) ShowContext(answer);
    return kExitNo;
  }
  if (answer.status == Status::kSiblings) {
    ShowSiblings(answer, options, session->region);
    return kExitSiblings;
  }
  if (answer.status != Status::kOk || answer.values.empty()) return Failed(answer);
  if (options.raw) {
    std::fwrite(answer.values[0].data(), 1, answer.values[0].size(), stdout);
    return AllIsPrinted() ? kExitOk : kExitNo;
  }
  std::printf("%s\n", Escaped(answer.values[0]).c_str());
  ShowContext(answer);
  return kExitOk;
}

int ShowWritten(const ClientAnswer& answer, const DataOptions& options) {
  if (answer.status != Status::kOk) return Failed(answer);
  if (!options.raw) ShowContext(answer);
  return kExitOk;
}

int Put(const CommonOptions& common, DataOptions options) {
  if (!options.file.empty()) {
    Result<Bytes> content =
        options.file == "-" ? io::ReadStandardInput() : io::ReadFile(options.file);
    if (!content) return Complain(content.error().message), kExitUsage;
    options.value = std::move(*content);
  }
  const auto session = Session::Open(common, options);
  if (!session) return kExitUsage;
  return ShowWritten(session->client->Put(options.space, options.key, options.value, session->call),
                     options);
}

int Delete(const CommonOptions& common, const DataOptions& options) {
  const auto session = Session::Open(common, options);
  if (!session) return kExitUsage;
  return ShowWritten(session->client->Delete(options.space, options.key, session->call), options);
}

CLI::App* AddCommand(CLI::App& app, const char* name, const char* help, DataOptions& options) {
  CLI::App* command = app.add_subcommand(name, help);
  command->add_option("KEY", options.key)->required();
  command->add_option("--region,-r", options.region, "Where (default: the topology's first)");
  command->add_option("--namespace,-n", options.space)->capture_default_str();
  AddLevelOption(*command, options.level);
  command->add_option("--replicas", options.replicas, "How many must answer; overrides --level");
  command->add_flag("--sloppy", options.sloppy,
                    "Others may stand in for nodes that are down; --sloppy=false: fail then");
  command->add_option("--timeout-ms", options.timeout_ms)
      ->capture_default_str()
      ->check(CLI::Range(1, 3'600'000));
  return command;
}

// A variable that a script never set must not become a write that knows of nothing.
bool IsEmptyContext(const CLI::Option& context, const DataOptions& options) {
  if (context.count() == 0 || !options.context.empty()) return false;
  Complain("--context is empty; leave it out to write without one");
  return true;
}

}  // namespace

void AddDataCommands(CLI::App& app, const CommonOptions& common, int& exit_code) {
  const auto options = std::make_shared<DataOptions>();
  const char* context_help = "What an earlier answer about this key showed";

  CLI::App* put = AddCommand(app, "put", "Write a value", *options);
  const CLI::Option* put_context = put->add_option("--context,-c", options->context, context_help);
  CLI::Option* value = put->add_option("VALUE", options->value);
  put->add_option("--file,-f", options->file, "Take the value from a file, or - for standard input")
      ->excludes(value);
  put->add_flag("--raw", options->raw, "Print nothing");
  put->footer(
      "Examples:\n  meridian put cart milk --region eu-west\n"
      "  meridian put cart 'milk, eggs' -r eu-west --context TOKEN\n"
      "  meridian put photo --file photo.jpg");
  put->callback([&common, &exit_code, options, value, put_context] {
    exit_code = kExitUsage;
    if (IsEmptyContext(*put_context, *options)) return;
    if (value->count() == 0 && options->file.empty()) {
      return Complain("put needs a VALUE, or --file");
    }
    exit_code = Put(common, *options);
  });

  CLI::App* get =
      AddCommand(app, "get", "Read a key; exit code 3 if it has several values", *options);
  get->add_flag("--raw", options->raw, "Print the value's bytes and nothing else");
  get->footer(
      "Examples:\n  meridian get cart\n  meridian get photo --raw > photo.jpg\n"
      "  meridian get curl/7.88.1-10 -n packages -r ap-south --raw");
  get->callback([&common, &exit_code, options] { exit_code = Get(common, *options); });

  CLI::App* del = AddCommand(app, "del", "Delete a key", *options);
  const CLI::Option* del_context = del->add_option("--context,-c", options->context, context_help);
  del->add_flag("--raw", options->raw, "Print nothing");
  del->footer(
      "Without --context it deletes what the region holds now.\n"
      "Example:\n  meridian del cart --region eu-west");
  del->callback([&common, &exit_code, options, del_context] {
    exit_code = IsEmptyContext(*del_context, *options) ? kExitUsage : Delete(common, *options);
  });
}

}  // namespace meridian::client
