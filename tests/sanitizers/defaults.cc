// What every test binary tells the sanitizer that it was built with, if any; they ask by these
// names. Said here and not in the environment, so that a test run by hand is the test that CI runs.

extern "C" {

const char* __asan_default_options();
const char* __ubsan_default_options();
const char* __tsan_default_options();
const char* __tsan_default_suppressions();

const char* __asan_default_options() {
  return "detect_leaks=1:strict_string_checks=1";
}
const char* __ubsan_default_options() {
  return "print_stacktrace=1";
}
const char* __tsan_default_options() {
  return "second_deadlock_stack=1";
}

// Packaged libraries are not instrumented, so ThreadSanitizer cannot see how they synchronize.
const char* __tsan_default_suppressions() {
  return "race:librocksdb.so\n"
         "race:libzmq.so\n"
         "race:libcurl.so\n"
         "race:libspdlog.so\n"
         "called_from_lib:libzmq.so\n"
         "called_from_lib:librocksdb.so\n";
}

}  // extern "C"
