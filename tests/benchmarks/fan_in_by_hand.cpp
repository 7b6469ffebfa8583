// Fan-in of Poisson inputs onto conductance-based integrate-and-fire cells, written by hand for one rule each: the
// yardstick of the benchmarks. Plain loops, traces kept by neuron, a calendar of the inputs'
// next spikes, weights stored by input (or by cell, `post_major`).
#include <cmath>
#include <cstdint>
#include <vector>

namespace {

struct Random {  // xoshiro256+ (Blackman and Vigna 2018)
  uint64_t s[4];
  explicit Random(uint64_t seed) {
    for (uint64_t &x : s) { seed += 0x9E3779B97F4A7C15u; uint64_t z = seed; z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
                            z = (z ^ (z >> 27)) * 0x94D049BB133111EBu; x = z ^ (z >> 31); }
  }
  uint64_t bits() {
    const uint64_t result = s[0] + s[3], t = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
  }
  double uniform() { return (double(bits() >> 12) + 0.5) * 0x1p-52; }
};

template <class T> T clamp(T w, T low, T high) { return w < low ? low : w > high ? high : w; }

struct Told {
  int64_t inputs, cells, steps;
  double dt, rate;
  uint64_t seed;
  double g_L, C, E_L, V_th, V_r, unit, E, tau_g;       // the cell
  const double *p;                                     // the rule
};

// Each rule: two traces a side at most, the change of w at a spike of either side, and what is added to the traces.
template <class T> struct Pair {
  T tau_x1, tau_y1, A_plus, A_minus, low, high;
  explicit Pair(const double *p) : tau_x1(p[0]), tau_y1(p[1]), A_plus(p[2]), A_minus(p[3]), low(p[4]), high(p[5]) {}
  static constexpr bool two = false;
  T tau_x2() const { return 1; }
  T tau_y2() const { return 1; }
  T pre(T w, T, T y1, T) const { return clamp<T>(w - A_minus * y1, low, high); }
  T post(T w, T x1, T, T) const { return clamp<T>(w + A_plus * x1, low, high); }
};
template <class T> struct Power {  // A*(1 - u)**mu and A*u**mu
  T tau_x1, tau_y1, A_plus, A_minus, low, high, mu_plus, mu_minus;
  explicit Power(const double *p)
      : tau_x1(p[0]), tau_y1(p[1]), A_plus(p[2]), A_minus(p[3]), low(p[4]), high(p[5]), mu_plus(p[6]), mu_minus(p[7]) {}
  static constexpr bool two = false;
  T tau_x2() const { return 1; }
  T tau_y2() const { return 1; }
  T pre(T w, T, T y1, T) const { return clamp<T>(w - std::pow((w - low) / (high - low), mu_minus) * A_minus * y1, low, high); }
  T post(T w, T x1, T, T) const { return clamp<T>(w + std::pow((high - w) / (high - low), mu_plus) * A_plus * x1, low, high); }
};
template <class T> struct Soft {  // the power law with exponents 0 and 1
  T tau_x1, tau_y1, A_plus, A_minus, low, high;
  explicit Soft(const double *p) : tau_x1(p[0]), tau_y1(p[1]), A_plus(p[2]), A_minus(p[3]), low(p[4]), high(p[5]) {}
  static constexpr bool two = false;
  T tau_x2() const { return 1; }
  T tau_y2() const { return 1; }
  T pre(T w, T, T y1, T) const { return clamp<T>(w - (w - low) / (high - low) * A_minus * y1, low, high); }
  T post(T w, T x1, T, T) const { return clamp<T>(w + A_plus * x1, low, high); }
};
template <class T> struct Triplet {
  T tau_x1, tau_y1, tau_x, tau_y, A2_plus, A3_plus, A2_minus, A3_minus, low, high;
  explicit Triplet(const double *p)
      : tau_x1(p[0]), tau_y1(p[1]), tau_x(p[2]), tau_y(p[3]), A2_plus(p[4]), A3_plus(p[5]), A2_minus(p[6]), A3_minus(p[7]), low(p[8]),
        high(p[9]) {}
  static constexpr bool two = true;
  T tau_x2() const { return tau_x; }
  T tau_y2() const { return tau_y; }
  T pre(T w, T x2, T y1, T) const { return clamp<T>(w - y1 * (A2_minus + A3_minus * x2), low, high); }
  T post(T w, T x1, T, T y2) const { return clamp<T>(w + x1 * (A2_plus + A3_plus * y2), low, high); }
};
template <class T> struct Vogels {
  T tau_x1, tau_y1, eta, alpha, low, high;
  explicit Vogels(const double *p) : tau_x1(p[0]), tau_y1(p[0]), eta(p[1]), alpha(p[2]), low(p[3]), high(p[4]) {}
  static constexpr bool two = false;
  T tau_x2() const { return 1; }
  T tau_y2() const { return 1; }
  T pre(T w, T, T y1, T) const { return clamp<T>(w + eta * (y1 - alpha), low, high); }
  T post(T w, T x1, T, T) const { return clamp<T>(w + eta * x1, low, high); }
};

// A calendar: for each of the coming steps the inputs that fire, as linked lists.
struct Calendar {
  static constexpr int64_t DAYS = 8192;
  std::vector<int32_t> head, next;
  std::vector<int64_t> due;
  Random random;
  double scale;
  Calendar(const Told &told)
      : head(DAYS, -1), next(size_t(told.inputs)), due(size_t(told.inputs)), random(told.seed), scale(-1.0 / std::log1p(-told.rate * told.dt)) {
    for (int32_t i = 0; i < told.inputs; ++i) enter(i, interval() - 1);
  }
  int64_t interval() { return 1 + int64_t(-std::log(random.uniform()) * scale); }
  void enter(int32_t i, int64_t step) {
    due[size_t(i)] = step;
    int32_t &day = head[size_t(step % DAYS)];
    next[size_t(i)] = day;
    day = i;
  }
  template <class Visit> void visit(int64_t now, Visit &&spike) {
    int32_t i = head[size_t(now % DAYS)];
    head[size_t(now % DAYS)] = -1;
    while (i >= 0) {
      const int32_t following = next[size_t(i)];
      if (due[size_t(i)] == now) { spike(i); enter(i, now + interval()); }
      else enter(i, due[size_t(i)]);  // a later year
      i = following;
    }
  }
};

template <class T, template <class> class Rule, bool post_major> int64_t run(const Told &told, double *weights) {
  const Rule<T> rule(told.p);
  const int64_t N = told.inputs, M = told.cells;
  const auto size = [](int64_t n) { return size_t(n); };
  std::vector<T> w(weights, weights + N * M), v(size(M), T(told.V_r)), g(size(M)), x1(size(N)), x2(size(N)), y1(size(M)), y2(size(M)),
      y1_now(size(M));
  std::vector<int64_t> since_x(size(N)), since_y(size(M));
  Calendar calendar(told);
  const T dt = T(told.dt), leak = T(told.g_L), per_C = T(1 / told.C), E_L = T(told.E_L), E = T(told.E), per_tau = T(1 / told.tau_g),
          unit = T(told.unit), V_th = T(told.V_th), V_r = T(told.V_r);
  // y decays at every step, since all of them are read at every presynaptic spike
  const T keep_y1 = std::exp(-dt / rule.tau_y1), keep_y2 = std::exp(-dt / rule.tau_y2());
  // x too where many cells read it, else it is brought to now at events
  const bool every_step = M >= 16;
  const T keep_x1 = std::exp(-dt / rule.tau_x1), keep_x2 = std::exp(-dt / rule.tau_x2());
  int64_t spikes = 0;
  std::vector<int32_t> fired;
  for (int64_t now = 0; now < told.steps; ++now) {
    fired.clear();
    for (int64_t c = 0; c < M; ++c) {
      const T before = v[size(c)];
      v[size(c)] = before + dt * ((leak * (E_L - before) + g[size(c)] * (E - before)) * per_C);
      g[size(c)] -= dt * g[size(c)] * per_tau;
      y1[size(c)] *= keep_y1;
      if (Rule<T>::two) y2[size(c)] *= keep_y2;
    }
    if (every_step)
      for (int64_t i = 0; i < N; ++i) {
        x1[size(i)] *= keep_x1;
        if (Rule<T>::two) x2[size(i)] *= keep_x2;
      }
    for (int64_t c = 0; c < M; ++c)
      if (v[size(c)] > V_th) fired.push_back(int32_t(c));
    calendar.visit(now, [&](int32_t i) {
      const T since = dt * T(now - since_x[size(i)]);
      T slow = 0;
      if (Rule<T>::two) slow = x2[size(i)] * (every_step ? T(1) : std::exp(-since / rule.tau_x2()));
      T *const row = post_major ? &w[size(i)] : &w[size(i * M)];
      for (int64_t c = 0; c < M; ++c) {
        T &weight = row[post_major ? c * N : c];
        g[size(c)] += unit * weight;
        weight = rule.pre(weight, slow, y1[size(c)], y2[size(c)]);
      }
      x1[size(i)] = x1[size(i)] * (every_step ? T(1) : std::exp(-since / rule.tau_x1)) + T(1);
      if (Rule<T>::two) x2[size(i)] = slow + T(1);
      since_x[size(i)] = now;
    });
    if (!fired.empty()) {
      for (int64_t i = 0; !every_step && i < N; ++i) {
        const T since = dt * T(now - since_x[size(i)]);
        x1[size(i)] *= std::exp(-since / rule.tau_x1);
        if (Rule<T>::two) x2[size(i)] *= std::exp(-since / rule.tau_x2());
        since_x[size(i)] = now;
      }
      for (const int32_t c : fired) {
        T *const row = post_major ? &w[size(c * N)] : &w[size(c)];
        for (int64_t i = 0; i < N; ++i) {
          T &weight = row[post_major ? i : i * M];
          weight = rule.post(weight, x1[size(i)], T(0), y2[size(c)]);
        }
        y1[size(c)] += T(1);
        y2[size(c)] += T(1);
        v[size(c)] = V_r;
        ++spikes;
      }
    }
  }
  for (int64_t k = 0; k < N * M; ++k) weights[k] = double(w[size(k)]);
  return spikes;
}

template <class T, bool post_major> int64_t choose(int64_t rule, const Told &told, double *weights) {
  switch (rule) {
    case 0: return run<T, Pair, post_major>(told, weights);
    case 1: return run<T, Triplet, post_major>(told, weights);
    case 2: return run<T, Vogels, post_major>(told, weights);
    case 3: return run<T, Power, post_major>(told, weights);
    default: return run<T, Soft, post_major>(told, weights);
  }
}

}  // namespace

extern "C" int64_t fan_in_by_hand(int64_t rule, int64_t single, int64_t post_major, const Told *told, double *weights) {
  if (single) return post_major ? choose<float, true>(rule, *told, weights) : choose<float, false>(rule, *told, weights);
  return post_major ? choose<double, true>(rule, *told, weights) : choose<double, false>(rule, *told, weights);
}
