#include "node/yaml_map.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <system_error>

namespace meridian::node {
namespace {

// Levenshtein's distance, one row of the table at a time.
std::size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string RangeText(NumberRange range) {
  return "a whole number from " + std::to_string(range.low) + " to " + std::to_string(range.high);
}

std::optional<std::uint64_t> ParseNumber(const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return {};
  return number;
}

std::string JoinedWords(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

// What the file says may be of any length; a message is for people.
std::string Shortened(const std::string& text) {
  constexpr std::size_t kShown = 60;
  return text.size() > kShown ? text.substr(0, kShown) + "..." : text;
}

}  // namespace

YamlMap::YamlMap(const YamlEntry& entry, std::string what, std::vector<TopologyMistake>& mistakes)
    : what_(Shortened(what)), line_(entry.line), mistakes_(&mistakes) {
  if (!entry.value.IsMap()) {
    is_map_ = false;
    Complain(line_, "must be a mapping of keys to values, such as {id: 1, ...}");
    return;
  }
  std::map<std::string, int> seen;
  for (YamlEntry& each : EntriesOf(entry.value, line_)) {
    const auto [first, is_new] = seen.emplace(each.key, each.line);
    if (is_new) {
      entries_.push_back(std::move(each));
    } else {
      Complain(each.line, "key " + Quoted(each.key) + " is already given on line " +
                              std::to_string(first->second) + "; keep one of the two");
    }
  }
}

const YamlEntry* YamlMap::Find(const std::string& key) {
  asked_.push_back(key);
  const auto found = std::ranges::find(entries_, key, &YamlEntry::key);
  return found == entries_.end() ? nullptr : &*found;
}

std::uint64_t YamlMap::Number(const std::string& key, NumberRange range,
                              std::optional<std::uint64_t> otherwise) {
  const std::string text =
      Word(key, RangeText(range),
           otherwise.has_value() ? std::optional<std::string>(std::to_string(*otherwise))
                                 : std::nullopt);
  if (text.empty()) return otherwise.value_or(0);  // Word has complained
  const std::optional<std::uint64_t> number = ParseNumber(text);
  if (number.has_value() && *number >= range.low && *number <= range.high) return *number;
  Complain(LineOf(key), '"' + key + "\" is " + Quoted(text) + "; it must be " + RangeText(range));
  return otherwise.value_or(0);
}

std::string YamlMap::Word(const std::string& key, const std::string& hint,
                          std::optional<std::string> otherwise) {
  const YamlEntry* entry = Find(key);
  if (entry == nullptr) {
    if (otherwise.has_value()) return *otherwise;
    // A thing that is no mapping at all has been complained about once, which is enough.
    if (is_map_) Complain(line_, '"' + key + "\" is missing; add " + hint);
    return "";
  }
  if (entry->value.IsScalar() && !entry->value.Scalar().empty()) return entry->value.Scalar();
  Complain(entry->line, '"' + key + "\" must be " + hint);
  return "";
}

std::string YamlMap::Name(const std::string& key) {
  const std::string hint = "a name: 1 to 32 characters of a-z, 0-9 and '-'";
  std::string name = Word(key, hint);
  if (!name.empty() && !IsName(name)) {
    Complain(LineOf(key), '"' + key + "\" is " + Quoted(name) + "; it must be " + hint);
  }
  return name;
}

std::size_t YamlMap::Choice(const std::string& key, const std::vector<std::string>& words,
                            std::size_t otherwise) {
  const std::string hint = JoinedWords(words);
  const std::string word = Word(key, hint, words[otherwise]);
  if (word.empty()) return otherwise;
  const auto found = std::ranges::find(words, word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  Complain(LineOf(key), '"' + key + "\" is " + Quoted(word) + "; it must be " + hint);
  return otherwise;
}

std::vector<YamlEntry> YamlMap::Entries(const std::string& key, bool required, std::size_t most) {
  const YamlEntry* entry = Find(key);
  if (entry == nullptr && !required) return {};
  if (entry == nullptr) {
    if (is_map_) Complain(line_, '"' + key + "\" is missing; add it with at least one entry");
    return {};
  }
  std::vector<YamlEntry> entries = EntriesOf(entry->value, entry->line);
  const bool usable = entry->value.IsMap() || (entry->value.IsNull() && !required);
  if (!usable || (required && entries.empty())) {
    Complain(entry->line, '"' + key + "\" must be a mapping with at least one \"name: ...\" in it");
    return {};
  }
  if (entries.size() > most) {
    Complain(entry->line, '"' + key + "\" has " + std::to_string(entries.size()) +
                              " entries; at most " + std::to_string(most) + " are supported");
    entries.resize(most);
  }
  return entries;
}

std::vector<std::string> YamlMap::Keys() const {
  std::vector<std::string> keys;
  for (const YamlEntry& entry : entries_) keys.push_back(entry.key);
  return keys;
}

void YamlMap::Finish() {
  for (const YamlEntry& entry : entries_) {
    if (std::ranges::find(asked_, entry.key) != asked_.end()) continue;
    std::string advice = Suggestion(entry.key, asked_);
    if (advice.empty()) advice = "; the keys here are " + JoinedWords(asked_);
    Complain(entry.line, "unknown key " + Quoted(entry.key) + advice);
  }
}

int YamlMap::LineOf(const std::string& key) const {
  const auto found = std::ranges::find(entries_, key, &YamlEntry::key);
  return found == entries_.end() ? line_ : found->line;
}

void YamlMap::Complain(int line, const std::string& text) {
  std::string message = what_ + ": " + text;
  std::ranges::replace_if(
      message, [](char c) { return c < ' ' || c > '~'; }, '?');
  mistakes_->push_back({line, std::move(message)});
}

std::vector<YamlEntry> EntriesOf(const YAML::Node& map, int line) {
  std::vector<YamlEntry> entries;
  if (!map.IsMap()) return entries;
  for (const auto& pair : map) {
    const YAML::Mark mark = pair.first.Mark();
    entries.push_back({pair.first.IsScalar() ? pair.first.Scalar() : "",
                       mark.is_null() ? line : mark.line + 1, pair.second});
  }
  return entries;
}

bool IsName(const std::string& text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, fits);
}

std::string Quoted(const std::string& text) {
  return '"' + Shortened(text) + '"';
}

std::string Suggestion(const std::string& text, const std::vector<std::string>& words) {
  constexpr std::size_t kLongest = 64;  // nothing longer is near any word of ours
  if (text.size() > kLongest) return "";
  const auto distance = [&text](const std::string& word) { return EditDistance(text, word); };
  const auto nearest = std::ranges::min_element(words, {}, distance);
  if (nearest == words.end()) return "";
  const std::size_t near_enough = std::clamp<std::size_t>(nearest->size() / 2, 1, 3);
  return distance(*nearest) <= near_enough ? "; did you mean \"" + *nearest + "\"?" : "";
}

}  // namespace meridian::node
