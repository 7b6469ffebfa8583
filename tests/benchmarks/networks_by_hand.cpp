// Two populations of conductance-based integrate-and-fire cells that reach each other, written by hand for two rules: the yardstick of
// the benchmarks of networks. Presynaptic rows hold targets and weights, postsynaptic columns the places of their synapses; traces are
// kept by cell, relative to the beginning of an epoch; a projection without plasticity has one number for all of its synapses.
#if defined(__AVX512F__) && !defined(__clang__)
#pragma GCC target("prefer-vector-width=512")
#endif
#include "numbers.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__clang__)
#define SIDE_BY_SIDE _Pragma("clang loop vectorize(assume_safety)")
#else
#define SIDE_BY_SIDE _Pragma("GCC ivdep")
#endif

struct Synapses {                                      // from one population to another
  int64_t pre, post, plastic, inhibitory;
  double efficacy;                                     // where nothing changes it
  const int64_t *first;                                // by source, and one beyond
  const int32_t *target;
  const int64_t *column;                               // of plastic ones: by cell, and one beyond
  const int32_t *edge, *source;
  void *w;
};

struct Given {
  int64_t cells[2], steps, delay, refractory, epoch;   // times in steps
  double dt, g_L, C, E_L, V_th, V_r, unit, E_e, E_i, tau_e, tau_i, mean_e, mean_i;  // mean over a step of what decays, by its start
  const double *current[2], *rule;                     // of the rule: what pre and post spikes add, factor, low, high
  const void *of_pre, *of_post;                        // exp(s*t) and then exp(-s*t) by step of the epoch, one beyond included
  const Synapses *synapses;
  int64_t projections;
  int64_t *counts[2];
};

