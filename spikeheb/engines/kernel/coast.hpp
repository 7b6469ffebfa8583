// Synapses that are moved by a cell on its way to rest: carried over many steps at once.
//
// A step leads from x to x + D(x). Over 64 u steps D, as a function of the step's number, is taken as the polynomial through its
// values at eight steps, whose sums are known exactly. What is solved for is thus the outcome of the steps, not that of the
// equations, whatever the method (collocation as in Radau's methods, with sums in place of integrals: what decays within few
// steps stays stable). Each variable reads only those before it, so that they are solved one after the other, by Newton's
// method with the derivative of the code of the step itself.
#pragma once

#include "exponential.hpp"
#include "range.hpp"

#include <utility>

template <class M> class Coast {
public:
  static constexpr int S = 8, GRID = 64;
  static constexpr int NODES[S + 1] = {0, 1, 7, 17, 29, 41, 52, 60, 64};  // Radau's, in u steps; the first is where it starts
  using Variables = typename M::template Variables<double>;
  using Shared = typename M::Shared;
  using State = typename M::template State<double>;

  Coast(const Shared &k, const State (&around)[S + 1], int64_t unit) : k(k), around(around), unit(unit) {
    double power = 0.5 * GRID * double(unit);
    for (int i = 0; i < S; ++i)
      for (int j = 0; j < S; ++j) sum[i][j] = power * sums.of[0][i][j] - 0.5 * sums.of[1][i][j];
    for (int r = 2; r < Sums::COUNT; ++r) {
      power = r == 2 ? 1.0 / power : power / (0.25 * GRID * GRID * double(unit) * double(unit));
      for (int i = 0; i < S; ++i)
        for (int j = 0; j < S; ++j) sum[i][j] += power * sums.of[r][i][j];
    }
  }

  // Carry the synapse to the end. Returns the error over what is allowed; where that is above 1 the synapse is as it was.
  double carry(Variables &s) {
    for (Variables &node : x) node = s;
    worst = 0.0;
    decay(std::make_integer_sequence<int, N>());
    change = x[0];
    M::move_synapse(change, around[0], late, k, OneNormal{0}, 0);
    solve_all(std::make_integer_sequence<int, N>());
    if (!(worst <= 1.0)) return std::isnan(worst) ? INFINITY : worst;
    if ((M::kinked && meets_kink()) || is_limited()) return INFINITY;
    s = x[S];
    return worst;
  }

private:
  static constexpr int N = M::stepped_count;
  static constexpr int ROUNDS = 8;             // of Newton's method
  static constexpr double EPSILON = 0x1p-52;
  static constexpr double TOLERANCE = 1e-11;   // of a variable's size, at any of the eight steps
  static constexpr double PART = 0.033;        // error of the sums over (steps times error of D at the start), at most
  const Shared &k;
  const State (&around)[S + 1];  // the cell as the synapse sees it in each of the steps
  const int64_t unit;
  const typename M::template Late<double> late{};
  double sum[S][S];              // of D over the steps before each node, by the values of D at the nodes
  Variables x[S + 1], change;    // at the nodes; after the first step
  double worst;

  // Of the polynomial through values at the nodes, by each of them: its integral from the start to each node, and the differences
  // of it and its derivatives between the two, with the factors of the formula of Euler and Maclaurin. Time runs from -1 to 1.
  struct Sums {
    static constexpr int COUNT = 6;
    double of[COUNT][S][S], first[S];  // first: the value at the start
    Sums() {
      const long double factors[COUNT] = {1, 1, 1.0L / 12, -1.0L / 720, 1.0L / 30240, -1.0L / 1209600};
      for (int j = 0; j < S; ++j) {
        long double p[S + 1] = {1};  // coefficients of the polynomial that is 1 at node j and 0 at the others
        for (int m = 0, degree = 0; m < S; ++m) {
          if (m == j) continue;
          ++degree;
          for (int d = degree; d >= 0; --d) p[d] = ((d ? p[d - 1] : 0) - at(m) * p[d]) / (at(j) - at(m));
        }
        first[j] = double(value(p, -1));
        for (int r = 0; r < COUNT; ++r) {
          if (r == 0)
            for (int d = S; d >= 0; --d) p[d] = d ? p[d - 1] / d : 0;
          else
            for (int times = r == 1 || r == 2 ? 1 : 2; times > 0; --times)
              for (int d = 0; d <= S; ++d) p[d] = d < S ? (d + 1) * p[d + 1] : 0;
          for (int i = 0; i < S; ++i) of[r][i][j] = double(factors[r] * (value(p, at(i)) - value(p, -1)));
        }
      }
    }
    static long double at(int node) { return 2.0L * NODES[node + 1] / GRID - 1; }
    static long double value(const long double (&p)[S + 1], long double t) {
      long double sum = 0;
      for (int d = S; d >= 0; --d) sum = sum * t + p[d];
      return sum;
    }
  };

  inline static const Sums sums{};

  template <int... i> void decay(std::integer_sequence<int, i...>) { (decay_one<i>(), ...); }
  template <int i> void decay_one() {
    if constexpr (M::linear[i]) {
      double a, b;
      M::line(i, k, a, b);
      const double growth = M::growth(a * k.dt), start = M::variable(x[0], i), rest = a == 0.0 ? 0.0 : b / a;
      for (int j = 1; j <= S; ++j) {
        const double steps = double(NODES[j] * unit);
        M::variable(x[j], i) = a == 0.0 ? start + b * (k.dt * steps) : (start + rest) * lanes::exp(growth * steps) - rest;
      }
    }
  }

  template <int... n> void solve_all(std::integer_sequence<int, n...>) { (solve<M::in_order[n]>(), ...); }
  template <int i> void solve() {
    if constexpr (!M::linear[i]) {
      const double start = M::variable(x[0], i), first = M::variable(change, i) - start;
      double D[S], slope[S], left[S], moved = INFINITY, size = std::fabs(start);
      for (int round = 0; !(moved <= 4 * EPSILON * size); ++round) {
        if (round == ROUNDS) { worst = INFINITY; return; }
        for (int j = 0; j < S; ++j) increment<i>(j + 1, D[j], slope[j]);
        for (int n = 0; n < S; ++n) {
          left[n] = start - M::variable(x[n + 1], i);
          for (int j = 0; j < S; ++j) left[n] += sum[n][j] * D[j];
        }
        if (!improve(slope, left)) { worst = INFINITY; return; }
        moved = 0.0;
        for (int j = 0; j < S; ++j) {
          M::variable(x[j + 1], i) += left[j];
          D[j] += slope[j] * left[j];
          moved = std::fmax(moved, std::fabs(left[j]));
          size = std::fmax(size, std::fabs(M::variable(x[j + 1], i)));
        }
        if (M::affine[i]) break;
      }
      double error = -first;
      for (int j = 0; j < S; ++j) error += sums.first[j] * D[j];
      error = std::fabs(error) - 4 * EPSILON * size;  // D is a difference of rounded numbers
      const double over = size > 0.0 ? error * PART * GRID * double(unit) / (TOLERANCE * size) : error;
      if (!(over <= worst)) worst = over;
    }
  }

  // What a step adds to variable i at a node, and its derivative by the variable.
  template <int i> void increment(int node, double &D, double &slope) const {
    typename M::template Variables<Dual<1>> s;
    M::copy(x[node], s);
    M::variable(s, i).by[0] = 1.0;
    M::move_synapse(s, around[node], late, k, OneNormal{0}, 0);
    D = M::variable(s, i).value - M::variable(x[node], i);
    slope = M::variable(s, i).by[0] - 1.0;
  }

  // Newton's step: x becomes (1 - sum slope)**-1 x.
  bool improve(const double (&slope)[S], double (&x)[S]) const {
    double a[S][S];
    for (int n = 0; n < S; ++n)
      for (int j = 0; j < S; ++j) a[n][j] = (n == j) - sum[n][j] * slope[j];
    for (int c = 0; c < S; ++c) {
      int best = c;
      for (int r = c + 1; r < S; ++r)
        if (std::fabs(a[r][c]) > std::fabs(a[best][c])) best = r;
      if (!(std::fabs(a[best][c]) > 0.0)) return false;
      if (best != c) { std::swap(a[c], a[best]); std::swap(x[c], x[best]); }
      for (int r = c + 1; r < S; ++r) {
        const double factor = a[r][c] / a[c][c];
        for (int n = c; n < S; ++n) a[r][n] -= factor * a[c][n];
        x[r] -= factor * x[c];
      }
    }
    for (int r = S - 1; r >= 0; --r) {
      for (int n = r + 1; n < S; ++n) x[r] -= a[r][n] * x[n];
      x[r] /= a[r][r];
    }
    return true;
  }

  // Whether the weight reaches one of its limits.
  bool is_limited() const {
    for (const Variables &node : x) {
      Variables limited = node;
      M::hold_weight(limited, k);
      if (std::memcmp(&limited, &node, sizeof node) != 0) return true;
    }
    return false;
  }

  // Whether a derivative has a kink or a jump anywhere between the values at the nodes, and a tenth beyond them.
  bool meets_kink() const {
    typename M::template Variables<Range> s;
    typename M::template State<Range> z;
    enclose(x, s);
    enclose(around, z);
    for (int i = 0; i < N; ++i)
      if (M::slope(i, s, z, typename M::template Late<Range>{}, k).on & KINK) return true;
    return false;
  }
  template <class From, class To> static void enclose(const From (&nodes)[S + 1], To &out) {
    Range *all = reinterpret_cast<Range *>(&out);
    for (size_t n = 0; n < sizeof(From) / sizeof(double); ++n) {
      double low = INFINITY, high = -INFINITY;
      for (const From &node : nodes) {
        const double value = reinterpret_cast<const double *>(&node)[n];
        low = std::fmin(low, value);
        high = std::fmax(high, value);
      }
      const double margin = 0.1 * (high - low);
      all[n] = Range(low - margin, high + margin, 1);
    }
  }
};
