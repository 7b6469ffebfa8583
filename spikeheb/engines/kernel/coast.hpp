// Cells without events, and the synapses that they move: carried over many steps at once (see collocation.hpp).
//
// A variable reads only those before it, or reads and is read by the few of its own group, so that groups are solved one after
// the other; what decays by itself takes the power of its factor in a step.
#pragma once

#include "collocation.hpp"
#include "exponential.hpp"
#include "quiet.hpp"

// x after some steps of dx/dt = a x + b, where exp(growth) is the factor of a step.
template <class T> T decayed(double x, double a, double b, double growth, double dt, T steps) {
  using lanes::exp;
  return a == 0.0 ? x + b * (dt * steps) : (x + b / a) * exp(growth * steps) - b / a;
}

inline double value_of(double x) { return x; }
inline Pack value_of(Pack x) { return x; }
template <int N, class R> R value_of(const Dual<N, R> &x) { return x.value; }

// Something where it starts, and at the nodes.
template <template <class> class Of> struct Nodes {
  Of<double> start;
  Of<Pack> rest;
};

// The cell and [post].
template <class M> class CoastOfCell {
public:
  static constexpr int S = Collocation::S;
  static constexpr double TOLERANCE = 1e-9;  // of the potential: less than 1e-7 mV
  using Shared = typename M::Shared;
  using Way = typename Quiet<M>::Way;
  template <class T> using State = typename M::template State<T>;
  Nodes<M::template State> x, around;  // around: as synapses see it in each of the steps

  CoastOfCell(const Collocation &by, const Shared &k) : by(by), k(k) {}

  // From where `x` starts; `linear` goes on along its way to rest. Returns the error over what is allowed: above 1 where the way
  // cannot be computed.
  double carry(const State<double> &from, Way &linear, const Quiet<M> *quiet) {
    x.start = from;
    for (int n = 0; n < NUMBERS; ++n) at(x.rest, n) = at(from, n);
    if (quiet) follow(linear, *quiet);
    for (int n = 0; n < M::decaying_count; ++n) {  // the array itself is never empty
      const int place = M::decaying[n];
      double a, b;
      const double growth = M::line_of_state(place, k, a, b);
      at(x.rest, place) = decayed(at(from, place), a, b, growth, k.dt, by.steps());
    }
    solve_all<0>(std::make_integer_sequence<int, M::groups_in_cell>());
    around = x;
    M::step_cell(around.start, k, OneNormal{0}, 0);
    M::step_cell(around.rest, k, OneNormal{0}, 0);
    solve_all<M::groups_in_cell>(std::make_integer_sequence<int, M::group_count - M::groups_in_cell>());
    around.rest.post = x.rest.post;
    step_post(around.start);
    step_post(around.rest);
    return worst <= 1.0 && may_fire_or_kink() ? INFINITY : worst;
  }

private:
  static constexpr int NUMBERS = sizeof(State<double>) / sizeof(double);
  const Collocation &by;
  const Shared &k;
  State<double> change{};  // of the guess, in a step from where it starts
  State<Pack> changes{};   // and in a step from each node
  double worst = 0.0;

  // The guess is parallel to the linear way. It takes off what is solved for the fast part of the way, which is linear near rest
  // and which, if it has once died out, does not come back: so the linear way goes on where it was, and not from where the cell is.
  void follow(Way &linear, const Quiet<M> &quiet) {
    const Way start = linear;
    Pack away[Quiet<M>::N];
    for (int j = 1; j <= S; ++j) {
      quiet.advance(linear, by.steps(j) - by.steps(j - 1));
      for (int i = 0; i < Quiet<M>::N; ++i) away[i].of[j - 1] = linear.away[i];
    }
    for (int i = 0; i < Quiet<M>::N; ++i) {
      const int place = M::moving[i];
      at(x.rest, place) = at(x.rest, place) + (away[i] - start.away[i]);
      at(change, place) = quiet.change(i, start.away);
      at(changes, place) = quiet.change(i, away);
    }
  }

  template <class Z> static auto &at(Z &state, int place) {
    using T = std::remove_reference_t<decltype((state.I_ext))>;
    return reinterpret_cast<T *>(&state)[place];
  }
  template <class T> void step_post(State<T> &z) const {
    const typename M::template Late<T> late{};
    if constexpr (M::has_post) M::step_post(z, late, k, OneNormal{0}, 0);
  }

  template <int from, int... g> void solve_all(std::integer_sequence<int, g...>) { (solve<from + g>(), ...); }
  template <int g> void solve() {
    if (!(worst <= 1.0)) return;
    constexpr int begin = M::group_first[g], G = M::group_first[g + 1] - begin;
    const auto place = [](int m) { return M::group_places[begin + m]; };
    double start[G], first[G];
    Pack values[G];
    for (int m = 0; m < G; ++m) {
      start[m] = at(x.start, place(m));
      values[m] = at(x.rest, place(m));
    }
    evaluate<g, double>(x.start, around.start, change, start, first);
    const double error = by.solve<G>(start, first, values, M::group_affine[g], TOLERANCE, [&](auto sloping, const Pack (&now)[G], Pack (&D)[G], Pack (&slope)[G][G]) {
      if constexpr (sloping) evaluate<g, Dual<G, Pack>>(x.rest, around.rest, changes, now, D, &slope);
      else evaluate<g, Pack>(x.rest, around.rest, changes, now, D);
    });
    worst = std::fmax(worst, error);
    for (int m = 0; m < G; ++m) at(x.rest, place(m)) = values[m];
  }

  // What a step changes in the variables of a group, and its derivatives by them.
  template <int g, class T, class R, int G>
  void evaluate(const State<R> &there, const State<R> &around, const State<R> &change, const R (&now)[G], R (&D)[G], R (*slope)[G][G] = nullptr) const {
    constexpr bool in_cell = g < M::groups_in_cell, sloping = !std::is_same_v<T, R>;
    const auto place = [](int m) { return M::group_places[M::group_first[g] + m]; };
    State<T> z;
    const int in_around = in_cell ? 0 : int(sizeof z.cell / sizeof z.I_ext);
    for (int n = 0; n < NUMBERS; ++n) at(z, n) = T(at(n < in_around ? around : there, n));
    for (int m = 0; m < G; ++m) {
      at(z, place(m)) = T(now[m]);
      if constexpr (sloping) at(z, place(m)).by[m] = 1.0;
    }
    if constexpr (in_cell) M::step_cell(z, k, OneNormal{0}, 0);
    else step_post(z);
    for (int m = 0; m < G; ++m) {
      const T &after = at(z, place(m));
      D[m] = value_of(after) - now[m] - at(change, place(m));
      if constexpr (sloping)
        for (int h = 0; h < G; ++h) (*slope)[m][h] = after.by[h] - double(m == h);
    }
  }

  // Whether v could reach the threshold, or a derivative has a kink or a jump, anywhere between the nodes.
  bool may_fire_or_kink() const {
    State<Range> z;
    Collocation::enclose(x.start, x.rest, z, 1);
    Nodes<M::template State> high = x;
    high.start.cell.v_ = z.cell.v_.high;
    high.rest.cell.v_ = z.cell.v_.high;
    if (M::threshold(high.start, k) || M::threshold(high.rest, k).any()) return true;
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
  static constexpr double TOLERANCE = 1e-10;  // what steep functions of a variable do to the weight is many times as much
  template <class T> using State = typename M::template State<T>;
  template <class T> using Variables = typename M::template Variables<T>;
  using Shared = typename M::Shared;

  // Carry the synapse to the end. Returns the error over what is allowed; where that is above 1 the synapse is as it was.
  static double carry(Variables<double> &s, const Nodes<M::template State> &around, const Collocation &by, const Shared &k) {
    Coast coast{s, around, by, k};
    coast.solve_all(std::make_integer_sequence<int, N>());
    if (coast.worst <= 1.0 && (coast.meets_kink() || coast.is_limited(coast.x.start) || coast.is_limited(coast.x.rest))) return INFINITY;
    if (coast.worst <= 1.0) Collocation::take(coast.x.rest, Collocation::S - 1, s);
    return coast.worst;
  }

private:
  template <class T> using Late = typename M::template Late<T>;
  const Nodes<M::template State> &around;
  const Collocation &by;
  const Shared &k;
  Nodes<M::template Variables> x;
  double worst = 0.0;

  Coast(const Variables<double> &s, const Nodes<M::template State> &around, const Collocation &by, const Shared &k) : around(around), by(by), k(k) {
    x.start = s;
    M::copy(s, x.rest);
  }

  template <int... n> void solve_all(std::integer_sequence<int, n...>) { (solve<M::in_order[n]>(), ...); }
  template <int i> void solve() {
    const double start[] = {M::variable(x.start, i)};
    if constexpr (M::linear[i]) {
      double a, b;
      M::line(i, k, a, b);
      M::variable(x.rest, i) = decayed(start[0], a, b, M::growth(a * k.dt), k.dt, by.steps());
    } else if (worst <= 1.0) {
      double first[1];
      Pack values[] = {start[0]};
      evaluate<i, double>(x.start, around.start, start, first);
      const double error = by.solve<1>(start, first, values, M::affine[i], TOLERANCE, [&](auto sloping, const Pack (&now)[1], Pack (&D)[1], Pack (&slope)[1][1]) {
        if constexpr (sloping) evaluate<i, Dual<1, Pack>>(x.rest, around.rest, now, D, &slope);
        else evaluate<i, Pack>(x.rest, around.rest, now, D);
      });
      worst = std::fmax(worst, error);
      M::variable(x.rest, i) = values[0];
    }
  }

  template <int i, class T, class R>
  void evaluate(const Variables<R> &there, const State<R> &around, const R (&now)[1], R (&D)[1], R (*slope)[1][1] = nullptr) const {
    Variables<T> s;
    M::copy(there, s);
    M::variable(s, i) = T(now[0]);
    if constexpr (!std::is_same_v<T, R>) M::variable(s, i).by[0] = 1.0;
    M::move_synapse(s, around, Late<R>{}, k, OneNormal{0}, 0);
    D[0] = value_of(M::variable(s, i)) - now[0];
    if constexpr (!std::is_same_v<T, R>) (*slope)[0][0] = M::variable(s, i).by[0] - 1.0;
  }

  // Whether the weight reaches one of its limits.
  template <class T> bool is_limited(const Variables<T> &there) const {
    Variables<T> limited = there;
    M::hold_weight(limited, k);
    return std::memcmp(&limited, &there, sizeof there) != 0;
  }

  // Whether a derivative has a kink or a jump anywhere between the nodes.
  bool meets_kink() const {
    if constexpr (!M::kinked) return false;
    Variables<Range> s;
    State<Range> z;
    Collocation::enclose(x.start, x.rest, s, 1);
    Collocation::enclose(around.start, around.rest, z, 1);
    for (int i = 0; i < N; ++i)
      if (M::slope(i, s, z, Late<Range>{}, k).on & KINK) return true;
    return false;
  }
};
