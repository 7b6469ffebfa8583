// Numbers that carry the first terms of a Taylor series in one variable: c[0] + c[1] u + c[2] u**2 + ...
#pragma once

#include "runtime.hpp"

template <int N> struct Jet {
  double c[N + 1];

  Jet(double x = 0.0) : c{x} {}
  explicit Jet(const double (&c)[N + 1]) { std::memcpy(this->c, c, sizeof c); }

  Jet derivative() const {
    Jet r;
    for (int k = 0; k < N; ++k) r.c[k] = (k + 1) * c[k + 1];
    return r;
  }
  Jet &operator+=(const Jet &b) {
    for (int k = 0; k <= N; ++k) c[k] += b.c[k];
    return *this;
  }
  Jet &operator*=(double b) {
    for (double &x : c) x *= b;
    return *this;
  }
  friend Jet operator-(Jet a) { return a *= -1.0; }
  friend Jet operator+(Jet a, const Jet &b) { return a += b; }
  friend Jet operator-(Jet a, const Jet &b) { return a += -b; }
  friend Jet operator+(Jet a, double b) { a.c[0] += b; return a; }
  friend Jet operator+(double a, Jet b) { b.c[0] += a; return b; }
  friend Jet operator-(Jet a, double b) { a.c[0] -= b; return a; }
  friend Jet operator-(double a, const Jet &b) { return a + -b; }
  friend Jet operator*(Jet a, double b) { return a *= b; }
  friend Jet operator*(double a, Jet b) { return b *= a; }
  friend Jet operator*(const Jet &a, const Jet &b) {
    Jet r;
    for (int k = 0; k <= N; ++k)
      for (int j = 0; j <= k; ++j) r.c[k] += a.c[j] * b.c[k - j];
    return r;
  }
  friend Jet operator/(Jet a, double b) {
    for (double &x : a.c) x /= b;
    return a;
  }
  friend Jet operator/(const Jet &a, const Jet &b) {
    Jet r = a;
    for (int k = 0; k <= N; ++k) {
      for (int j = 0; j < k; ++j) r.c[k] -= r.c[j] * b.c[k - j];
      r.c[k] /= b.c[0];
    }
    return r;
  }
  friend Jet operator/(double a, const Jet &b) { return Jet(a) / b; }

  friend bool operator<(const Jet &a, const Jet &b) { return a.c[0] < b.c[0]; }
  friend bool operator>(const Jet &a, const Jet &b) { return a.c[0] > b.c[0]; }
  friend bool operator<=(const Jet &a, const Jet &b) { return a.c[0] <= b.c[0]; }
  friend bool operator>=(const Jet &a, const Jet &b) { return a.c[0] >= b.c[0]; }
  friend bool operator==(const Jet &a, const Jet &b) { return a.c[0] == b.c[0]; }
  friend bool operator!=(const Jet &a, const Jet &b) { return a.c[0] != b.c[0]; }

  // From r' = a' r, r' = a'/a and 2 r r' = a', term by term.
  friend Jet exp(const Jet &a) {
    Jet r(std::exp(a.c[0]));
    for (int k = 1; k <= N; ++k) {
      for (int j = 1; j <= k; ++j) r.c[k] += j * a.c[j] * r.c[k - j];
      r.c[k] /= k;
    }
    return r;
  }
  friend Jet log(const Jet &a) {
    const Jet slope = a.derivative() / a;
    Jet r(std::log(a.c[0]));
    for (int k = 1; k <= N; ++k) r.c[k] = slope.c[k - 1] / k;
    return r;
  }
  friend Jet sqrt(const Jet &a) {
    Jet r(std::sqrt(a.c[0]));
    for (int k = 1; k <= N; ++k) {
      double sum = a.c[k];
      for (int j = 1; j < k; ++j) sum -= r.c[j] * r.c[k - j];
      r.c[k] = sum / (2.0 * r.c[0]);
    }
    return r;
  }
  friend Jet magnitude(const Jet &a) { return a.c[0] < 0.0 ? -a : a; }
  friend Jet positive(const Jet &a) { return a.c[0] < 0.0 ? Jet(0.0) : a; }
  friend Jet within(const Jet &a, const Jet &low, const Jet &high) { return a < low ? low : a > high ? high : a; }
  friend Jet clip(const Jet &a, const Jet &low, const Jet &high) { return within(a, low, high); }
  friend Jet power(const Jet &a, const Jet &b) { return exp(b * log(a)); }
  friend Jet exprel(const Jet &a) { return a.c[0] == 0.0 ? Jet(NAN) : (exp(a) - 1.0) / a; }
};
