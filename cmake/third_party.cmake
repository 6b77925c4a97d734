# Third-party libraries, each behind a target of ours; all are Debian packages
# (scripts/install-dependencies). Headers are SYSTEM, so their warnings are not ours.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)

# third_party(<name> HEADER <header> [LIBRARIES <library or target>...])
function(third_party name)
  cmake_parse_arguments(ARG "" "HEADER" "LIBRARIES" ${ARGN})
  string(TOUPPER ${name} upper)
  find_path(MERIDIAN_${upper}_INCLUDE ${ARG_HEADER} REQUIRED)
  mark_as_advanced(MERIDIAN_${upper}_INCLUDE)
  add_library(third_party_${name} INTERFACE)
  target_include_directories(third_party_${name} SYSTEM INTERFACE ${MERIDIAN_${upper}_INCLUDE})
  foreach(library IN LISTS ARG_LIBRARIES)
    if(TARGET ${library})
      target_link_libraries(third_party_${name} INTERFACE ${library})
      continue()
    endif()
    find_library(MERIDIAN_LIBRARY_${library} ${library} REQUIRED)
    mark_as_advanced(MERIDIAN_LIBRARY_${library})
    target_link_libraries(third_party_${name} INTERFACE ${MERIDIAN_LIBRARY_${library}})
  endforeach()
endfunction()

third_party(cereal HEADER cereal/cereal.hpp)
third_party(xxhash HEADER xxhash.h)
third_party(yaml HEADER yaml-cpp/yaml.h LIBRARIES yaml-cpp)
third_party(json HEADER nlohmann/json.hpp)
third_party(cli11 HEADER CLI/CLI.hpp)
third_party(rocksdb HEADER rocksdb/db.h LIBRARIES rocksdb)
third_party(zmq HEADER zmq.hpp LIBRARIES zmq)
third_party(zstd HEADER zstd.h LIBRARIES zstd)
third_party(openssl HEADER openssl/ssl.h LIBRARIES OpenSSL::SSL OpenSSL::Crypto)
third_party(curl HEADER curl/curl.h LIBRARIES CURL::libcurl)
third_party(boost HEADER boost/asio.hpp LIBRARIES Threads::Threads)
third_party(spdlog HEADER spdlog/spdlog.h LIBRARIES spdlog fmt)
third_party(prometheus HEADER prometheus/registry.h LIBRARIES prometheus-cpp-core)
third_party(gtest HEADER gtest/gtest.h LIBRARIES gmock gtest Threads::Threads)
third_party(rapidcheck HEADER rapidcheck.h LIBRARIES rapidcheck)
third_party(benchmark HEADER benchmark/benchmark.h LIBRARIES benchmark Threads::Threads)

# spdlog's package is a shared library over the packaged fmt.
target_compile_definitions(third_party_spdlog INTERFACE
  SPDLOG_COMPILED_LIB SPDLOG_SHARED_LIB SPDLOG_FMT_EXTERNAL)
# Header-only Boost: no implicit linking, and only the parts of Asio that are current.
target_compile_definitions(third_party_boost INTERFACE
  BOOST_ALL_NO_LIB BOOST_ERROR_CODE_HEADER_ONLY BOOST_ASIO_NO_DEPRECATED)
