// Whole files, for tools: what `meridian` reads, writes and removes.
//
// Nothing here is for data that must survive a power cut; that is RocksDB's.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace meridian::io {

// kIo with the path and the reason, in all of these.
Result<Bytes> ReadFile(const std::string& path);
Result<Bytes> ReadStandardInput();
// Replaces the file as one step, so that a reader sees the old or the new one whole. `mode` as in
// chmod; the file has it before it has its content.
Result<Done> WriteFile(const std::string& path, ByteView content, unsigned mode = 0644);
Result<Done> MakeDirectories(const std::string& path);
// The file or the whole directory; no error if there is none.
Result<Done> Remove(const std::string& path);

// The names in a directory, sorted; empty if it cannot be read.
std::vector<std::string> FilesIn(const std::string& path);
bool FileExists(const std::string& path);
std::string AbsolutePath(const std::string& path);
// The one path of a file that may be reached by several: absolute, without symbolic links as far as
// it exists.
std::string CanonicalPath(const std::string& path);
std::string ParentOf(const std::string& path);
// The last lines of a text file, oldest first; empty if it cannot be read.
std::vector<std::string> LastLines(const std::string& path, std::size_t count);

}  // namespace meridian::io
