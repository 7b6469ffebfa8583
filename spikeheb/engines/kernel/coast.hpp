// Cells without events, and the synapses that they move: carried over many steps at once (see collocation.hpp).
//
// A variable reads only those before it, or reads and is read by the few of its own group, so that groups are solved one after
// the other; what decays by itself takes the power of its factor in a step.
#pragma once

#include "collocation.hpp"
#include "exponential.hpp"
#include "quiet.hpp"

// x after some steps of dx/dt = a x + b, where exp(growth) is the factor of a step.
inline double decayed(double x, double a, double b, double growth, double dt, double steps) {
  return a == 0.0 ? x + b * (dt * steps) : (x + b / a) * lanes::exp(growth * steps) - b / a;
}

inline double value_of(double x) { return x; }
template <int N> double value_of(const Dual<N> &x) { return x.value; }

// The cell and [post].
template <class M> class CoastOfCell {
public:
  static constexpr int S = Collocation::S;
  using Shared = typename M::Shared;
  using State = typename M::template State<double>;
  State x[S + 1];       // at the nodes
  State around[S + 1];  // as synapses see it in each of the steps

  CoastOfCell(const Collocation &by, const Shared &k) : by(by), k(k) {}

  // Returns the error over what is allowed: above 1 where the way cannot be computed.
  double carry(const State &from, Quiet<M> &quiet) {
    guess(from, quiet);
    for (int d = 0; d < M::decaying_count; ++d) {
      double a, b;
      const double growth = M::line_of_state(M::decaying[d], k, a, b), start = at(from, M::decaying[d]);
      for (int j = 1; j <= S; ++j) at(x[j], M::decaying[d]) = decayed(start, a, b, growth, k.dt, double(by.steps(j)));
    }
    solve_all<0>(std::make_integer_sequence<int, M::groups_in_cell>());
    for (int j = 0; j <= S; ++j) M::step_cell(around[j] = x[j], k, OneNormal{0}, 0);
    solve_all<M::groups_in_cell>(std::make_integer_sequence<int, M::group_count - M::groups_in_cell>());
    for (int j = 0; j <= S; ++j) {
      around[j].post = x[j].post;
      step_post(around[j]);
    }
    return worst <= 1.0 && may_fire_or_kink() ? INFINITY : worst;
  }

private:
  const Collocation &by;
  const Shared &k;
  State ahead[S + 1];  // the guess, a step after each node
  double worst = 0.0;

  // The way near rest, where a step is nearly linear; farther away it still takes the fast part off what is solved for.
  void guess(const State &from, Quiet<M> &quiet) {
    const bool known = quiet.knows(from, k);
    for (int j = 0; j <= S; ++j) {
      x[j] = j ? x[j - 1] : from;
      if (known && j) quiet.advance(x[j], by.steps(j) - by.steps(j - 1));
      ahead[j] = x[j];
      if (known) quiet.advance(ahead[j], 1);
    }
  }

  template <class Z> static auto &at(Z &state, int place) {
    using T = std::remove_reference_t<decltype((state.I_ext))>;
    return reinterpret_cast<T *>(&state)[place];
  }
  template <class T> void step_post(typename M::template State<T> &z) const {
    const typename M::template Late<T> late{};
    if constexpr (M::has_post) M::step_post(z, late, k, OneNormal{0}, 0);
  }

  template <int from, int... g> void solve_all(std::integer_sequence<int, g...>) { (solve<from + g>(), ...); }
  template <int g> void solve() {
    if (!(worst <= 1.0)) return;
    constexpr bool in_cell = g < M::groups_in_cell;
    constexpr int begin = M::group_first[g], G = M::group_first[g + 1] - begin;
    const auto place = [](int m) { return M::group_places[begin + m]; };
    double values[S + 1][G];
    for (int j = 0; j <= S; ++j)
      for (int m = 0; m < G; ++m) values[j][m] = at(x[j], place(m));
    double guessed[S + 1][G];  // what the guess changes in a step
    for (int j = 0; j <= S; ++j)
      for (int m = 0; m < G; ++m) guessed[j][m] = at(ahead[j], place(m)) - values[j][m];
    const double error = by.solve<G>(values, M::group_affine[g], [&](auto sloping, int node, const double (&now)[G], double (&D)[G], double (&slope)[G][G]) {
      using T = std::conditional_t<sloping, Dual<G>, double>;
      typename M::template State<T> z;
      for (int n = 0; n < int(sizeof(State) / sizeof(double)); ++n) at(z, n) = T(at(x[node], n));
      for (int m = 0; m < G; ++m) {
        at(z, place(m)) = T(now[m]);
        if constexpr (sloping) at(z, place(m)).by[m] = 1.0;
      }
      if constexpr (in_cell) M::step_cell(z, k, OneNormal{0}, 0);
      else {
        for (int n = 0; n < int(sizeof z.cell / sizeof z.I_ext); ++n) at(z, n) = T(at(around[node], n));
        step_post(z);
      }
      for (int m = 0; m < G; ++m) {
        const T &after = at(z, place(m));
        D[m] = value_of(after) - now[m] - guessed[node][m];
        if constexpr (sloping)
          for (int h = 0; h < G; ++h) slope[m][h] = after.by[h] - (m == h);
      }
    });
    worst = std::fmax(worst, error);
    for (int j = 1; j <= S; ++j)
      for (int m = 0; m < G; ++m) at(x[j], place(m)) = values[j][m];
  }

  // Whether v could reach the threshold, or a derivative has a kink or a jump, anywhere between the nodes.
  bool may_fire_or_kink() const {
    typename M::template State<Range> z;
    Collocation::enclose(x, z, 1);
    for (State node : x) {
      node.cell.v_ = z.cell.v_.high;
      if (M::threshold(node, k)) return true;
    }
    M::step_cell(z, k, OneNormal{0}, 0);
    step_post(z);
    for (const int place : M::moving)
      if (at(z, place).on & KINK) return true;
    return false;
  }
};

