// What every generated kernel computes with: the functions that equations may call, numbers that carry derivatives,
// exact solutions of coupled linear equations, and random numbers by counter.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

inline void sooner(int64_t &best, int64_t step) { if (step < best) best = step; }

// Subnormal numbers slow a decaying conductance several times: they count as zero while a kernel runs.
struct FlushToZero {
#if defined(__SSE2__)
  unsigned before = _mm_getcsr();
  FlushToZero() { _mm_setcsr(before | 0x8040u); }
  ~FlushToZero() { _mm_setcsr(before); }
#endif
};

// --- functions of equations ------------------------------------------------------------------------------------------

using std::exp;
using std::log;
using std::sqrt;

inline double magnitude(double x) { return std::fabs(x); }
inline double positive(double x) { return 0.5 * (x + std::fabs(x)); }
inline double chosen(bool where, double a, double b) { return where ? a : b; }
inline double truth(bool x) { return x ? 1.0 : 0.0; }
inline double power(double x, double y) { return std::pow(x, y); }
// What is not finite stays no number, so that no limit can hide it; limits that are absent are infinite.
inline double within(double x, double low, double high) {  // for what cannot be infinite
  const double raised = x < low ? low : x;
  return raised > high ? high : raised;
}
inline double limited(double x, double low, double high) { return within(x, low, high) + (x - x); }
inline double clip(double x, double low, double high) { return limited(x, low, high) + ((low - low) + (high - high)); }
inline double exprel(double x) { return x == 0.0 ? 1.0 : std::expm1(x) / x; }

template <int N, class T> inline T whole(T x) {
  if constexpr (N < 0) return 1.0 / whole<-N>(x);
  else if constexpr (N == 0) return T(1.0);
  else if constexpr (N == 1) return x;
  else if constexpr (N % 2 == 0) { T half = whole<N / 2>(x); return half * half; }
  else return x * whole<N - 1>(x);
}
template <int N, class T> inline T halves(T x) { return whole<N>(sqrt(x)); }
template <int N, class T> inline T quarters(T x) { return whole<N>(sqrt(sqrt(x))); }

// --- numbers that carry their derivatives by N variables -------------------------------------------------------------

// R is a number, or several.
template <int N, class R = double> struct Dual {
  R value;
  R by[N > 0 ? N : 1];

  Dual() : Dual(0.0) {}
  template <class X, std::enable_if_t<std::is_convertible_v<X, R>, int> = 0> Dual(X x) : value(x) { for (R &d : by) d = 0.0; }

  // f(value), whose derivative is `slope`
  Dual chain(R f, R slope) const {
    Dual r(f);
    for (int k = 0; k < N; ++k) r.by[k] = slope * by[k];
    return r;
  }
  template <class Condition> friend Dual chosen(Condition where, const Dual &a, const Dual &b) {
    Dual r(chosen(where, a.value, b.value));
    for (int k = 0; k < N; ++k) r.by[k] = chosen(where, a.by[k], b.by[k]);
    return r;
  }
  friend Dual operator+(const Dual &a, const Dual &b) {
    Dual r(a.value + b.value);
    for (int k = 0; k < N; ++k) r.by[k] = a.by[k] + b.by[k];
    return r;
  }
  friend Dual operator-(const Dual &a, const Dual &b) {
    Dual r(a.value - b.value);
    for (int k = 0; k < N; ++k) r.by[k] = a.by[k] - b.by[k];
    return r;
  }
  friend Dual operator*(const Dual &a, const Dual &b) {
    Dual r(a.value * b.value);
    for (int k = 0; k < N; ++k) r.by[k] = a.by[k] * b.value + a.value * b.by[k];
    return r;
  }
  friend Dual operator/(const Dual &a, const Dual &b) {
    Dual r(a.value / b.value);
    for (int k = 0; k < N; ++k) r.by[k] = (a.by[k] - r.value * b.by[k]) / b.value;
    return r;
  }
  friend Dual operator-(const Dual &a) { return a.chain(-a.value, -1.0); }
  friend auto operator<(const Dual &a, const Dual &b) { return a.value < b.value; }
  friend auto operator>(const Dual &a, const Dual &b) { return a.value > b.value; }
  friend auto operator<=(const Dual &a, const Dual &b) { return a.value <= b.value; }
  friend auto operator>=(const Dual &a, const Dual &b) { return a.value >= b.value; }
  friend auto operator==(const Dual &a, const Dual &b) { return a.value == b.value; }
  friend auto operator!=(const Dual &a, const Dual &b) { return a.value != b.value; }
  friend Dual exp(const Dual &a) { const R e = exp(a.value); return a.chain(e, e); }
  friend Dual log(const Dual &a) { return a.chain(log(a.value), 1.0 / a.value); }
  friend Dual sqrt(const Dual &a) { const R r = sqrt(a.value); return a.chain(r, 0.5 / r); }
  friend Dual magnitude(const Dual &a) { return chosen(a.value < 0.0, -a, a); }
  friend Dual positive(const Dual &a) { return chosen(a.value < 0.0, Dual(0.0), a); }
  friend Dual within(const Dual &a, const Dual &low, const Dual &high) { return chosen(a < low, low, chosen(a > high, high, a)); }
  friend Dual clip(const Dual &a, const Dual &low, const Dual &high) { return within(a, low, high); }
  friend Dual power(const Dual &a, const Dual &b) { return exp(b * log(a)); }
  friend Dual exprel(const Dual &a) { return chosen(a.value == 0.0, Dual(1.0) + a / 2.0, (exp(a) - 1.0) / a); }
};

