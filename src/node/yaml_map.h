// Reads one mapping of a YAML file, and remembers everything that is wrong with it.
//
//     YamlMap map(entry, "node us-east-1", mistakes);
//     node.weight = map.Number("weight", {0, 10000}, 100);     100 when it is not there
//     node.rack = map.Name("rack");                            a mistake when it is not there
//     map.Finish();                                            every key nobody asked for: a
//     mistake
//
// A reader never fails: where the text is wrong it notes the mistake and returns something harmless
// (0, "", the default), so that one pass finds all mistakes. Only topology_text uses it.

#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/topology_text.h"

namespace meridian::node {

// One `key: value` of a mapping, with the line of the key.
struct YamlEntry {
  std::string key;
  int line = 1;
  YAML::Node value;
};

struct NumberRange {
  std::uint64_t low;
  std::uint64_t high;
};

class YamlMap {
 public:
  // `what` names the mapping in messages. `mistakes` must outlive this.
  YamlMap(const YamlEntry& entry, std::string what, std::vector<TopologyMistake>& mistakes);

  // The value of a key; without `otherwise` the key must be there. When it is wrong: `otherwise`,
  // else 0 or "".
  std::uint64_t Number(const std::string& key, NumberRange range,
                       std::optional<std::uint64_t> otherwise = {});
  std::string Word(const std::string& key, const std::string& hint,
                   std::optional<std::string> otherwise = {});
  std::string Name(const std::string& key);
  // The number that the chosen word stands for.
  std::size_t Choice(const std::string& key, const std::vector<std::string>& words,
                     std::size_t otherwise);
  // The entries of a mapping inside this one; their keys are free, at most `most` of them.
  std::vector<YamlEntry> Entries(const std::string& key, bool required, std::size_t most);
  // Null when there is none.
  const YamlEntry* Find(const std::string& key);

  std::vector<std::string> Keys() const;

  // Call when all keys were asked for.
  void Finish();

  int LineOf(const std::string& key) const;  // of the mapping, when it has no such key
  int line() const { return line_; }
  const std::string& what() const { return what_; }
  // Anything unprintable in the text is shown as '?'.
  void Complain(int line, const std::string& text);

 private:
  std::string what_;
  int line_;
  bool is_map_ = true;
  std::vector<TopologyMistake>* mistakes_;
  std::vector<YamlEntry> entries_;
  std::vector<std::string> asked_;
};

// The pairs of a mapping in the order of the file; keys that are not plain words are "".
std::vector<YamlEntry> EntriesOf(const YAML::Node& map, int line);

// A name of the file: 1 to 32 of a-z, 0-9 and '-'.
bool IsName(const std::string& text);

// "\"text\"" for messages, cut when it is long.
std::string Quoted(const std::string& text);

// "; did you mean "http"?" when one of the words is near; else "".
std::string Suggestion(const std::string& text, const std::vector<std::string>& words);

}  // namespace meridian::node
