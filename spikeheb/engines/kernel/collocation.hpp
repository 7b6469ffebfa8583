// Many steps at once: what a map x -> x + D(x) leads to after 64 u steps.
//
// D, as a function of the step's number, is taken as the polynomial through its values at eight steps, whose sums are known
// exactly. What is solved for is thus the outcome of the steps, not that of the equations, whatever the method (collocation as
// in Radau's methods, with sums in place of integrals: what decays within few steps stays stable). Newton's method takes the
// derivative from the code of the step itself.
#pragma once

#include "pack.hpp"
#include "range.hpp"

#include <type_traits>
#include <utility>

class Collocation {
public:
  static constexpr int S = PACKED, GRID = 64;  // nodes stand side by side
  static constexpr int NODES[S + 1] = {0, 1, 7, 17, 29, 41, 52, 60, 64};  // Radau's, in u steps; the first is where it starts

  explicit Collocation(int64_t unit) : unit(unit) {
    double power = 0.5 * GRID * double(unit);
    for (int j = 0; j < S; ++j) sum[j] = power * sums.of[0][j] - 0.5 * sums.of[1][j];
    for (int r = 2; r < Sums::COUNT; ++r) {
      power = r == 2 ? 1.0 / power : power / (0.25 * GRID * GRID * double(unit) * double(unit));
      for (int j = 0; j < S; ++j) sum[j] += power * sums.of[r][j];
    }
  }

  int64_t steps(int node) const { return NODES[node] * unit; }
  Pack steps() const {
    Pack steps;
    for (int j = 0; j < S; ++j) steps.of[j] = double(NODES[j + 1] * unit);
    return steps;
  }

  // Solve for G variables that read each other: `x` comes with a guess at the nodes, and leaves with the values there. `evaluate`
  // gives at all nodes D, less what the guess itself changes in a step, and at first its derivatives; `first` is D at the start.
  // The better the guess, the less is left for the polynomial. Returns the error of what is found over what is allowed, which is
  // `tolerance` of a variable's size at any of the nodes; infinite where nothing is found.
  template <int G, class Evaluate>
  double solve(const double (&start)[G], const double (&first)[G], Pack (&x)[G], bool affine, double tolerance, Evaluate evaluate) const {
    Pack D[G], slope[G][G], guess[G], left[G], change[G];
    double size[G];
    for (int g = 0; g < G; ++g) {
      guess[g] = x[g];
      size[g] = std::fabs(start[g]);
    }
    Doubles inverse[S * G][G];  // of the first round; what it leaves over is small where the guess is good
    bool near = false;
    for (int round = 0; !near; ++round) {
      if (round == ROUNDS) return INFINITY;
      if (round == 0) evaluate(std::true_type(), x, D, slope);
      else evaluate(std::false_type(), x, D, slope);
      for (int g = 0; g < G; ++g) {
        left[g] = guess[g] - x[g];
        for (int j = 0; j < S; ++j) left[g].of += sum[j] * D[g].of[j];
      }
      if (round == 0 && !invert<G>(slope, inverse)) return INFINITY;
      for (int g = 0; g < G; ++g) {
        change[g] = 0.0;
        for (int n = 0; n < S * G; ++n) change[g].of += inverse[n][g] * left[n / S].of[n % S];
      }
      for (int g = 0; g < G; ++g) {
        x[g] = x[g] + change[g];
        for (int h = 0; h < G; ++h) D[g] = D[g] + slope[g][h] * change[h];
        size[g] = std::fmax(size[g], largest(magnitude(x[g])));
      }
      if (round == 0) add_what_follows<G>(slope, size);
      near = true;
      for (int g = 0; g < G; ++g) near &= affine || (magnitude(change[g]) <= Pack(CLOSE * size[g])).all();
    }
    double worst = 0.0;
    for (int g = 0; g < G; ++g) {
      double error = -first[g];
      for (int j = 0; j < S; ++j) error += sums.first[j] * D[g].of[j];
      error = std::fabs(error) - 8 * EPSILON * size[g];  // D is a difference of rounded numbers
      const double over = size[g] > 0.0 ? error * PART * GRID * double(unit) / (tolerance * size[g]) : error;
      if (!(over <= worst)) worst = std::isnan(over) ? INFINITY : over;
    }
    return worst;
  }