// --- coupled linear equations dz/dt = A z + b, solved exactly over whole numbers of steps ----------------------------

// E[j] = exp(A h) and F[j] = (integral of exp(A s) from 0 to h) for h = 2**j steps: any number of steps is a few products.
template <int N> struct Propagator {
  static constexpr int POWERS = 42;
  double E[POWERS][N][N], F[POWERS][N][N];

  void prepare(const double (&A)[N][N], double dt) {
    double norm = 0.0;
    for (const auto &row : A) { double sum = 0.0; for (double a : row) sum += std::fabs(a); norm = std::fmax(norm, sum); }
    for (int j = 0; j < POWERS; ++j) {
      const double h = std::ldexp(dt, j);
      if (j == 0 && norm * h > 0.5) {
        int halvings = 0;
        while (norm * std::ldexp(h, -halvings) > 0.5) ++halvings;
        series(A, std::ldexp(h, -halvings), E[0], F[0]);
        for (; halvings > 0; --halvings) twice(E[0], F[0], E[0], F[0]);
      } else if (norm * h <= 0.5) series(A, h, E[j], F[j]);
      else twice(E[j - 1], F[j - 1], E[j], F[j]);
    }
  }
  void advance(double (&z)[N], const double (&b)[N], int64_t steps) const {
    for (int j = 0; steps; ++j, steps >>= 1)
      if (steps & 1) {
        double next[N];
        for (int i = 0; i < N; ++i) {
          next[i] = 0.0;
          for (int k = 0; k < N; ++k) next[i] += E[j][i][k] * z[k] + F[j][i][k] * b[k];
        }
        std::memcpy(z, next, sizeof next);
      }
  }

private:
  static void series(const double (&A)[N][N], double h, double (&e)[N][N], double (&f)[N][N]) {
    double term[N][N];  // (A h)**k / k!
    for (int i = 0; i < N; ++i)
      for (int k = 0; k < N; ++k) { term[i][k] = e[i][k] = i == k; f[i][k] = h * (i == k); }
    for (int order = 1; order < 20; ++order) {
      double next[N][N];
      for (int i = 0; i < N; ++i)
        for (int k = 0; k < N; ++k) {
          next[i][k] = 0.0;
          for (int m = 0; m < N; ++m) next[i][k] += term[i][m] * A[m][k] * h / order;
        }
      for (int i = 0; i < N; ++i)
        for (int k = 0; k < N; ++k) { term[i][k] = next[i][k]; e[i][k] += next[i][k]; f[i][k] += next[i][k] * h / (order + 1); }
    }
  }
  static void twice(const double (&e)[N][N], const double (&f)[N][N], double (&e2)[N][N], double (&f2)[N][N]) {
    double ee[N][N], ff[N][N];
    for (int i = 0; i < N; ++i)
      for (int k = 0; k < N; ++k) {
        ee[i][k] = 0.0;
        ff[i][k] = f[i][k];
        for (int m = 0; m < N; ++m) { ee[i][k] += e[i][m] * e[m][k]; ff[i][k] += e[i][m] * f[m][k]; }
      }
    std::memcpy(e2, ee, sizeof ee);
    std::memcpy(f2, ff, sizeof ff);
  }
};

// --- random numbers: a function of stream and counter, so that neither threads nor pauses change them -----------------

// Eight at a time, with the same operations as one.
typedef double Doubles __attribute__((vector_size(64)));
typedef int64_t Integers __attribute__((vector_size(64)));
typedef uint64_t Unsigned __attribute__((vector_size(64)));

// A bit for each that holds, in a byte of its own.
inline uint64_t bytes(Integers holds) {
  typedef int8_t Bytes __attribute__((vector_size(8)));
  const Bytes narrow = __builtin_convertvector(holds, Bytes) & 1;
  uint64_t word;
  std::memcpy(&word, &narrow, 8);
  return word;
}
inline int lowest_byte(uint64_t word) { return __builtin_ctzll(word) / 8; }

template <class U> inline U mix(U x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}
inline uint64_t stream(uint64_t seed, uint64_t purpose, uint64_t index) {
  return mix(mix(seed + 0x9E3779B97F4A7C15u * (purpose + 1)) + 0xD1B54A32D192ED03u * (index + 1));
}
inline double as_double(uint64_t x) { return double(x); }
inline Doubles as_double(Unsigned x) { return __builtin_convertvector(Integers(x), Doubles); }
template <class U> inline auto uniform(U stream, U counter) {  // in (0, 1)
  const U bits = mix(mix(stream + 0x9E3779B97F4A7C15u * (counter + 1)) ^ stream);
  return (as_double(bits >> 12) + 0.5) * 0x1p-52;
}

