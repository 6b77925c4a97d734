// Result<T>: a value, or one of five errors with a sentence for people.
//
//     Result<Row> row = DecodeRow(bytes);
//     if (!row) return Fail(row.error().code, "row of " + name + ": " + row.error().message);
//
// Only what may go wrong from outside is an Error (bad bytes, disk, socket, a full queue). A normal
// outcome, such as "not found" or "quorum not reached", has a type of its own.

#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace meridian {

enum class ErrorCode {
  kCorrupt,             // bytes that no correct peer or disk would have given us
  kInvalidArgument,     // the caller broke a documented rule of the interface
  kIo,                  // disk, socket or TLS failed; `message` carries the cause
  kOverloaded,          // a bounded queue is full; the caller should back off
  kUnsupportedVersion,  // written by a newer release than this one
};

struct Error {
  ErrorCode code;
  std::string message;  // for people: what was attempted, on what, what happened
};

// What Fail() returns, so that `return Fail(...)` reads the same in every function.
struct Failure {
  Error error;
};

inline Failure Fail(ErrorCode code, std::string message) {
  return {{code, std::move(message)}};
}

// Success that carries nothing.
struct Done {};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}                  // NOLINT: implicit on purpose
  Result(Failure failure) : state_(std::move(failure.error)) {}  // NOLINT: implicit on purpose

  bool has_value() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return has_value(); }

  // Requires has_value().
  T& value() {
    MERIDIAN_CHECK(has_value());
    return *std::get_if<T>(&state_);
  }
  const T& value() const {
    MERIDIAN_CHECK(has_value());
    return *std::get_if<T>(&state_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Requires !has_value().
  const Error& error() const {
    MERIDIAN_CHECK(!has_value());
    return *std::get_if<Error>(&state_);
  }
  // The same error for a caller with another T: `return result.failure();`
  Failure failure() const { return {error()}; }

 private:
  std::variant<T, Error> state_;
};

}  // namespace meridian
