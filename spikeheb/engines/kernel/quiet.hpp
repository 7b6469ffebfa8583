// Quiet stretches: where nothing is scheduled for a while, a cell's way back to rest is computed instead of stepped.
//
// Near its fixed point r the step F of a cell is linear but for a small remainder, so that n steps from z lead to
// r + J**n (z - r), with J the Jacobian of the step itself: the result is what stepping gives, not what the equations
// would give in continuous time. J comes from the code of the step, run with numbers that carry their derivatives.
#pragma once

#include "pack.hpp"
#include "range.hpp"

template <class M> class Quiet {
public:
  static constexpr int N = M::moving_count;         // variables that move by themselves, cell and [post]
  static constexpr int64_t WORTHWHILE = 64;         // shorter stretches are stepped
  static constexpr int64_t SHORTEST_WAIT = 16, LONGEST_WAIT = 512;
  static constexpr double BOUND_V = 1e-11;          // largest error of v in volts, over the whole way back: no rule reads it
  static constexpr double BOUND = 1e-13;            // of [post] variables, as a fraction of their size
  using State = typename M::template State<double>;

  explicit Quiet(const double *start) : start(start) {}

  // Whether there is rest, and a linear way to it.
  bool knows(const State &state, const typename M::Shared &shared) {
    if (!known_for(state)) prepare(state, shared);
    return usable;
  }

  // Whether the rest of the way may be computed: the remainder stays below the bounds, and no threshold is near. If not,
  // `wait` says after how many steps to ask again.
  bool allows(const State &state, const typename M::Shared &shared, int64_t &wait) {
    wait = LONGEST_WAIT;
    if (!knows(state, shared)) return false;
    double away[N], most[N];
    for (int i = 0; i < N; ++i) {
      away[i] = entry(state, i) - fixed[i];
      most[i] = std::fabs(away[i]);
    }
    double excess = measure_excess(away, most, shared);  // at least that much, and quickly known
    if (excess <= 1.0) {
      farthest(away, most);
      excess = measure_excess(away, most, shared);
    }
    if (excess < 0x1p30) wait = SHORTEST_WAIT * (1 + (excess > 1.0 ? std::ilogb(excess) : 0));
    return excess <= 1.0 && !may_fire(state, most, shared);
  }

  // The error of computing the way over its bound, if no variable comes farther from rest than `most`.
  double measure_excess(const double (&away)[N], const double (&most)[N], const typename M::Shared &shared) const {
    double left[N] = {}, excess = 0.0;
    for (const double all : {1.0, -1.0})
      for (const double v : {1.0, -1.0}) measure_remainder(away, most, all, v, shared, left);
    for (int i = 0; i < N; ++i) {
      if (i > 0 && i < M::moving_in_cell) continue;  // what the others do to v is in v's sum
      double error = 0.0;
      for (int k = 0; k < N; ++k) error += summed[i][k] * left[k];
      const double bound = i == 0 ? BOUND_V : BOUND * std::fmax(std::fabs(fixed[i]), std::fabs(away[i]));
      if (!(error <= excess * bound)) excess = error / bound;
    }
    return excess;
  }

  struct Way { double away[N]; };  // how far from rest

  Way way(const State &state) const {
    Way way;
    for (int i = 0; i < N; ++i) way.away[i] = entry(state, i) - fixed[i];
    return way;
  }

  void advance(State &state, int64_t steps) const {
    Way there = way(state);
    advance(there, steps);
    for (int i = 0; i < N; ++i) entry(state, i) = fixed[i] + there.away[i];
  }

  void advance(Way &way, int64_t steps) const {
    double moved[N];
    for (int j = 0; steps; ++j, steps >>= 1) {
      if (j == count) {  // so long that nothing of it is left
        way = {};
        break;
      }
      if (!(steps & 1)) continue;
      power(j, way.away, moved);
      std::memcpy(way.away, moved, sizeof moved);
    }
  }

  // What a step changes in a variable, so far from rest.
  template <class R> R change(int i, const R (&away)[N]) const {
    R change = 0.0;
    for (int k = 0; k < N; ++k) change = change + (jacobian[i][k] - double(i == k)) * away[k];
    return change;
  }

  // What the step leaves over beside its linear part, with every variable as far from rest as it may come on its way: v is
  // often farther from there later on than now, when adaptation draws it down.
  void measure_remainder(const double (&away)[N], const double (&most)[N], double all, double v, const typename M::Shared &shared,
                         double (&left)[N]) const {
    double there[N], linear[N];
    State state = at_rest;
    for (int i = 0; i < N; ++i) {
      there[i] = i == 0 ? most[i] * v : std::copysign(most[i], away[i]) * all;
      entry(state, i) = fixed[i] + there[i];
    }
    product(jacobian, there, linear);
    move<double>(state, shared);
    for (int i = 0; i < N; ++i) {
      const double found = std::fabs(entry(state, i) - fixed[i] - linear[i]);
      const double rounding = 8 * EPSILON * (std::fabs(fixed[i]) + std::fabs(there[i]));
      if (!(found - rounding <= left[i])) left[i] = std::isnan(found) ? INFINITY : found - rounding;
    }
  }

  // Where every variable may be on its way back; those that move depend on `mark`.
  void ranges(const State &state, typename M::template State<Range> &out, uint64_t mark) const {
    double away[N], most[N];
    for (int i = 0; i < N; ++i) away[i] = entry(state, i) - fixed[i];
    farthest(away, most);
    Range *all = entries<Range>(out);
    const double *now = reinterpret_cast<const double *>(&state);
    for (int k = 0; k < SIZE; ++k) all[k] = Range(now[k]);
    for (int i = 0; i < N; ++i) all[M::moving[i]] = Range(fixed[i] - most[i], fixed[i] + most[i], mark);
  }

private:
  static constexpr double EPSILON = 0x1p-52;
  static constexpr int POWERS = 40;
  static constexpr int SIZE = sizeof(State) / sizeof(double);
  using Matrix = double[N][N];

  const double *const start;  // a State to look for the fixed point from
  bool prepared = false, usable = false;
  State at_rest{};
  double fixed[N];
  Matrix jacobian, summed;  // summed: sum of the magnitudes of the powers, about |(1 - J)**-1|
  static constexpr int WIDE = (N + PACKED - 1) / PACKED * PACKED;
  double powers[POWERS][N][WIDE];  // J**(2**j), columns first, so that a product takes many numbers at a time
  int count = 0;            // powers beyond this are zero

  template <class T> static T *entries(typename M::template State<T> &state) { return reinterpret_cast<T *>(&state); }
  static double &entry(State &state, int i) { return entries<double>(state)[M::moving[i]]; }
  static double entry(const State &state, int i) { return reinterpret_cast<const double *>(&state)[M::moving[i]]; }

  template <class T> static void move(typename M::template State<T> &state, const typename M::Shared &shared) {
    const typename M::template Late<T> late{};
    M::step_cell(state, shared, OneNormal{0}, 0);
    if constexpr (M::has_post) M::step_post(state, late, shared, OneNormal{0}, 0);
  }

  static void product(const Matrix &m, const double (&x)[N], double (&out)[N]) {
    for (int i = 0; i < N; ++i) {
      out[i] = 0.0;
      for (int k = 0; k < N; ++k) out[i] += m[i][k] * x[k];
    }
  }

  void power(int j, const double (&x)[N], double (&out)[N]) const {
    Doubles sum[WIDE / PACKED] = {};
    for (int k = 0; k < N; ++k)
      for (int p = 0; p < WIDE / PACKED; ++p) {
        Doubles column;
        std::memcpy(&column, powers[j][k] + PACKED * p, sizeof column);
        sum[p] += column * x[k];
      }
    std::memcpy(out, sum, sizeof out);
  }

  // Whatever does not move by itself (injected current, variables of the reset) decides where rest is.
  bool known_for(const State &state) const {
    if (!prepared) return false;
    const double *a = reinterpret_cast<const double *>(&state), *b = reinterpret_cast<const double *>(&at_rest);
    for (int k = 0; k < SIZE; ++k) {
      bool moves = false;
      for (const int m : M::moving) moves |= m == k;
      if (!moves && a[k] != b[k]) return false;
    }
    return true;
  }

  void prepare(const State &state, const typename M::Shared &shared) {
    prepared = true;
    at_rest = state;
    for (int i = 0; i < N; ++i) entry(at_rest, i) = start[M::moving[i]];
    usable = find_rest(shared) && find_powers();
  }

  // Newton's method on F(z) = z.
  bool find_rest(const typename M::Shared &shared) {
    double smallest = INFINITY;
    for (int round = 0; round < 60; ++round) {
      Matrix slope;
      double change[N][1], largest = 0.0;
      differentiate(shared, slope, change);
      std::memcpy(jacobian, slope, sizeof slope);
      for (int i = 0; i < N; ++i)
        for (int k = 0; k < N; ++k) slope[i][k] = (i == k) - slope[i][k];
      if (!solve(slope, change)) return false;
      for (int i = 0; i < N; ++i) {
        double &z = entry(at_rest, i);
        z += change[i][0];
        largest = std::fmax(largest, std::fabs(change[i][0]) / std::fmax(std::fabs(z), 1e-30));
        if (!std::isfinite(z)) return false;
      }
      if (largest <= 16 * EPSILON || (largest < 1e-12 && largest >= smallest)) {
        for (int i = 0; i < N; ++i) fixed[i] = entry(at_rest, i);
        differentiate(shared, jacobian, change);
        return !M::threshold(at_rest, shared);
      }
      smallest = std::fmin(smallest, largest);
    }
    return false;
  }

  // The Jacobian of the step at at_rest, and how far the step leads away from there.
  void differentiate(const typename M::Shared &shared, Matrix &slope, double (&change)[N][1]) const {
    using D = Dual<N>;
    typename M::template State<D> state;
    const double *values = reinterpret_cast<const double *>(&at_rest);
    D *all = entries<D>(state);
    for (int k = 0; k < SIZE; ++k) all[k] = D(values[k]);
    for (int i = 0; i < N; ++i) all[M::moving[i]].by[i] = 1.0;
    move<D>(state, shared);
    for (int i = 0; i < N; ++i) {
      change[i][0] = all[M::moving[i]].value - values[M::moving[i]];
      for (int k = 0; k < N; ++k) slope[i][k] = all[M::moving[i]].by[k];
    }
  }

  bool find_powers() {
    std::memset(powers, 0, sizeof powers);
    for (int i = 0; i < N; ++i)
      for (int k = 0; k < N; ++k) powers[0][k][i] = jacobian[i][k];
    for (count = 1;; ++count) {
      const auto &last = powers[count - 1];
      double norm = 0.0;
      for (const auto &row : last)
        for (const double x : row) norm = std::fmax(norm, std::fabs(x));
      if (!std::isfinite(norm) || norm > 1e12) return false;
      if (norm < 1e-40) break;
      if (count == POWERS) return false;
      for (int k = 0; k < N; ++k) {
        double column[N];
        std::memcpy(column, last[k], sizeof column);
        power(count - 1, column, column);
        std::memcpy(powers[count][k], column, sizeof column);
      }
    }
    Matrix slope;
    for (int i = 0; i < N; ++i)
      for (int k = 0; k < N; ++k) {
        slope[i][k] = (i == k) - jacobian[i][k];
        summed[i][k] = i == k;
      }
    if (!solve(slope, summed)) return false;
    for (auto &row : summed)
      for (double &x : row) x = std::fabs(x);
    return true;
  }

  // x becomes a**-1 x; Gauss with row exchanges, rows scaled, since volts and siemens differ by many powers of ten.
  template <int K> static bool solve(Matrix &a, double (&x)[N][K]) {
    for (int c = 0; c < N; ++c) {
      int best = -1;
      double most = 0.0;
      for (int r = c; r < N; ++r) {
        double size = 0.0;
        for (int k = c; k < N; ++k) size = std::fmax(size, std::fabs(a[r][k]));
        if (size > 0.0 && std::fabs(a[r][c]) / size > most) { most = std::fabs(a[r][c]) / size; best = r; }
      }
      if (best < 0) return false;
      for (int k = 0; k < N; ++k) std::swap(a[c][k], a[best][k]);
      for (int k = 0; k < K; ++k) std::swap(x[c][k], x[best][k]);
      for (int r = 0; r < N; ++r) {
        if (r == c) continue;
        const double factor = a[r][c] / a[c][c];
        for (int k = c; k < N; ++k) a[r][k] -= factor * a[c][k];
        for (int k = 0; k < K; ++k) x[r][k] -= factor * x[c][k];
      }
    }
    for (int r = 0; r < N; ++r)
      for (int k = 0; k < K; ++k) x[r][k] /= a[r][r];
    return true;
  }

  // The farthest from rest that each variable comes on its way: looked at in every step up to the 15th, then in eight steps
  // of each octave, with a tenth added for what lies between.
  void farthest(const double (&away)[N], double (&most)[N]) const {
    double here[N];
    std::memcpy(here, away, sizeof here);
    for (int i = 0; i < N; ++i) most[i] = std::fabs(away[i]);
    for (int m = 1; m < 16; ++m) go_on(0, here, most);
    for (int j = 1; j + 3 < count; ++j) {
      std::memcpy(here, away, sizeof here);
      go_on(j + 3, here, most);
      for (int m = 9; m < 16; ++m) go_on(j, here, most);
    }
    for (double &x : most) x *= 1.1;
  }
  void go_on(int j, double (&here)[N], double (&most)[N]) const {
    double next[N];
    power(j, here, next);
    for (int i = 0; i < N; ++i) {
      here[i] = next[i];
      if (std::fabs(next[i]) > most[i]) most[i] = std::fabs(next[i]);
    }
  }

  // Whether v could reach the threshold on the way, with the other variables as they are now or as at rest.
  bool may_fire(const State &state, const double (&most)[N], const typename M::Shared &shared) const {
    State now = state, rest = at_rest;
    now.cell.v_ = rest.cell.v_ = fixed[0] + most[0];
    return M::threshold(now, shared) || M::threshold(rest, shared);
  }
};
