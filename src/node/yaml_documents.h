// How many documents a YAML text has, without reading on for ever.
//
//     "a: 1"  1        "a: 1\n---\nb: 2"  2        ""  0        ", a"  2: more than one
//
// yaml-cpp 0.7 has a parser that takes nothing of a text like the last one and still reports a
// document; YAML::LoadAll then fills the memory with them. So this stops at two.

#pragma once

#include <string>

namespace meridian::node {

// 0, 1, or 2 for more than one. Throws what yaml-cpp throws: YAML::Exception.
int CountDocuments(const std::string& text);

}  // namespace meridian::node
