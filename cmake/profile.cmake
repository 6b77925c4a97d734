# What a server spends its time on, as a training run counted it: gcc lays out and inlines the code of
# base, crdt, local, wan, node and io accordingly, which is 5 % less CPU for a put (docs/adr/0013).
#
#   scripts/train  builds with MERIDIAN_TRAIN, loads a region, and writes cmake/servers.profile.tar.zst
#   any other      Release build with gcc 12 unpacks that and compiles with it
#
# A profile goes stale by the function: one whose branches are others now is optimised as if there were
# none. So nobody has to train after a change; before a release is enough. Functions of one file (in
# anonymous namespaces) go by the path of their source, so only a checkout at the training's path has
# counts for them; the others' are for everyone.

option(MERIDIAN_TRAIN "Build servers that count what they execute (scripts/train)" OFF)
set(MERIDIAN_PROFILE ${PROJECT_SOURCE_DIR}/cmake/servers.profile.tar.zst)
set(MERIDIAN_PROFILE_FLAGS)

if(NOT MERIDIAN_LTO_COMPILE OR NOT CMAKE_CXX_COMPILER_VERSION MATCHES "^12\\.")
  # Other compilers read other formats, and other builds are not measured.
  return()
endif()

# gcc takes --x for -fx. ccache 4.7 gives up at -fprofile options that it does not know.
if(MERIDIAN_TRAIN)
  # Nodes write the same files, one after the other as they end; threads count together.
  set(MERIDIAN_PROFILE_FLAGS --profile-generate=${CMAKE_BINARY_DIR}/counts
      --profile-update=prefer-atomic)
  add_link_options(-fprofile-generate)
elseif(EXISTS ${MERIDIAN_PROFILE})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${MERIDIAN_PROFILE})
  # ccache does not look into the directory, but sees its name.
  file(SHA256 ${MERIDIAN_PROFILE} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  set(directory ${CMAKE_BINARY_DIR}/servers.profile/${hash})
  file(ARCHIVE_EXTRACT INPUT ${MERIDIAN_PROFILE} DESTINATION ${directory})
  set(MERIDIAN_PROFILE_FLAGS --profile-use=${directory} --profile-partial-training
      --profile-correction -Wno-missing-profile -Wno-coverage-mismatch)
endif()

if(MERIDIAN_PROFILE_FLAGS)
  # So that a profile has no path of the machine in its files' names. gcc must know the build by the
  # same name, also where a link leads to it.
  list(APPEND MERIDIAN_PROFILE_FLAGS --profile-prefix-path=${CMAKE_BINARY_DIR})
  list(PREPEND CMAKE_CXX_COMPILER_LAUNCHER env PWD=${CMAKE_BINARY_DIR})
  list(APPEND MERIDIAN_LTO_COMPILE ${MERIDIAN_PROFILE_FLAGS})
endif()
