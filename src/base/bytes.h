// Bytes as the project holds them: std::string owns, std::string_view borrows.
//
// Both may hold any byte. Text for people is std::string too; the name says which is meant.

#pragma once

#include <string>
#include <string_view>

namespace meridian {

using Bytes = std::string;
using ByteView = std::string_view;

}  // namespace meridian