// The standard normal number whose distribution function is p (Wichura 1988, algorithm AS 241, doi 10.2307/2347330).
// The middle of the distribution, which is arithmetic alone, so that loops compute several at a time.
constexpr double MIDDLE = 0.425;
template <class R> inline R normal_of_middle(R q) {
  const R r = 0.180625 - q * q;
  return q *
         (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r + 45921.953931549871457) * r +
             13731.693765509461125) * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608) /
         (((((((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r + 21213.794301586595867) * r +
             5394.1960214247511077) * r + 687.1870074920579083) * r + 42.313330701600911252) * r + 1.0);
}
// The two parts of a tail, by the square root of the negative logarithm of what lies beyond: up to LONG, and from there.
constexpr double LONG = 5.0;
inline double normal_of_tail_near(double root) {
  const double r = root - 1.6;
  return (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r + 1.27045825245236838258) * r +
         3.64784832476320460504) * r + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734) /
         (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r + 0.14810397642748007459) * r +
         0.68976733498510000455) * r + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1.0);
}
inline double normal_of_tail_far(double root) {
  const double r = root - LONG;
  return (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r + 0.026532189526576123093) * r +
         0.29656057182850489123) * r + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772) /
         (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r +
         0.0148753612908506148525) * r + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0);
}
inline double root_of_tail(double p, double q) { return std::sqrt(-std::log(q < 0.0 ? p : 1.0 - p)); }
inline double normal_of_tail(double p, double q) {
  const double root = root_of_tail(p, q), x = root <= LONG ? normal_of_tail_near(root) : normal_of_tail_far(root);
  return q < 0.0 ? -x : x;
}
inline double normal_of(double p) {
  const double q = p - 0.5;
  return std::fabs(q) <= MIDDLE ? normal_of_middle(q) : normal_of_tail(p, q);
}
inline double normal(uint64_t stream, uint64_t counter) { return normal_of(uniform(stream, counter)); }

// The normal numbers of a stream by step: one at a time, or the same ones made in blocks for whoever takes most of them in order.
struct OneNormal {
  uint64_t stream;
  explicit OneNormal(uint64_t stream) : stream(stream) {}
  explicit OneNormal(const uint64_t (&each)[1]) : stream(each[0]) {}
  double operator()(int64_t now) const { return normal(stream, uint64_t(now)); }
};
// Of one stream, or of four or eight side by side: T is a number, or as many of them in a row.
template <class T> class ManyNormals {
public:
  static constexpr int W = sizeof(T) / sizeof(double);

  explicit ManyNormals(const uint64_t (&each)[W]) {
    for (int k = 0; k < 8; ++k) streams[k] = each[k % W], ahead[k] = k / W;
  }
  T operator()(int64_t now) {
    if (uint64_t(now - begin) >= uint64_t(BLOCK)) make(now);
    T numbers;
    std::memcpy(&numbers, made + W * (now - begin), sizeof numbers);
    return numbers;
  }

private:
  static constexpr int BLOCK = 16, N = W * BLOCK;
  Unsigned streams, ahead;
  int64_t begin = -BLOCK;
  double made[N];

  void make(int64_t now) {
    begin = now;
    if constexpr (W == 1) return make_alone(now);
    double p[N], root[N], x[N];
    int tail[N], tails = 0;
    for (int n = 0; n < N; n += 8) {
      const Doubles uniforms = uniform(streams, ahead + uint64_t(now + n / W)), q = uniforms - 0.5, middle = normal_of_middle(q);
      std::memcpy(p + n, &uniforms, sizeof uniforms);
      std::memcpy(made + n, &middle, sizeof middle);
      for (uint64_t beyond = bytes((q > MIDDLE) | (q < -MIDDLE)); beyond; beyond &= beyond - 1) tail[tails++] = n + lowest_byte(beyond);
    }
    for (int n = 0; n < tails; ++n) root[n] = root_of_tail(p[tail[n]], p[tail[n]] - 0.5);
    for (int n = 0; n < tails; ++n) x[n] = normal_of_tail_near(root[n]);
    for (int n = 0; n < tails; ++n) {
      if (root[n] > LONG) x[n] = normal_of_tail_far(root[n]);
      made[tail[n]] = p[tail[n]] < 0.5 ? -x[n] : x[n];
    }
  }
  void make_alone(int64_t now) {  // so few that nothing is gained by setting tails aside
    double p[N];
    for (int k = 0; k < N; ++k) p[k] = uniform(uint64_t(streams[0]), uint64_t(now + k));
    for (int k = 0; k < N; ++k) made[k] = normal_of_middle(p[k] - 0.5);
    for (int k = 0; k < N; ++k)
      if (const double q = p[k] - 0.5; std::fabs(q) > MIDDLE) made[k] = normal_of_tail(p[k], q);
  }
};
