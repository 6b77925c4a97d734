#include "io/files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "io/scratch_directory.h"

namespace meridian::io {
namespace {

namespace fs = std::filesystem;

TEST(FilesTest, ADirectoryHasOneCanonicalPathWhateverLeadsThere) {
  const test::ScratchDirectory scratch;
  ASSERT_TRUE(MakeDirectories(scratch / "real"));
  fs::create_directory_symlink(scratch / "real", scratch / "link");
  const std::string real = fs::canonical(scratch / "real").string();
  EXPECT_EQ(CanonicalPath(scratch / "real"), real);
  EXPECT_EQ(CanonicalPath(scratch / "link"), real);
  EXPECT_EQ(CanonicalPath(scratch / "real/../link/."), real);
  EXPECT_EQ(CanonicalPath(scratch / "link/not there"), real + "/not there");
}

TEST(FilesTest, ADirectoryListsItsNamesInOrderAndOneThatIsMissingNone) {
  const test::ScratchDirectory scratch;
  for (const char* name : {"b", "c", "a"}) ASSERT_TRUE(WriteFile(scratch / name, name));
  EXPECT_EQ(FilesIn(scratch.path()), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(FilesIn(scratch / "none").empty());
}

}  // namespace
}  // namespace meridian::io