  // Between what all numbers of a struct lie, from the start through the nodes, with a tenth added for what lies between.
  template <class From, class Nodes, class To> static void enclose(const From &start, const Nodes &nodes, To &out, uint64_t mark) {
    Range *all = reinterpret_cast<Range *>(&out);
    for (size_t n = 0; n < sizeof(From) / sizeof(double); ++n) {
      const double first = reinterpret_cast<const double *>(&start)[n];
      const Pack &others = reinterpret_cast<const Pack *>(&nodes)[n];
      const double low = std::min(first, -largest(-others)), high = std::max(first, largest(others)), margin = 0.1 * (high - low);
      all[n] = Range(low - margin, high + margin, mark);
    }
  }

  // The numbers of a struct at a node after the first.
  template <class Nodes, class To> static void take(const Nodes &nodes, int node, To &out) {
    for (size_t n = 0; n < sizeof(To) / sizeof(double); ++n)
      reinterpret_cast<double *>(&out)[n] = reinterpret_cast<const Pack *>(&nodes)[n].of[node];
  }

private:
  static constexpr int ROUNDS = 8;             // of Newton's method
  static constexpr double EPSILON = 0x1p-52;
  static constexpr double CLOSE = 1e-10;       // what a round changes when it is the last, of a variable's size
  static constexpr double LARGEST = 1e3;       // of a row's share in another
  static constexpr double PART = 0.033;        // error of the sums over (steps times error of D at the start), at most

  // Of the polynomial through values at the nodes, by each of them: its integral from the start to each node, and the differences
  // of it and its derivatives between the two, with the factors of the formula of Euler and Maclaurin. Time runs from -1 to 1.
  struct Sums {
    static constexpr int COUNT = 6;
    Doubles of[COUNT][S];  // by the node whose value it is; side by side for the nodes up to which it is the sum
    double first[S];       // the value at the start
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
          for (int i = 0; i < S; ++i) of[r][j][i] = double(factors[r] * (value(p, at(i)) - value(p, -1)));
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
  Doubles sum[S];  // of D over the steps before each node, by the values of D at the nodes

  // To the size of each variable, what it would be if it followed the others of its group: at rest it may be next to nothing, the
  // difference of what is rounded.
  template <int G> static void add_what_follows(const Pack (&slope)[G][G], double (&size)[G]) {
    double more[G] = {};
    for (int g = 0; g < G; ++g) {
      Pack follows = 0.0;
      for (int h = 0; h < G; ++h)
        if (h != g) follows = follows + chosen(slope[g][g] != 0.0, magnitude(slope[g][h] / slope[g][g]) * size[h], 0.0);
      more[g] = largest(follows);
    }
    for (int g = 0; g < G; ++g) size[g] += more[g];
  }

  // The columns of (1 - sum slope)**-1, by Gauss and Jordan. Whatever belongs to a variable is side by side. What decays needs no
  // exchange of rows, however fast; where one would be needed nothing is found.
  template <int G> bool invert(const Pack (&slope)[G][G], Doubles (&a)[S * G][G]) const {
    constexpr int N = S * G;
    const Integers row = {0, 1, 2, 3, 4, 5, 6, 7};
    const Doubles one = Doubles{} + 1.0;
    for (int n = 0; n < N; ++n)
      for (int g = 0; g < G; ++g) a[n][g] = (row + S * g == n ? one : Doubles{}) - sum[n % S] * slope[g][n / S].of[n % S];
    Mask wild = false;
#pragma GCC unroll 8
    for (int c = 0; c < N; ++c) {
      const double pivot = a[c][c / S][c % S], inverse = 1.0 / pivot;
      wild = wild || magnitude(Pack(a[c][c / S])) > Pack(LARGEST * std::fabs(pivot));
      Doubles factor[G];
      for (int g = 0; g < G; ++g) {
        factor[g] = row + S * g == c ? Doubles{} : a[c][g];
        a[c][g] = row + S * g == c ? one : Doubles{};
      }
#pragma GCC unroll 16
      for (int n = 0; n < N; ++n) {
        const double share = a[n][c / S][c % S] * inverse;
        for (int g = 0; g < G; ++g) a[n][g] = row + S * g == c ? Doubles{} + share : a[n][g] - factor[g] * share;
      }
    }
    return !wild.any();
  }
};
inline const Collocation::Sums Collocation::sums{};
