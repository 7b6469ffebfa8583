// Synapses that are stepped on the clock, over stretches in which no spike arrives and nothing random moves them.
//
// Such a stretch is computed if, over all of it, every variable either decays by itself, or stands still, or moves by
// itself alone. What is computed is the outcome of the steps, not that of the equations: a decay takes the power of the
// step's own factor, and the flow of a single variable is that of the equation which the method really solves: for
// Euler's dx/dt = f - (dt/2) f f' + dt**2 (f f'**2/3 + f**2 f''/12), the modified equation of backward error analysis.
#pragma once

#include "jets.hpp"
#include "range.hpp"

template <class M> class Glide {
public:
  static constexpr int N = M::stepped_count;
  static constexpr int64_t WORTHWHILE = 64;
  static constexpr uint64_t OUTSIDE = uint64_t(1) << 63;  // the cell, [post] and their past
  using Synapse = typename M::Synapse;
  using Shared = typename M::Shared;

  struct Around {  // what a synapse sees of the rest over the stretch
    typename M::template State<Range> state{};
    typename M::template Late<Range> late{};
  };

  // Whether the cell and [post], anywhere within `around`, leave the synapse alone.
  static bool left_alone(const Synapse &s, int64_t steps, const Around &around, const Shared &k) {
    Motion motion;
    if (!motion.find(s, steps, around, k) || motion.noise.on & OUTSIDE) return false;
    for (int i = 0; i < N; ++i)
      if (!M::linear[i] && motion.slope[i].on & OUTSIDE) return false;
    return true;
  }

  // Carry the synapse over the stretch; false, with the synapse as it was, where that has to be stepped.
  static bool advance(Synapse &s, int64_t steps, const Around &around, const Shared &k) {
    if constexpr (!M::can_glide) return false;
    Motion motion;
    if (!motion.find(s, steps, around, k) || !motion.possible()) return false;
    for (int i = 0; i < N; ++i)
      if (motion.flows(i) && !flow(s, i, steps, k, motion.end[i])) return false;
    for (int i = 0; i < N; ++i) M::variable(s, i) = motion.end[i];
    return true;
  }

  // Many synapses at once, where the flow of each takes a single piece; false, with all as they were, where that is not so.
  static bool advance_pack(Synapse *synapses, int64_t steps, const Around &around, const Shared &k) {
    if constexpr (!M::can_glide) return false;
    Motion motion[PACKED];
    Variables pack;
    for (int n = 0; n < PACKED; ++n) {
      if (!motion[n].find(synapses[n], steps, around, k) || !motion[n].possible()) return false;
      for (int i = 0; i < N; ++i)
        if (motion[n].flows(i) != motion[0].flows(i)) return false;
      put(pack, n, synapses[n]);
    }
    for (int i = 0; i < N; ++i)
      if (motion[0].flows(i)) {
        Variables after = pack;
        Pack &x = M::variable(after, i);
        const Mask computed = piece_of_pack(pack, i, k, k.dt * double(steps), x);
        const Pack end = x;
        M::hold_weight(after, k);
        if (!(computed && x == end).all()) return false;
        for (int n = 0; n < PACKED; ++n) motion[n].end[i] = end.of[n];
      }
    for (int n = 0; n < PACKED; ++n)
      for (int i = 0; i < N; ++i) M::variable(synapses[n], i) = motion[n].end[i];
    return true;
  }

  // One of many.
  using Variables = typename M::template Variables<Pack>;
  static void put(Variables &pack, int n, const Synapse &s) {
    for (int i = 0; i < VARIABLES; ++i) reinterpret_cast<Pack *>(&pack)[i].of[n] = reinterpret_cast<const double *>(&s)[i];
  }
  static void take(const Variables &pack, int n, Synapse &s) {
    for (int i = 0; i < VARIABLES; ++i) reinterpret_cast<double *>(&s)[i] = reinterpret_cast<const Pack *>(&pack)[i].of[n];
  }

private:
  static constexpr int VARIABLES = sizeof(typename M::template Variables<double>) / sizeof(double);
  static constexpr double EPSILON = 0x1p-52;
  static constexpr int MOST_PIECES = 4096;

  struct Motion {
    double end[N > 0 ? N : 1];
    Range slope[N > 0 ? N : 1];
    Range noise;

    // Whether, with the cell and [post] left out, every variable decays, stands still or moves by itself alone.
    bool possible() const {
      for (int i = 0; i < N; ++i)
        if (flows(i) && (!M::smooth[i] || slope[i].on & ~(uint64_t(1) << i | KINK))) return false;
      return noise.zero();
    }
    bool flows(int i) const { return !M::linear[i] && !slope[i].zero(); }

    // Where decaying variables end, and the range of all slopes with those on their way and the others anywhere.
    bool find(const Synapse &s, int64_t steps, const Around &around, const Shared &k) {
      typename M::template Variables<Range> ranges;
      M::copy(s, ranges);
      for (int i = 0; i < N; ++i) {
        const double x = M::variable(s, i);
        const uint64_t bit = uint64_t(1) << i;
        end[i] = x;
        if (!M::linear[i]) {
          M::variable(ranges, i) = Range(-INFINITY, INFINITY, bit);
          continue;
        }
        double a, b;
        M::line(i, k, a, b);
        const double growth = M::growth(a * k.dt);
        if (!(growth <= 0.0)) return false;
        end[i] = a == 0.0 ? x + b * (k.dt * double(steps)) : (x + b / a) * std::exp(growth * double(steps)) - b / a;
        M::variable(ranges, i) = Range(std::min(x, end[i]), std::max(x, end[i]), bit);
      }
      for (int i = 0; i < N; ++i) slope[i] = M::slope(i, ranges, around.state, around.late, k);
      noise = M::noise(ranges, around.state, around.late, k);
      return true;
    }
  };

  // One variable that moves by itself alone: the flow of the equation that the method solves, by its Taylor series in time.
  static bool flow(const Synapse &s, int i, int64_t steps, const Shared &k, double &x) {
    double end = x, left = k.dt * double(steps);
    for (int pieces = 0; left > 0.0; ++pieces) {
      if (pieces == MOST_PIECES) return false;
      Outcome found = piece<6>(s, i, k, end, left, true);  // enough for most pauses between spikes
      if (found == SHORTER) found = piece<10>(s, i, k, end, left, false);
      if (found == REST) break;
      if (found == IMPOSSIBLE) return false;
    }
    Synapse after = s;
    M::variable(after, i) = end;
    M::hold_weight(after, k);
    if (M::variable(after, i) != end) return false;  // a limit was reached on the way
    x = end;
    return true;
  }

  enum Outcome { MOVED, REST, SHORTER, IMPOSSIBLE };

  // As far as a series of n terms leads: the whole of what is left, or nothing of it, if `whole`.
  template <int n> static Outcome piece(const Synapse &s, int i, const Shared &k, double &x, double &left, bool whole) {
    const Jet<n> f = slope_at<Jet<n>>(s, i, x, k);
    const double change = std::fabs(f.c[0]) * left, rounding = EPSILON * std::fabs(x);
    if (f.c[1] <= 0.0 && change <= rounding) return REST;
    if (!(neglected(f.c[1], k.dt) * change < 1e-14)) return IMPOSSIBLE;
    double terms[n + 2], h = left;
    const double size = find_terms(solved(f, k.dt), h, terms), tolerance = 8.0 * (rounding + EPSILON * change);
    if (!(size <= tolerance)) h *= 0.9 * std::pow(tolerance / size, 1.0 / (n + 1));  // until the last terms are below the tolerance
    if (whole && h != left) return SHORTER;
    if (!(h > 0.0)) return IMPOSSIBLE;
    x += sum(terms, h);
    left -= h;
    return MOVED;
  }

  // The same for many, with six terms, over the time h; says of which that is enough, or which rest.
  static Mask piece_of_pack(const Variables &s, int i, const Shared &k, double h, Pack &x) {
    const auto f = slope_at<Jet<6, Pack>>(s, i, x, k);
    const Pack change = magnitude(f.c[0]) * h, rounding = EPSILON * magnitude(x);
    const Mask rests = f.c[1] <= 0.0 && change <= rounding;
    Pack terms[8];
    const Pack size = find_terms(solved(f, k.dt), h, terms);
    x = chosen(rests, x, x + sum(terms, h));
    return rests || (neglected(f.c[1], k.dt) * change < 1e-14 && size <= 8.0 * (rounding + EPSILON * change));
  }

  // The powers of dt that what is left out of the equation has, times the slope's own.
  template <class R> static R neglected(R slope, double dt) { return whole_power(dt * magnitude(slope), M::order == 1 ? 3 : M::order); }

  // The terms of dx/dt = f by powers of time, and how large the last are after the time h.
  template <class Series, class R, int size> static R find_terms(const Series &f, double h, R (&terms)[size]) {
    constexpr int last = size - 1;
    double factor = 1.0;
    Series derivative = f;  // of x by time, as a function of x; of its coefficients, those that a later term needs
    for (int m = 1; m <= last; ++m) {
      factor /= m;
      terms[m] = factor * derivative.c[0];
      derivative = product(f, derivative.derivative(), last - m);
    }
    // A term may vanish by chance, so that the one before it is asked too.
    return larger(magnitude(terms[last]) * h, 1e-2 * magnitude(terms[last - 1])) * whole_power(h, last - 1);
  }
  template <class R, int size> static R sum(const R (&terms)[size], double h) {
    R sum = 0.0;
    for (int m = size - 1; m > 0; --m) sum = h * (terms[m] + sum);
    return sum;
  }

  template <class R> static R whole_power(R x, int n) { return n > 1 ? x * whole_power(x, n - 1) : x; }

  // The right-hand side of the equation whose exact solution Euler's steps follow (up to dt**2); other methods' own.
  template <class Series> static Series solved(const Series &f, double dt) {
    if (M::order > 1) return f;
    const Series slope = f.derivative();
    return f * (1.0 - 0.5 * dt * slope + dt * dt * (slope * slope / 3.0 + f * slope.derivative() / 12.0));
  }

  template <class Series, class S, class R> static Series slope_at(const S &s, int i, R x, const Shared &k) {
    typename M::template Variables<Series> variables;
    M::copy(s, variables);
    M::variable(variables, i) = Series(x);
    M::variable(variables, i).c[1] = 1.0;
    return M::slope(i, variables, typename M::template State<Series>{}, typename M::template Late<Series>{}, k);
  }
};
