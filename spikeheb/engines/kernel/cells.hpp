// What happens to cells that stand side by side, in tiles and in networks alike: the shape of a spike, and delayed reads.
#pragma once

#include "contract.hpp"
#include "numbers.hpp"

#include <type_traits>

// `real` (double or float) is named by the generated file.
using Flag = std::conditional_t<sizeof(real) == 8, int64_t, int32_t>;

// The turns of the loop that follows touch different numbers: it is to be run several turns at a time, not unrolled.
#if defined(__clang__)
#define SIDE_BY_SIDE _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define SIDE_BY_SIDE _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
#else
#define SIDE_BY_SIDE
#endif

// The next part of a cell's spike; after the last the reset and the refractory time. `durations` begins with that time.
template <class M, class T>
void go_on(T &t, const typename M::Shared &k, const int64_t *durations, int64_t now, int64_t c, int64_t &part, int64_t &part_at) {
  if constexpr (M::has_cell) {
    if (part < M::shape_parts) {
      t.lane[0][c] = M::shape_v(k, part);
      t.lane[M::held][c] = real(NEVER);
      part_at = now + durations[1 + part];
      ++part;
      return;
    }
    part_at = FAR;
    M::reset(t, k, c);
    if constexpr (M::holds) t.lane[M::held][c] = real(durations[0] > 0 ? durations[0] - 1 : 0);
  }
}

// What a rule reads late: the last values of some variables of `count` cells from `first` on, each in a ring of `all` cells.
template <class M> struct Rings {
  real *history;
  const int64_t *by;
  int64_t all, first, count;

  void read(real *const *lane, int64_t now) const {
    for (int k = 0; k < M::late_count; ++k)
      if (by[k] > 0) copy(lane[M::late + k], ring(k, now + 1));
  }
  void keep(real *const *lane, int64_t now) const {
    for (int k = 0; k < M::late_count; ++k) {
      copy(ring(k, now), lane[M::late_source[k]]);
      if (by[k] == 0) copy(lane[M::late + k], lane[M::late_source[k]]);
    }
  }

private:
  real *ring(int k, int64_t step) const {
    real *start = history;
    for (int j = 0; j < k; ++j) start += (by[j] + 1) * all;
    return start + step % (by[k] + 1) * all + first;
  }
  void copy(real *to, const real *from) const { std::memcpy(to, from, size_t(count) * sizeof(real)); }
};
