// Memory that many share: taken before it is used, given back by itself, never more than the bound.
//
//     ByteBudget bodies(64 << 20);
//     ByteBudget::Share share = bodies.Take(request_bytes);
//     if (!share) return Refuse();          // 503, before a byte of it is read
//
// A share that has nothing to count (`small` bytes and fewer) is always granted: their number is
// bounded elsewhere, and whoever wants little must not be locked out by those who want much. The
// budget outlives its shares.

#pragma once

#include <cstddef>
#include <utility>

namespace meridian {

class ByteBudget {
 public:
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)),
          bytes_(std::exchange(other.bytes_, 0)),
          granted_(std::exchange(other.granted_, false)) {}
    Share& operator=(Share&& other) noexcept {
      if (this == &other) return *this;
      GiveBack();
      budget_ = std::exchange(other.budget_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
      granted_ = std::exchange(other.granted_, false);
      return *this;
    }
    ~Share() { GiveBack(); }

    explicit operator bool() const { return granted_; }

   private:
    friend class ByteBudget;
    Share(ByteBudget* budget, std::size_t bytes) : budget_(budget), bytes_(bytes), granted_(true) {}
    void GiveBack() {
      if (budget_ != nullptr) budget_->used_ -= bytes_;
      budget_ = nullptr;
    }

    ByteBudget* budget_ = nullptr;  // none: nothing to give back
    std::size_t bytes_ = 0;
    bool granted_ = false;
  };

  explicit ByteBudget(std::size_t max, std::size_t small = 0) : max_(max), small_(small) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  // Not granted when more than the bound would be in use.
  Share Take(std::size_t bytes) {
    if (bytes <= small_) return {nullptr, 0};
    if (bytes > max_ - used_) return {};
    used_ += bytes;
    return {this, bytes};
  }

  std::size_t used() const { return used_; }

 private:
  const std::size_t max_;
  const std::size_t small_;
  std::size_t used_ = 0;
};

}  // namespace meridian
