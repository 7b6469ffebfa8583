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
    const double special = x == 0.0 ? -INFINITY : x < 0.0 ? NAN : x;            // NaN and infinity as they are
    return x >= 0x1p-1022 && x < INFINITY ? log_of_normal(x) : special;
  }
  static double log_of_normal(double x) {
    uint64_t b;
    std::memcpy(&b, &x, 8);
    const uint64_t mantissa = (b & 0xFFFFFFFFFFFFFu) | 0x3FF0000000000000u, power = (b >> 52) | 0x4330000000000000u;
    double m, e;
    std::memcpy(&m, &mantissa, 8);
    std::memcpy(&e, &power, 8);
    const bool high = m > 1.4142135623730951;
    e = e - 0x1p52 + (high ? -1022.0 : -1023.0);
    const double f = (high ? 0.5 * m : m) - 1.0, s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
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
    const double tail = s * (half + 2.0 * z * p);                               // log(1 + f) = f - half + tail
    return e * 0x1.62e42fefap-1 + (f - (half - (tail + e * 0x1.cf79abc9e3b39p-40)));
  }
  static double sqrt(double x) { return std::sqrt(x); }
  // Not finite for a base that is not. What depends on the exponent alone is arithmetic, not choice, so that it leaves loops.
  static double power(double x, double y) {
    const double base = std::fabs(x), whole = double(std::floor(y) == y), odd = double(y - 2.0 * std::floor(0.5 * y) == 1.0);
    const double of_negative = (1.0 - 2.0 * odd) * whole / whole, at_zero = 1.0 / double(y >= 0.0) - double(y > 0.0);
    const double size = exp(y * log_of_normal(base)) + (x - x), grown = x < 0.0 ? size * of_negative : size;
    return base < 0x1p-1022 ? at_zero : grown;
  }
  static double within(double x, double low, double high) { return x < low ? low : x > high ? high : x; }
  static double limited(double x, double low, double high) { return within(x, low, high) + (x - x); }
  static double clip(double x, double low, double high) { return limited(x, low, high) + ((low - low) + (high - high)); }
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
  static float log(float x) {
    const float special = x == 0.0f ? -INFINITY : x < 0.0f ? NAN : x;
    return x >= 0x1p-126f && x < INFINITY ? log_of_normal(x) : special;
  }
  static float log_of_normal(float x) {
    uint32_t b;
    std::memcpy(&b, &x, 4);
    const uint32_t mantissa = (b & 0x7FFFFFu) | 0x3F800000u;
    float m;
    std::memcpy(&m, &mantissa, 4);
    const bool high = m > 1.41421356f;
    const float e = float(int32_t(b >> 23)) + (high ? -126.0f : -127.0f);
    const float f = (high ? 0.5f * m : m) - 1.0f, s = f / (2.0f + f), z = s * s, half = 0.5f * f * f;
    const float p = 1.0f / 3 + z * (1.0f / 5 + z * (1.0f / 7 + z * (1.0f / 9)));
    return e * 0x1.62e4p-1f + (f - (half - (s * (half + 2.0f * z * p) + e * 0x1.7f7d1cp-20f)));
  }
  static float sqrt(float x) { return std::sqrt(x); }
  static float power(float x, float y) {
    const float base = std::fabs(x), whole = float(std::floor(y) == y), odd = float(y - 2.0f * std::floor(0.5f * y) == 1.0f);
    const float of_negative = (1.0f - 2.0f * odd) * whole / whole, at_zero = 1.0f / float(y >= 0.0f) - float(y > 0.0f);
    const float size = exp(y * log_of_normal(base)) + (x - x), grown = x < 0.0f ? size * of_negative : size;
    return base < 0x1p-126f ? at_zero : grown;
  }
  static float within(float x, float low, float high) { return x < low ? low : x > high ? high : x; }
  static float limited(float x, float low, float high) { return within(x, low, high) + (x - x); }
  static float clip(float x, float low, float high) { return limited(x, low, high) + ((low - low) + (high - high)); }
  static float magnitude(float x) { return std::fabs(x); }
  static float positive(float x) { return 0.5f * (x + std::fabs(x)); }
  static float truth(bool x) { return x ? 1.0f : 0.0f; }
  static float exprel(float x) { return x == 0.0f ? 1.0f : std::expm1(x) / x; }
};
