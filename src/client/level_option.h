// `--level` of the commands that read and write: how many replicas must answer.

#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "node/client_api.h"

namespace meridian::client {

inline CLI::Option* AddLevelOption(CLI::App& app, node::Level& level) {
  using node::Level;
  static const std::map<std::string, Level> levels = {{"local_quorum", Level::kLocalQuorum},
                                                      {"one", Level::kOne},
                                                      {"all", Level::kAll},
                                                      {"each_quorum", Level::kEachQuorum}};
  return app.add_option("--level", level, "one, local_quorum (default), all or each_quorum")
      ->transform(CLI::CheckedTransformer(levels).description(""));
}

}  // namespace meridian::client
