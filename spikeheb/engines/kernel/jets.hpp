// Numbers that carry the first terms of a Taylor series in one variable: c[0] + c[1] u + c[2] u**2 + ...; R is a number, or several.
#pragma once

#include "pack.hpp"

#include <type_traits>

// Numbers without derivatives, which need no product of series.
template <class D> using IfPlain = std::enable_if_t<std::is_arithmetic_v<D> || std::is_same_v<D, Pack>, int>;

template <int N, class R = double> struct Jet {
  R c[N + 1];

  Jet() : Jet(0.0) {}
  template <class D, IfPlain<D> = 0> Jet(D x) {
    for (R &each : c) each = 0.0;
    c[0] = x;
  }

  Jet derivative() const {
    Jet r;
    for (int k = 0; k < N; ++k) r.c[k] = (k + 1) * c[k + 1];
    return r;
  }
  Jet &operator+=(const Jet &b) {
    for (int k = 0; k <= N; ++k) c[k] = c[k] + b.c[k];
    return *this;
  }
  Jet &operator*=(R b) {
    for (R &x : c) x = x * b;
    return *this;
  }
  friend Jet operator-(Jet a) { return a *= R(-1.0); }
  friend Jet operator+(Jet a, const Jet &b) { return a += b; }
  friend Jet operator-(Jet a, const Jet &b) { return a += -b; }
  template <class D, IfPlain<D> = 0> friend Jet operator+(Jet a, D b) { a.c[0] = a.c[0] + b; return a; }
  template <class D, IfPlain<D> = 0> friend Jet operator+(D a, Jet b) { b.c[0] = b.c[0] + a; return b; }
  template <class D, IfPlain<D> = 0> friend Jet operator-(Jet a, D b) { a.c[0] = a.c[0] - b; return a; }
  template <class D, IfPlain<D> = 0> friend Jet operator-(D a, const Jet &b) { return a + -b; }
  template <class D, IfPlain<D> = 0> friend Jet operator*(Jet a, D b) { return a *= b; }
  template <class D, IfPlain<D> = 0> friend Jet operator*(D a, Jet b) { return b *= a; }
  friend Jet operator*(const Jet &a, const Jet &b) { return product(a, b, N + 1); }
  friend Jet product(const Jet &a, const Jet &b, int coefficients) {  // the first ones; the others are 0
    Jet r;
    for (int k = 0; k < coefficients; ++k)
      for (int j = 0; j <= k; ++j) r.c[k] = r.c[k] + a.c[j] * b.c[k - j];
    return r;
  }
  template <class D, IfPlain<D> = 0> friend Jet operator/(Jet a, D b) {
    for (R &x : a.c) x = x / b;
    return a;
  }
  friend Jet operator/(const Jet &a, const Jet &b) {
    Jet r = a;
    for (int k = 0; k <= N; ++k) {
      for (int j = 0; j < k; ++j) r.c[k] = r.c[k] - r.c[j] * b.c[k - j];
      r.c[k] = r.c[k] / b.c[0];
    }
    return r;
  }
  template <class D, IfPlain<D> = 0> friend Jet operator/(D a, const Jet &b) { return Jet(a) / b; }

  friend auto operator<(const Jet &a, const Jet &b) { return a.c[0] < b.c[0]; }
  friend auto operator>(const Jet &a, const Jet &b) { return a.c[0] > b.c[0]; }
  friend auto operator<=(const Jet &a, const Jet &b) { return a.c[0] <= b.c[0]; }
  friend auto operator>=(const Jet &a, const Jet &b) { return a.c[0] >= b.c[0]; }
  friend auto operator==(const Jet &a, const Jet &b) { return a.c[0] == b.c[0]; }
  friend auto operator!=(const Jet &a, const Jet &b) { return a.c[0] != b.c[0]; }

  // From r' = a' r, r' = a'/a and 2 r r' = a', term by term.
  friend Jet exp(const Jet &a) {
    Jet r(library_exp(a.c[0]));
    for (int k = 1; k <= N; ++k) {
      for (int j = 1; j <= k; ++j) r.c[k] = r.c[k] + j * a.c[j] * r.c[k - j];
      r.c[k] = r.c[k] / k;
    }
    return r;
  }
  friend Jet log(const Jet &a) {
    const Jet slope = a.derivative() / a;
    Jet r(log(a.c[0]));
    for (int k = 1; k <= N; ++k) r.c[k] = slope.c[k - 1] / k;
    return r;
  }
  friend Jet sqrt(const Jet &a) {
    Jet r(sqrt(a.c[0]));
    for (int k = 1; k <= N; ++k) {
      R sum = a.c[k];
      for (int j = 1; j < k; ++j) sum = sum - r.c[j] * r.c[k - j];
      r.c[k] = sum / (2.0 * r.c[0]);
    }
    return r;
  }
  template <class B> friend Jet chosen(B where, Jet a, const Jet &b) {
    for (int k = 0; k <= N; ++k) a.c[k] = chosen(where, a.c[k], b.c[k]);
    return a;
  }
  friend Jet magnitude(const Jet &a) { return chosen(a.c[0] < 0.0, -a, a); }
  friend Jet positive(const Jet &a) { return chosen(a.c[0] < 0.0, Jet(0.0), a); }
  friend Jet within(const Jet &a, const Jet &low, const Jet &high) { return chosen(a < low, low, chosen(a > high, high, a)); }
  friend Jet clip(const Jet &a, const Jet &low, const Jet &high) { return within(a, low, high); }
  friend Jet power(const Jet &a, const Jet &b) { return exp(b * log(a)); }
  friend Jet exprel(const Jet &a) { return chosen(a.c[0] == 0.0, Jet(NAN), (exp(a) - 1.0) / a); }
};
