// Many steps at once: what a map x -> x + D(x) leads to after 64 u steps.
//
// D, as a function of the step's number, is taken as the polynomial through its values at eight steps, whose sums are known
// exactly. What is solved for is thus the outcome of the steps, not that of the equations, whatever the method (collocation as
// in Radau's methods, with sums in place of integrals: what decays within few steps stays stable). Newton's method takes the
// derivative from the code of the step itself.
#pragma once

#include "range.hpp"

#include <type_traits>
#include <utility>

class Collocation {
public:
  static constexpr int S = 8, GRID = 64;
  static constexpr int NODES[S + 1] = {0, 1, 7, 17, 29, 41, 52, 60, 64};  // Radau's, in u steps; the first is where it starts

  explicit Collocation(int64_t unit) : unit(unit) {
    double power = 0.5 * GRID * double(unit);
    for (int i = 0; i < S; ++i)
      for (int j = 0; j < S; ++j) sum[i][j] = power * sums.of[0][i][j] - 0.5 * sums.of[1][i][j];
    for (int r = 2; r < Sums::COUNT; ++r) {
      power = r == 2 ? 1.0 / power : power / (0.25 * GRID * GRID * double(unit) * double(unit));
      for (int i = 0; i < S; ++i)
        for (int j = 0; j < S; ++j) sum[i][j] += power * sums.of[r][i][j];
    }
  }

  int64_t steps(int node) const { return NODES[node] * unit; }

  // Solve for G variables that read each other. `x` comes with their values at the start in row 0 and a guess at the nodes, and
  // leaves with the values there; `evaluate` gives at a node D, less what the guess itself changes in a step, and at first its derivatives.
  // The better the guess, the less is left for the polynomial. Returns the error of what is found over what is allowed, infinite
  // where nothing is.
  template <int G, class Evaluate> double solve(double (&x)[S + 1][G], bool affine, Evaluate evaluate) const {
    double D[S][G], slope[S][G][G], left[S * G], size[G], first[G], guess[S + 1][G];
    std::memcpy(guess, x, sizeof guess);
    evaluate(std::false_type(), 0, x[0], first, slope[0]);
    for (int g = 0; g < G; ++g) size[g] = std::fabs(x[0][g]);
    Factors<S * G> factors;  // of the first round; what it leaves over is small where the guess is good
    bool near = false;
    for (int round = 0; !near; ++round) {
      if (round == ROUNDS) return INFINITY;
      for (int j = 0; j < S; ++j) {
        if (round == 0) evaluate(std::true_type(), j + 1, x[j + 1], D[j], slope[j]);
        else evaluate(std::false_type(), j + 1, x[j + 1], D[j], slope[j]);
      }
      for (int n = 0; n < S; ++n)
        for (int g = 0; g < G; ++g) {
          double &r = left[n * G + g] = guess[n + 1][g] - x[n + 1][g];
          for (int j = 0; j < S; ++j) r += sum[n][j] * D[j][g];
        }
      if (round == 0 && !factorise<G>(slope, factors)) return INFINITY;
      improve<G>(factors, left);
      near = true;
      for (int j = 0; j < S; ++j)
        for (int g = 0; g < G; ++g) {
          x[j + 1][g] += left[j * G + g];
          for (int h = 0; h < G; ++h) D[j][g] += slope[j][g][h] * left[j * G + h];
          size[g] = std::fmax(size[g], std::fabs(x[j + 1][g]));
        }
      if (round == 0) add_what_follows<G>(slope, size);
      for (int n = 0; n < S * G; ++n) near &= affine || std::fabs(left[n]) <= CLOSE * size[n % G];
    }
    double worst = 0.0;
    for (int g = 0; g < G; ++g) {
      double error = -first[g];
      for (int j = 0; j < S; ++j) error += sums.first[j] * D[j][g];
      error = std::fabs(error) - 8 * EPSILON * size[g];  // D is a difference of rounded numbers
      const double over = size[g] > 0.0 ? error * PART * GRID * double(unit) / (TOLERANCE * size[g]) : error;
      if (!(over <= worst)) worst = std::isnan(over) ? INFINITY : over;
    }
    return worst;
  }

