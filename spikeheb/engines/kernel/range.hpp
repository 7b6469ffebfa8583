// Numbers of which only the bounds are known, and on what they may depend.
//
// An expression evaluated with these says over a whole stretch of time whether it is zero throughout, and which variables
// could change its value: a factor that is zero, or a comparison that is decided, removes what stands behind it.
#pragma once

#include "runtime.hpp"

#include <algorithm>

constexpr uint64_t KINK = uint64_t(1) << 62;  // it may depend on more than one side of a kink or a jump

struct Range {
  double low, high;
  uint64_t on = 0;  // one bit for each variable that the value may depend on

  Range(double x = 0.0) : low(x), high(x) {}
  Range(double low, double high, uint64_t on) : low(low), high(high), on(low == high ? 0 : on) {
    if (std::isnan(low) || std::isnan(high)) { this->low = -INFINITY; this->high = INFINITY; this->on = on; }
  }
  bool zero() const { return low == 0.0 && high == 0.0; }
};

// Whether something holds: certainly not, perhaps, certainly.
struct Perhaps {
  bool can, must;
  uint64_t on;
  Perhaps(bool can, bool must, uint64_t on) : can(can), must(must), on(can == must ? 0 : on | KINK) {}
};
inline Perhaps operator&&(const Perhaps &a, const Perhaps &b) { return {a.can && b.can, a.must && b.must, a.on | b.on}; }
inline Perhaps operator||(const Perhaps &a, const Perhaps &b) { return {a.can || b.can, a.must || b.must, a.on | b.on}; }
inline Perhaps operator!(const Perhaps &a) { return {!a.must, !a.can, a.on}; }
inline Range truth(const Perhaps &a) { return {a.must ? 1.0 : 0.0, a.can ? 1.0 : 0.0, a.on}; }

inline Perhaps operator<(const Range &a, const Range &b) { return {a.low < b.high, a.high < b.low, a.on | b.on}; }
inline Perhaps operator<=(const Range &a, const Range &b) { return {a.low <= b.high, a.high <= b.low, a.on | b.on}; }
inline Perhaps operator>(const Range &a, const Range &b) { return b < a; }
inline Perhaps operator>=(const Range &a, const Range &b) { return b <= a; }
inline Perhaps operator==(const Range &a, const Range &b) { return (a <= b) && (b <= a); }
inline Perhaps operator!=(const Range &a, const Range &b) { return !(a == b); }

inline Range operator-(const Range &a) { return {-a.high, -a.low, a.on}; }
inline Range operator+(const Range &a, const Range &b) { return {a.low + b.low, a.high + b.high, a.on | b.on}; }
inline Range operator-(const Range &a, const Range &b) { return {a.low - b.high, a.high - b.low, a.on | b.on}; }
inline Range operator*(const Range &a, const Range &b) {
  if (a.zero() || b.zero()) return 0.0;
  double low = INFINITY, high = -INFINITY;
  for (const double x : {a.low, a.high})
    for (const double y : {b.low, b.high}) {
      const double product = x == 0.0 || y == 0.0 ? 0.0 : x * y;
      low = std::min(low, product);
      high = std::max(high, product);
    }
  return {low, high, a.on | b.on};
}
inline Range operator/(const Range &a, const Range &b) {
  if (a.zero() && (b.low > 0.0 || b.high < 0.0)) return 0.0;
  if (b.low <= 0.0 && b.high >= 0.0) return {-INFINITY, INFINITY, a.on | b.on};
  return a * Range(1.0 / b.high, 1.0 / b.low, b.on);
}
inline Range exp(const Range &a) { return {std::exp(a.low), std::exp(a.high), a.on}; }
inline Range log(const Range &a) { return {std::log(a.low), std::log(a.high), a.on}; }
inline Range sqrt(const Range &a) { return {std::sqrt(a.low), std::sqrt(a.high), a.on}; }
inline Range within(const Range &a, const Range &low, const Range &high) {
  if (a.high <= low.low) return low;
  if (a.low >= high.high) return high;
  const uint64_t kink = a.low >= low.high && a.high <= high.low ? 0 : KINK;
  return {std::min(std::max(a.low, low.low), high.low), std::min(std::max(a.high, low.high), high.high), a.on | low.on | high.on | kink};
}
inline Range clip(const Range &a, const Range &low, const Range &high) { return within(a, low, high); }
inline Range positive(const Range &a) { return {std::max(a.low, 0.0), std::max(a.high, 0.0), a.on | (a.low < 0.0 ? KINK : 0)}; }
inline Range magnitude(const Range &a) {
  const double most = std::max(std::fabs(a.low), std::fabs(a.high));
  return {a.low <= 0.0 && a.high >= 0.0 ? 0.0 : std::min(std::fabs(a.low), std::fabs(a.high)), most, a.on | (a.low * a.high < 0.0 ? KINK : 0)};
}
inline Range power(const Range &a, const Range &b) {
  if (a.low > 0.0) return exp(b * log(a));
  return {-INFINITY, INFINITY, a.on | b.on};
}
inline Range exprel(const Range &a) { return {exprel(a.low), exprel(a.high), a.on}; }
