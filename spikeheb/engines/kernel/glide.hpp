// Synapses that are stepped on the clock, over stretches in which no spike arrives and nothing random moves them.
//
// Such a stretch is computed if, over all of it, every variable either decays by itself, or stands still, or moves by
// itself alone. What is computed is the outcome of the steps, not that of the equations: a decay takes the power of the
// step's own factor, and the flow of a single variable is that of the equation which the method really solves: for
// Euler's dx/dt = f - (dt/2) f f' + dt**2 (f f'**2/3 + f**2 f''/12), the modified equation of backward error analysis.
#pragma once

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
    if (!motion.find(s, steps, around, k) || !motion.noise.zero()) return false;
    for (int i = 0; i < N; ++i) {
      if (M::linear[i] || motion.slope[i].zero()) continue;
      if (motion.slope[i].on & ~(uint64_t(1) << i)) return false;
      if (!flow(s, i, steps, k, motion.end[i])) return false;
    }
    for (int i = 0; i < N; ++i) M::variable(s, i) = motion.end[i];
    return true;
  }

private:
  struct Motion {
    double end[N > 0 ? N : 1];
    Range slope[N > 0 ? N : 1];
    Range noise;

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
      M::drift(ranges, around.state, around.late, k, slope, noise);
      return true;
    }
  };

  // One variable that moves by itself alone: the flow of the equation that the method solves, by Runge and Kutta's method.
  static bool flow(const Synapse &s, int i, int64_t steps, const Shared &k, double &x) {
    const double duration = k.dt * double(steps), apart = 1e-4 * (1.0 + std::fabs(x));
    const Slope start = slope_at(s, i, x, k), beside = slope_at(s, i, x + apart, k);
    const double bend = (beside.by - start.by) / apart, size = k.dt * std::fabs(start.by);
    const int kept = M::order == 1 ? 3 : M::order;  // powers of dt that what is left out has
    if (!(std::pow(size, kept) * std::fabs(start.value) * duration < 1e-14)) return false;
    const int pieces = 1 + int(duration * std::fabs(start.by) / 0.01);
    if (pieces > 64) return false;
    const double h = duration / pieces;
    double end = x;
    const auto speed = [&](double at) { return solved(slope_at(s, i, at, k), bend, k.dt); };
    for (int n = 0; n < pieces; ++n) {
      const double k1 = speed(end), k2 = speed(end + 0.5 * h * k1), k3 = speed(end + 0.5 * h * k2), k4 = speed(end + h * k3);
      end += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
    }
    // The slopes at the start must have told of the whole way.
    const double last = std::fabs(slope_at(s, i, end, k).by);
    if (!(std::fabs(end - x) < 0.05 * (1.0 + std::fabs(x))) || h * last > 0.05 || k.dt * last > 4.0 * size + 1e-9) return false;
    Synapse moved = s;
    M::variable(moved, i) = end;
    M::hold_weight(moved, k);
    if (M::variable(moved, i) != end) return false;  // a limit was reached on the way
    x = end;
    return true;
  }

  struct Slope { double value, by; };

  // The right-hand side of the equation whose exact solution Euler's steps follow (up to dt**2); other methods' own.
  static double solved(const Slope &f, double bend, double dt) {
    if (M::order > 1) return f.value;
    const double step = dt * f.by;
    return f.value * (1.0 - step / 2.0 + step * step / 3.0 + dt * dt * f.value * bend / 12.0);
  }

  static Slope slope_at(const Synapse &s, int i, double x, const Shared &k) {
    using D = Dual<1>;
    typename M::template Variables<D> variables;
    M::copy(s, variables);
    M::variable(variables, i) = D(x);
    M::variable(variables, i).by[0] = 1.0;
    D slope[N > 0 ? N : 1], noise;
    M::drift(variables, typename M::template State<D>{}, typename M::template Late<D>{}, k, slope, noise);
    return {slope[i].value, slope[i].by[0]};
  }
};
