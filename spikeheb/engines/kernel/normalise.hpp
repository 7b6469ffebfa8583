// The weights of a cell brought to a sum, within their limits.
#pragma once

#include "contract.hpp"
#include "runtime.hpp"

// Where limits stand in the way, again and again until the sum is the target or nothing can move.
template <int stride, class T>
void bring_to_sum(T *w, int64_t count, int64_t kind, double target, double low, double high) {
  const double near = (sizeof(T) == 8 ? 1e-13 : 1e-5) * target;
  for (int turn = 0; turn < 100; ++turn) {
    double sum = 0.0;
    for (int64_t i = 0; i < count; ++i) sum += double(w[i * stride]);
    const double excess = sum - target;
    if (!(std::fabs(excess) > near)) return;
    if (kind == DIVISIVE) {
      if (!(sum > 0.0)) return;
      const double factor = target / sum;
      for (int64_t i = 0; i < count; ++i) w[i * stride] = T(limited(double(w[i * stride]) * factor, low, high));
    } else {
      int64_t able = 0;
      for (int64_t i = 0; i < count; ++i) able += excess > 0.0 ? double(w[i * stride]) > low : double(w[i * stride]) < high;
      if (!able) return;
      const double each = excess / double(able);
      for (int64_t i = 0; i < count; ++i) w[i * stride] = T(limited(double(w[i * stride]) - each, low, high));
    }
  }
}
