# The tests, by label:
#
#   unit      tests/unit/<folder>/*.cc -> unit_<folder>;  tests/property -> property_tests
#   fuzz      tests/fuzz/*.cc          -> a binary each: a bounded, seeded run; libFuzzer if asked
#   sim       tests/sim, tests/scenario -> sim_tests
#   io        tests/io                 -> io_tests
#   process   tests/process, tests/fault -> process_tests, which start the real binaries
#   tidy      scripts/tidy.py, its own test, and clang-format where it is installed
#
# `ninja unit_all` builds what the labels unit and fuzz run, `ninja system_all` what the others do, and
# the benchmarks. Their main() is gmock's.

add_library(meridian_test_options INTERFACE)
target_link_libraries(meridian_test_options INTERFACE
  meridian_options third_party_gtest third_party_rapidcheck)
target_include_directories(meridian_test_options INTERFACE ${PROJECT_SOURCE_DIR}/tests)
target_compile_definitions(meridian_test_options INTERFACE
  MERIDIAN_GOLDEN_DIR="${PROJECT_SOURCE_DIR}/tests/golden"
  MERIDIAN_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
  MERIDIAN_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
target_sources(meridian_test_options INTERFACE ${PROJECT_SOURCE_DIR}/tests/sanitizers/defaults.cc)
# Under the sanitizers the tests' own code takes a third less time to compile unoptimised; what they
# test is optimised all the same.
target_compile_options(meridian_test_options INTERFACE $<$<CONFIG:Debug>:-O0>)
find_library(MERIDIAN_GTEST_MAIN gmock_main REQUIRED)
mark_as_advanced(MERIDIAN_GTEST_MAIN)

# Code that several kinds of tests share; it may use what node may.
file(GLOB support CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.cc)
if(support)
  add_library(meridian_test_support STATIC ${support})
  target_link_libraries(meridian_test_support PUBLIC meridian_test_options meridian_node)
else()
  add_library(meridian_test_support INTERFACE)
  target_link_libraries(meridian_test_support INTERFACE meridian_test_options)
endif()

add_custom_target(unit_all)
add_custom_target(system_all)
add_dependencies(system_all apps)

include(GoogleTest)

# meridian_test(<name> LABEL <label> TIMEOUT <seconds> FOLDERS <folder>... LIBRARIES <library>...
#               [OPTIMISED] [APART] [ONLY <regex>] [PROPERTIES ...] [WAITING <suite>])
# One gtest binary of all the sources in the folders, one ctest a case. Nothing, if they are empty.
# Tests whose own code works hard (many seeds, many cases) are OPTIMISED; the others compile faster.
# Files that are APART may use the same names for other things, and are compiled each for itself.
# A WAITING suite mostly sleeps: it begins first, and others than those of its ports run beside it.
function(meridian_test name)
  cmake_parse_arguments(ARG "OPTIMISED;APART" "LABEL;TIMEOUT;ONLY;WAITING" "FOLDERS;LIBRARIES;PROPERTIES" ${ARGN})
  set(sources)
  foreach(folder IN LISTS ARG_FOLDERS)
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*.cc)
    list(APPEND sources ${found})
  endforeach()
  if(ARG_ONLY)
    list(FILTER sources INCLUDE REGEX "${ARG_ONLY}")
  endif()
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  if(NOT ARG_APART)
    meridian_unity(${name})
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} ${MERIDIAN_GTEST_MAIN}
                        meridian_test_options)
  if(NOT ARG_OPTIMISED)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  set(filter)
  if(ARG_WAITING)
    set(filter TEST_FILTER "-${ARG_WAITING}.*")
    gtest_discover_tests(${name} TEST_FILTER "${ARG_WAITING}.*"
      DISCOVERY_MODE PRE_TEST
      DISCOVERY_TIMEOUT 60
      PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT} COST 1000 RESOURCE_LOCK loopback)
  endif()
  gtest_discover_tests(${name} ${filter}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT}
               ${ARG_PROPERTIES})
  if(ARG_LABEL STREQUAL "unit")
    add_dependencies(unit_all ${name})
  else()
    add_dependencies(system_all ${name})
  endif()
endfunction()