namespace {

struct Scalar {                                        // one cell after the other
  template <class T> static T exp(T x) { return std::exp(x); }
};
struct Vector {                                        // several cells at once
  template <class T> static T exp(T x) { return Functions<T>::exp(x); }
};

template <class T> struct Numbers {
  T decay_e, decay_i, mean_e, mean_i, minus_g_L, of_C, rest, E_e, E_i, dt, V_th;
  explicit Numbers(const Given &g)
      : decay_e(T(std::exp(-1.0 / g.tau_e * g.dt))), decay_i(T(std::exp(-1.0 / g.tau_i * g.dt))),
        mean_e(T(g.mean_e)), mean_i(T(g.mean_i)), minus_g_L(T(-g.g_L)),
        of_C(T(1.0 / g.C)), rest(T(g.g_L * g.E_L)), E_e(T(g.E_e)), E_i(T(g.E_i)), dt(T(g.dt)), V_th(T(g.V_th)) {}
};

template <class T, class Math> struct Cells {
  int64_t count, past;
  std::vector<T> v, g_e, g_i, held, current, trace;
  std::vector<uint8_t> on;
  std::vector<int32_t> fired;                          // [step modulo past][place]
  std::vector<int64_t> fired_count;

  Cells(const Given &given, int which)
      : count(given.cells[which]), past(given.delay + 1), v(count, T(given.E_L)), g_e(count), g_i(count), held(count),
        current(given.current[which], given.current[which] + count), trace(count), on(count + 8), fired(past * count), fired_count(past) {}
  const int32_t *begin(int64_t step) const { return fired.data() + step % past * count; }
  const int32_t *end(int64_t step) const { return begin(step) + fired_count[step % past]; }

  void step(const Numbers<T> u, int64_t now) {
    T *__restrict const v_at = v.data(), *__restrict const e_at = g_e.data(), *__restrict const i_at = g_i.data();
    T *__restrict const held_at = held.data();
    const T *__restrict const current_at = current.data();
    uint8_t *__restrict const on_at = on.data();
    SIDE_BY_SIDE
    for (int64_t c = 0; c < count; ++c) {
      const T e = e_at[c], i = i_at[c], before = v_at[c], left = held_at[c];
      const T mean_e = u.mean_e * e, mean_i = u.mean_i * i;
      const T slope = (u.minus_g_L - (mean_e + mean_i)) * u.of_C;
      const T ratio = (u.rest + (mean_e * u.E_e + mean_i * u.E_i) + current_at[c]) * u.of_C * (T(1) / slope);
      const T moved = (before + ratio) * Math::exp(slope * u.dt) - ratio;
      v_at[c] = left > T(0) ? before : moved;
      e_at[c] = e * u.decay_e;
      i_at[c] = i * u.decay_i;
      held_at[c] = left - (left > T(0) ? T(1) : T(0));
      on_at[c] = left > T(0) ? 0 : moved > u.V_th ? 1 : 0;
    }
    int32_t *const to = fired.data() + now % past * count;
    int64_t number = 0;
    for (int64_t c = 0; c < count; c += 8) {           // eight flags at a time
      uint64_t eight;
      std::memcpy(&eight, on_at + c, 8);
      for (; eight; eight &= eight - 1) to[number++] = int32_t(c + __builtin_ctzll(eight) / 8);
    }
    fired_count[now % past] = number;
  }
};

template <class T, class Math> struct Program {
  const Given &given;
  Cells<T, Math> cells[2];
  T pre_scale, pre_minus, post_scale, low, high;
  const T *F_pre, *G_pre, *F_post, *G_post;

  explicit Program(const Given &g)
      : given(g), cells{Cells<T, Math>(g, 0), Cells<T, Math>(g, 1)}, pre_scale(T(g.rule[0])), pre_minus(T(g.rule[1])),
        post_scale(T(g.rule[2])), low(T(g.rule[3])), high(T(g.rule[4])), F_pre(static_cast<const T *>(g.of_pre)),
        G_pre(F_pre + g.epoch + 1), F_post(static_cast<const T *>(g.of_post)), G_post(F_post + g.epoch + 1) {}

  void run() {
    const Numbers<T> numbers(given);
    const T reset = T(given.V_r), hold = T(given.refractory - 1);
    for (int64_t now = 0; now < given.steps; ++now) {
      for (Cells<T, Math> &of : cells) of.step(numbers, now);
      for (int64_t n = 0; n < given.projections; ++n) {
        const Synapses &of = given.synapses[n];
        if (of.plastic) learn(of, now);
        else send(of, now);
      }
      for (int which = 0; which < 2; ++which) {
        Cells<T, Math> &of = cells[which];
        for (const int32_t *c = of.begin(now); c < of.end(now); ++c)
          of.v[*c] = reset, of.held[*c] = hold, ++given.counts[which][*c];
      }
    }
  }
  T *raised(const Synapses &of) { return (of.inhibitory ? cells[of.post].g_i : cells[of.post].g_e).data(); }

  void send(const Synapses &of, int64_t now) {
    if (now < given.delay) return;
    const Cells<T, Math> &pre = cells[of.pre];
    T *__restrict const g = raised(of);
    const T by = T(given.unit) * T(of.efficacy);
    for (const int32_t *i = pre.begin(now - given.delay); i < pre.end(now - given.delay); ++i) {
      if (i + 1 < pre.end(now - given.delay)) __builtin_prefetch(of.target + of.first[i[1]]);
      for (int64_t e = of.first[*i]; e < of.first[*i + 1]; ++e) g[of.target[e]] += by;
    }
  }
  void learn(const Synapses &of, int64_t now) {
    T *__restrict const w = static_cast<T *>(of.w), *__restrict const x = trace_of_pre.data(), *__restrict const y = cells[of.post].trace.data();
    T *__restrict const g = raised(of);
    const int64_t at = now % given.epoch;
    if (at == 0 && now > 0) {
      for (T &trace : trace_of_pre) trace *= F_pre[given.epoch];
      for (T &trace : cells[of.post].trace) trace *= F_post[given.epoch];
    }
    const T unit = T(given.unit), scale = pre_scale, minus = pre_minus, up = post_scale, least = low, most = high;
    const T x_now = F_pre[at], y_now = F_post[at];
    if (now >= given.delay) {
      const Cells<T, Math> &pre = cells[of.pre];
      for (const int32_t *i = pre.begin(now - given.delay); i < pre.end(now - given.delay); ++i) {
        if (i + 1 < pre.end(now - given.delay)) __builtin_prefetch(of.target + of.first[i[1]]), __builtin_prefetch(w + of.first[i[1]], 1);
        for (int64_t e = of.first[*i]; e < of.first[*i + 1]; ++e) {
          const int32_t c = of.target[e];
          g[c] += unit * w[e];
          w[e] = Functions<T>::within(w[e] + scale * (y[c] * y_now - minus), least, most);
        }
        x[*i] = (x[*i] * x_now + T(1)) * G_pre[at];
      }
    }
    const Cells<T, Math> &post = cells[of.post];
    for (const int32_t *c = post.begin(now); c < post.end(now); ++c) {
      SIDE_BY_SIDE
      for (int64_t n = of.column[*c]; n < of.column[*c + 1]; ++n) {
        const int32_t e = of.edge[n];
        w[e] = Functions<T>::within(w[e] + up * (x[of.source[n]] * x_now), least, most);
      }
      y[*c] = (y[*c] * y_now + T(1)) * G_post[at];
    }
  }
  std::vector<T> trace_of_pre = std::vector<T>(size_t(given.cells[0] + given.cells[1]));
};

template <class T, class Math> void run(const Given &given) { Program<T, Math>(given).run(); }

}  // namespace

extern "C" void network_by_hand(const Given *given, int64_t single, int64_t vector) {
  FlushToZero flush;
  if (single && vector) run<float, Vector>(*given);
  else if (single) run<float, Scalar>(*given);
  else if (vector) run<double, Vector>(*given);
  else run<double, Scalar>(*given);
}