// The stepped variables of a synapse.
template <class M> class Coast {
public:
  static constexpr int S = Collocation::S, N = M::stepped_count;
  using Variables = typename M::template Variables<double>;
  using Shared = typename M::Shared;
  using State = typename M::template State<double>;

  // Carry the synapse to the end. Returns the error over what is allowed; where that is above 1 the synapse is as it was.
  static double carry(Variables &s, const State (&around)[S + 1], const Collocation &by, const Shared &k) {
    Coast coast{around, by, k};
    for (Variables &node : coast.x) node = s;
    coast.solve_all(std::make_integer_sequence<int, N>());
    if (coast.worst <= 1.0 && (coast.meets_kink() || coast.is_limited())) return INFINITY;
    if (coast.worst <= 1.0) s = coast.x[S];
    return coast.worst;
  }

private:
  using Late = typename M::template Late<double>;
  const State (&around)[S + 1];
  const Collocation &by;
  const Shared &k;
  Variables x[S + 1];  // at the nodes
  double worst = 0.0;

  Coast(const State (&around)[S + 1], const Collocation &by, const Shared &k) : around(around), by(by), k(k) {}

  template <int... n> void solve_all(std::integer_sequence<int, n...>) { (solve<M::in_order[n]>(), ...); }
  template <int i> void solve() {
    const double start = M::variable(x[0], i);
    if constexpr (M::linear[i]) {
      double a, b;
      M::line(i, k, a, b);
      const double growth = M::growth(a * k.dt);
      for (int j = 1; j <= S; ++j) M::variable(x[j], i) = decayed(start, a, b, growth, k.dt, double(by.steps(j)));
    } else if (worst <= 1.0) {
      double values[S + 1][1];
      for (auto &value : values) value[0] = start;
      const double error = by.solve<1>(values, M::affine[i], [&](auto sloping, int node, const double (&now)[1], double (&D)[1], double (&slope)[1][1]) {
        using T = std::conditional_t<sloping, Dual<1>, double>;
        typename M::template Variables<T> s;
        M::copy(x[node], s);
        M::variable(s, i) = T(now[0]);
        if constexpr (sloping) M::variable(s, i).by[0] = 1.0;
        M::move_synapse(s, around[node], Late{}, k, OneNormal{0}, 0);
        D[0] = value_of(M::variable(s, i)) - now[0];
        if constexpr (sloping) slope[0][0] = M::variable(s, i).by[0] - 1.0;
      });
      worst = std::fmax(worst, error);
      for (int j = 1; j <= S; ++j) M::variable(x[j], i) = values[j][0];
    }
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

  // Whether a derivative has a kink or a jump anywhere between the nodes.
  bool meets_kink() const {
    if constexpr (!M::kinked) return false;
    typename M::template Variables<Range> s;
    typename M::template State<Range> z;
    Collocation::enclose(x, s, 1);
    Collocation::enclose(around, z, 1);
    for (int i = 0; i < N; ++i)
      if (M::slope(i, s, z, typename M::template Late<Range>{}, k).on & KINK) return true;
    return false;
  }
};
