// Functions of equations without branches or calls, so that loops over cells and synapses run several at a time.
#pragma once

#include "runtime.hpp"

#include <cstring>

// For T = double or float; within two units in the last place of the exact value.
template <class T> struct Functions;

template <> struct Functions<double> {
  static double exp(double x) {
    const double low = -708.0, high = 709.0;
    const double y = x < low ? low : x > high ? high : x;                       // keeps NaN
    const double shifted = y * 1.4426950408889634 + 0x1.8p52, n = shifted - 0x1.8p52;
    const double r = (y - n * 0x1.62e42fefap-1) - n * 0x1.cf79abc9e3b39p-40;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    const double grown = (p * r * r + r) + 1.0;
    uint64_t exponent;
    std::memcpy(&exponent, &shifted, 8);
    exponent = (exponent + 1023u) << 52;
    double scale;
    std::memcpy(&scale, &exponent, 8);
    const double result = grown * scale;
    return x < low ? 0.0 : x > high ? INFINITY : result;
  }
  static double log(double x) {
    uint64_t b;
    std::memcpy(&b, &x, 8);
    const uint64_t mantissa = (b & 0xFFFFFFFFFFFFFu) | 0x3FF0000000000000u, power = (b >> 52) | 0x4330000000000000u;
    double m, e;
    std::memcpy(&m, &mantissa, 8);
    std::memcpy(&e, &power, 8);
    const bool high = m > 1.4142135623730951;
    e = e - 0x1p52 + (high ? -1022.0 : -1023.0);
    const double f = (high ? 0.5 * m : m) - 1.0, s = f / (2.0 + f), z = s * s;
    double p = 1.0 / 21;
    p = p * z + 1.0 / 19;
    p = p * z + 1.0 / 17;
    p = p * z + 1.0 / 15;
    p = p * z + 1.0 / 13;
    p = p * z + 1.0 / 11;
    p = p * z + 1.0 / 9;
    p = p * z + 1.0 / 7;
    p = p * z + 1.0 / 5;
    p = p * z + 1.0 / 3;
    const double half = 0.5 * f * f;
    const double tail = s * (half + 2.0 * z * p);  // log(1 + f) = f - half + s*(half + 2*z*p)
    const double result = e * 0x1.62e42fefap-1 + (f - (half - (tail + e * 0x1.cf79abc9e3b39p-40)));
    const double special = x == 0.0 ? -INFINITY : x < 0.0 ? NAN : x;            // NaN and infinity as they are
    return x >= 0x1p-1022 && x < INFINITY ? result : special;
  }
  static double sqrt(double x) { return std::sqrt(x); }
  static double power(double x, double y) {
    const double size = exp(y * log(std::fabs(x))), whole = std::floor(y);
    const bool odd = y - 2.0 * std::floor(0.5 * y) == 1.0;
    const double more = whole != y ? NAN : odd ? -2.0 : 0.0;                    // for a base below 0
    const double factor = 1.0 + (x < 0.0 ? more : 0.0);
    return y == 0.0 ? 1.0 : size * factor;
  }
  static double clip(double x, double low, double high) { return x < low ? low : x > high ? high : x; }
  static double magnitude(double x) { return std::fabs(x); }
  static double positive(double x) { return 0.5 * (x + std::fabs(x)); }
  static double truth(bool x) { return x ? 1.0 : 0.0; }
  static double exprel(double x) { return ::exprel(x); }
};

template <> struct Functions<float> {
  static float exp(float x) {
    const float low = -87.0f, high = 88.0f;
    const float y = x < low ? low : x > high ? high : x;
    const float shifted = y * 1.44269504f + 0x1.8p23f, n = shifted - 0x1.8p23f;
    const float r = (y - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    const float grown = (p * r * r + r) + 1.0f;
    uint32_t exponent;
    std::memcpy(&exponent, &shifted, 4);
    exponent = (exponent + 127u) << 23;
    float scale;
    std::memcpy(&scale, &exponent, 4);
    return x < low ? 0.0f : x > high ? INFINITY : grown * scale;
  }
  static float log(float x) { return std::log(x); }
  static float sqrt(float x) { return std::sqrt(x); }
  static float power(float x, float y) { return std::pow(x, y); }
  static float clip(float x, float low, float high) { return x < low ? low : x > high ? high : x; }
  static float magnitude(float x) { return std::fabs(x); }
  static float positive(float x) { return 0.5f * (x + std::fabs(x)); }
  static float truth(bool x) { return x ? 1.0f : 0.0f; }
  static float exprel(float x) { return x == 0.0f ? 1.0f : std::expm1(x) / x; }
};