# What is tested is called A, B and C in each file of these.
meridian_test(unit_crdt LABEL unit TIMEOUT 60 APART FOLDERS unit/crdt LIBRARIES meridian_crdt)
foreach(folder IN ITEMS base local wan)
  meridian_test(unit_${folder} LABEL unit TIMEOUT 60 FOLDERS unit/${folder}
                LIBRARIES meridian_${folder})
endforeach()
foreach(folder IN ITEMS node io sim client)
  meridian_test(unit_${folder} LABEL unit TIMEOUT 60 FOLDERS unit/${folder}
                LIBRARIES meridian_test_support meridian_${folder})
endforeach()
meridian_test(property_tests LABEL unit TIMEOUT 300 OPTIMISED FOLDERS property
              LIBRARIES meridian_test_support meridian_sim meridian_node)
meridian_test(sim_tests LABEL sim TIMEOUT 600 OPTIMISED FOLDERS sim scenario
              LIBRARIES meridian_test_support meridian_sim)
if(MERIDIAN_SANITIZE STREQUAL "thread")
  # What has threads, without the client library, is half the compiling.
  meridian_test(io_tests LABEL io TIMEOUT 120 FOLDERS io
                ONLY "/(client_port|committer|driver|hmac_signer|.*storage|rocksdb_fault|zmq_ring)"
                LIBRARIES meridian_test_support meridian_io
                PROPERTIES RESOURCE_LOCK loopback)
else()
  meridian_test(io_tests LABEL io TIMEOUT 120 FOLDERS io
                LIBRARIES meridian_test_support meridian_client meridian_io
                PROPERTIES RESOURCE_LOCK loopback)
endif()
meridian_test(process_tests LABEL process TIMEOUT 300 FOLDERS process fault
              LIBRARIES meridian_test_support meridian_client meridian_io
              PROPERTIES RUN_SERIAL TRUE WAITING LivenessTest)
if(TARGET process_tests)
  add_dependencies(process_tests apps)
endif()

file(GLOB fuzzers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*_fuzz.cc)
foreach(fuzzer IN LISTS fuzzers)
  get_filename_component(name ${fuzzer} NAME_WE)
  add_executable(${name} ${fuzzer} ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzzing.cc)
  target_link_libraries(${name} PRIVATE meridian_client meridian_io meridian_node
                                        meridian_test_options)
  if(MERIDIAN_FUZZ)
    target_compile_definitions(${name} PRIVATE MERIDIAN_LIBFUZZER)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "fuzz" TIMEOUT 300)
    add_dependencies(unit_all ${name})
  endif()
endforeach()

file(GLOB benchmarks CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/benchmarks/*_bench.cc)
find_library(MERIDIAN_BENCHMARK_MAIN benchmark_main REQUIRED)
mark_as_advanced(MERIDIAN_BENCHMARK_MAIN)
foreach(benchmark IN LISTS benchmarks)
  get_filename_component(name ${benchmark} NAME_WE)
  add_executable(${name} ${benchmark})
  target_link_libraries(${name} PRIVATE ${MERIDIAN_ALL_LIBRARIES} ${MERIDIAN_BENCHMARK_MAIN}
                        third_party_benchmark)
  add_dependencies(system_all ${name})
endforeach()

# For benchmarks/audit.
add_executable(alter_rows ${PROJECT_SOURCE_DIR}/benchmarks/alter_rows.cc)
target_link_libraries(alter_rows PRIVATE ${MERIDIAN_ALL_LIBRARIES} meridian_test_options)
add_dependencies(system_all alter_rows)

find_package(Python3 REQUIRED COMPONENTS Interpreter)
if(EXISTS ${PROJECT_SOURCE_DIR}/scripts/tidy.py)
  add_test(NAME tidy
           COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/tidy.py)
  add_test(NAME tidy_test
           COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/tidy/tidy_test.py)
  set_tests_properties(tidy tidy_test PROPERTIES LABELS "tidy" TIMEOUT 60)
endif()
find_program(MERIDIAN_CLANG_FORMAT NAMES clang-format-14 clang-format)
if(MERIDIAN_CLANG_FORMAT AND EXISTS ${PROJECT_SOURCE_DIR}/scripts/lint)
  add_test(NAME format COMMAND ${PROJECT_SOURCE_DIR}/scripts/lint --format)
  set_tests_properties(format PROPERTIES LABELS "tidy" TIMEOUT 120)
endif()
