# The flags of all our code, as one interface target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
# Not -O3: g++ 12 gives false warnings there, and the gain was not measurable.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
# -g1 is enough for the lines of a sanitizer's stack; full -g costs a quarter of the compiling.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")

# Optimised across files: 5 % less CPU for a put (docs/adr/0013), half a minute more for a server's
# link. The objects hold machine code as well, for what is linked without.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release"
   AND NOT MERIDIAN_SANITIZE)
  set(MERIDIAN_LTO_COMPILE -flto=auto -ffat-lto-objects)
  # Without -fno-lto the linker's plugin would optimise whatever has such objects.
  add_link_options($<IF:$<BOOL:$<TARGET_PROPERTY:MERIDIAN_LTO>>,-flto=auto$<SEMICOLON>-O2,-fno-lto>)
endif()

# Files of a target are compiled eight at once: they read the same headers and instantiate the same
# templates, so that takes less than half the time. So what a file keeps for itself (in an unnamed
# namespace) has a name that no other file of its folder uses.
option(MERIDIAN_UNITY "Compile several files at once; OFF: one, for edits and clang-tidy" OFF)
function(meridian_unity target)
  if(MERIDIAN_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

find_program(MERIDIAN_CCACHE ccache)
if(MERIDIAN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MERIDIAN_CCACHE})
endif()

add_library(meridian_options INTERFACE)
target_include_directories(meridian_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(meridian_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror
  # `Answer{.status = kTimeout}` leaves the rest at its defaults on purpose.
  -Wno-missing-field-initializers
  # Of files compiled at once: the names of one are not global to the next, nor are its types shared.
  $<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-shadow>
  $<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-subobject-linkage>
  # g++ is the judge; clang is here for libFuzzer and clang-tidy.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-error>)
target_compile_definitions(meridian_options INTERFACE MERIDIAN_VERSION="${PROJECT_VERSION}")

if(MERIDIAN_SANITIZE)
  # For every target, also those that do not link meridian_options.
  add_compile_options(-fsanitize=${MERIDIAN_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  if(MERIDIAN_SANITIZE MATCHES "undefined")
    # A quarter of the compiling. A null pointer that is followed ends the process under
    # AddressSanitizer anyway, and only io casts addresses.
    add_compile_options(-fno-sanitize=null,alignment)
  endif()
  add_link_options(-fsanitize=${MERIDIAN_SANITIZE})
  # The optimizer sees instrumented library templates and warns about them falsely.
  target_compile_options(meridian_options INTERFACE
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-tsan>")
endif()
