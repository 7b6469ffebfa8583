// Several numbers that are computed with at once, each as if it were alone: variables of synapses that are stepped side by side.
//
// Every operation is that of a single number, in the same order, so that a synapse's bytes depend on no other and on no width.
#pragma once

#include "exponential.hpp"
#include "runtime.hpp"

constexpr int PACKED = 8;
static_assert(sizeof(Doubles) == PACKED * sizeof(double));

// Whether something holds for each of them.
struct Mask {
  Integers of;  // -1 where it does, else 0
  Mask(Integers of) : of(of) {}
  Mask(bool all) : of(Integers{} - int64_t(all)) {}
  bool any() const { return bytes(of) != 0; }
  bool all() const { return bytes(of) == 0x0101010101010101u; }
  bool operator[](int n) const { return of[n] != 0; }
};
inline Mask operator&&(Mask a, Mask b) { return a.of & b.of; }
inline Mask operator||(Mask a, Mask b) { return a.of | b.of; }
inline Mask operator!(Mask a) { return ~a.of; }

// Where to look into a table: a sum of what holds, each times a power of two.
struct Places {
  Integers of;
  Places(Integers of) : of(of) {}
  Places(Mask a) : of(-a.of) {}
  Places(int all) : of(Integers{} + int64_t(all)) {}
};
inline Places operator*(int factor, Mask a) { return -a.of * int64_t(factor); }
inline Places operator+(Places a, Places b) { return a.of + b.of; }

struct Pack {
  Doubles of;
  Pack() = default;
  Pack(Doubles of) : of(of) {}
  Pack(double x) : of(Doubles{} + x) {}
  friend Pack operator-(Pack a) { return -a.of; }
  friend Pack operator+(Pack a, Pack b) { return a.of + b.of; }
  friend Pack operator-(Pack a, Pack b) { return a.of - b.of; }
  friend Pack operator*(Pack a, Pack b) { return a.of * b.of; }
  friend Pack operator/(Pack a, Pack b) { return a.of / b.of; }
  friend Mask operator<(Pack a, Pack b) { return Mask(a.of < b.of); }
  friend Mask operator>(Pack a, Pack b) { return Mask(a.of > b.of); }
  friend Mask operator<=(Pack a, Pack b) { return Mask(a.of <= b.of); }
  friend Mask operator>=(Pack a, Pack b) { return Mask(a.of >= b.of); }
  friend Mask operator==(Pack a, Pack b) { return Mask(a.of == b.of); }
  friend Mask operator!=(Pack a, Pack b) { return Mask(a.of != b.of); }
};

inline Pack chosen(Mask where, Pack a, Pack b) { return where.of ? a.of : b.of; }
inline Pack truth(Mask a) { return chosen(a, 1.0, 0.0); }

// What depends on the outcome of comparisons: a value for each.
template <int N> struct Table {
  double of[N];
  double &operator[](int n) { return of[n]; }
  double operator[](int n) const { return of[n]; }
  Pack operator[](Places a) const {
    Pack value = of[0];
    for (int n = 1; n < N; ++n) value = chosen(a.of == int64_t(n), of[n], value);
    return value;
  }
};

template <class F, class... More> inline Pack each(F f, Pack a, More... more) {
  for (int n = 0; n < PACKED; ++n) a.of[n] = f(a.of[n], more.of[n]...);
  return a;
}
inline Pack magnitude(Pack a) { return each([](double x) { return magnitude(x); }, a); }
inline Pack exp(Pack a) {
  if ((magnitude(a) < 700.0).all()) return lanes::exp_of_moderate<Doubles, Unsigned>(a.of);
  return each([](double x) { return lanes::exp(x); }, a);
}
inline double library_exp(double x) { return std::exp(x); }
inline Pack library_exp(Pack a) { return each([](double x) { return std::exp(x); }, a); }
inline Pack log(Pack a) { return each([](double x) { return std::log(x); }, a); }
inline Pack sqrt(Pack a) { return each([](double x) { return std::sqrt(x); }, a); }
inline Pack larger(Pack a, Pack b) { return chosen(a > b || b != b, a, b); }
inline double larger(double a, double b) { return std::fmax(a, b); }
inline Pack power(Pack a, Pack b) { return each([](double x, double y) { return power(x, y); }, a, b); }
inline Pack exprel(Pack a) { return each([](double x) { return exprel(x); }, a); }
inline double largest(Pack a) {
  double most = a.of[0];
  for (int n = 1; n < PACKED; ++n) most = a.of[n] > most ? a.of[n] : most;
  return most;
}
inline Pack positive(Pack a) { return 0.5 * (a + magnitude(a)); }
inline Pack within(Pack a, Pack low, Pack high) {
  const Pack raised = chosen(a < low, low, a);
  return chosen(raised > high, high, raised);
}
inline Pack limited(Pack a, Pack low, Pack high) { return within(a, low, high) + (a - a); }
inline Pack clip(Pack a, Pack low, Pack high) { return limited(a, low, high) + ((low - low) + (high - high)); }

// The noise of a step: a normal number is drawn only where it acts.
template <class Draw> inline auto noise_where(bool acts, double root, Draw &draw, int64_t now) -> decltype(draw(now)) {
  if (acts) return root * draw(now);
  return 0.0;
}
template <class Draw> inline Pack noise_where(Mask acts, double root, Draw &draw, int64_t now) {
  return acts.any() ? chosen(acts, root * draw(now), 0.0) : Pack(0.0);
}

// The normal numbers of PACKED streams by step; of the mirrored ones, those of every second stream are the ones before, turned round.
using PackOfNormals = ManyNormals<Pack>;
class MirroredNormals {
public:
  explicit MirroredNormals(const uint64_t (&streams)[PACKED]) : half({streams[0], streams[2], streams[4], streams[6]}) {}
  Pack operator()(int64_t now) {
    const Half numbers = half(now);
    Pack pack;
    for (int n = 0; n < PACKED; ++n) pack.of[n] = n % 2 ? -numbers.of[n / 2] : numbers.of[n / 2];
    return pack;
  }

private:
  struct Half { double of[PACKED / 2]; };
  ManyNormals<Half> half;
};