  // Between what all numbers of a struct lie, with a tenth added for what lies between the nodes.
  template <class From, class To> static void enclose(const From (&nodes)[S + 1], To &out, uint64_t mark) {
    Range *all = reinterpret_cast<Range *>(&out);
    for (size_t n = 0; n < sizeof(From) / sizeof(double); ++n) {
      double low = INFINITY, high = -INFINITY;
      for (const From &node : nodes) {
        const double value = reinterpret_cast<const double *>(&node)[n];
        low = std::fmin(low, value);
        high = std::fmax(high, value);
      }
      const double margin = 0.1 * (high - low);
      all[n] = Range(low - margin, high + margin, mark);
    }
  }

private:
  static constexpr int ROUNDS = 8;             // of Newton's method
  static constexpr double EPSILON = 0x1p-52;
  static constexpr double CLOSE = 1e-10;       // what a round changes when it is the last, of a variable's size
  static constexpr double TOLERANCE = 3e-11;   // of a variable's size, at any of the nodes
  static constexpr double PART = 0.033;        // error of the sums over (steps times error of D at the start), at most

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
  static const Sums sums;

  const int64_t unit;
  double sum[S][S];  // of D over the steps before each node, by the values of D at the nodes

  // To the size of each variable, what it would be if it followed the others of its group: at rest it may be next to nothing, the
  // difference of what is rounded.
  template <int G> static void add_what_follows(const double (&slope)[S][G][G], double (&size)[G]) {
    double more[G] = {};
    for (int j = 0; j < S; ++j)
      for (int g = 0; g < G; ++g) {
        double follows = 0.0;
        for (int h = 0; h < G; ++h)
          if (h != g && slope[j][g][g] != 0.0) follows += std::fabs(slope[j][g][h] / slope[j][g][g]) * size[h];
        more[g] = std::fmax(more[g], follows);
      }
    for (int g = 0; g < G; ++g) size[g] += more[g];
  }

  template <int N> struct Factors { double a[N][N]; int rows[N]; };

  // 1 - sum slope as a product of two triangles, with exchanges of rows.
  template <int G> bool factorise(const double (&slope)[S][G][G], Factors<S * G> &f) const {
    constexpr int N = S * G;
    for (int n = 0; n < N; ++n)
      for (int j = 0; j < N; ++j) f.a[n][j] = (n == j) - sum[n / G][j / G] * slope[j / G][n % G][j % G];
    for (int c = 0; c < N; ++c) {
      int best = c;
      for (int r = c + 1; r < N; ++r)
        if (std::fabs(f.a[r][c]) > std::fabs(f.a[best][c])) best = r;
      if (!(std::fabs(f.a[best][c]) > 0.0)) return false;
      f.rows[c] = best;
      if (best != c) std::swap(f.a[c], f.a[best]);
      const double inverse = 1.0 / f.a[c][c];
      for (int r = c + 1; r < N; ++r) {
        const double factor = f.a[r][c] *= inverse;
        for (int n = c + 1; n < N; ++n) f.a[r][n] -= factor * f.a[c][n];
      }
      f.a[c][c] = inverse;
    }
    return true;
  }

  // Newton's step: x becomes (1 - sum slope)**-1 x.
  template <int G> static void improve(const Factors<S * G> &f, double (&x)[S * G]) {
    constexpr int N = S * G;
    for (int c = 0; c < N; ++c) std::swap(x[c], x[f.rows[c]]);
    for (int c = 0; c < N; ++c)
      for (int r = c + 1; r < N; ++r) x[r] -= f.a[r][c] * x[c];
    for (int r = N - 1; r >= 0; --r) {
      for (int n = r + 1; n < N; ++n) x[r] -= f.a[r][n] * x[n];
      x[r] *= f.a[r][r];
    }
  }
};
inline const Collocation::Sums Collocation::sums{};
