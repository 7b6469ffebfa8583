// exp, written out: a call to the mathematical library costs half as much again, since it empties the registers.
//
// exp(x) = 2**(k/128) exp(r) with k whole and |r| < 0.0028: a table and a polynomial of order 5 (Tang 1989, doi
// 10.1145/63522.214). Within 0.52 units in the last place; what is not finite or far out is left to the library.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace lanes {

struct PowersOfTwo {
  double rest[128];    // what rounding 2**(j/128) left out, as a fraction of it
  uint64_t bits[128];  // of 2**(j/128), j already taken from where k is added to the exponent
  PowersOfTwo() {
    for (int j = 0; j < 128; ++j) {
      const long double exact = std::exp2(static_cast<long double>(j) / 128);
      const double rounded = static_cast<double>(exact);
      rest[j] = static_cast<double>((exact - rounded) / exact);
      std::memcpy(&bits[j], &rounded, 8);
      bits[j] -= uint64_t(j) << 45;
    }
  }
};
static const PowersOfTwo powers_of_two;

// Of |x| < 700: R is a number, or several side by side, each of which comes out as if it were alone, and U the integers of its size.
template <class R, class U> inline R exp_of_moderate(R x) {
  const R shifted = x * 0x1.71547652b82fep+7 + 0x1.8p52, k = shifted - 0x1.8p52;
  const R r = (x - k * 0x1.62e42fefap-8) - k * 0x1.cf79abc9e3b39p-47, r2 = r * r;
  U whole, bits;
  R rest, scale;
  std::memcpy(&whole, &shifted, sizeof whole);
  if constexpr (std::is_arithmetic_v<R>) {
    bits = powers_of_two.bits[whole & 127];
    rest = powers_of_two.rest[whole & 127];
  } else
    for (size_t n = 0; n < sizeof(R) / sizeof(double); ++n) {
      bits[n] = powers_of_two.bits[whole[n] & 127];
      rest[n] = powers_of_two.rest[whole[n] & 127];
    }
  bits += whole << 45;
  std::memcpy(&scale, &bits, sizeof scale);
  const R grown = rest + r + r2 * (0.5 + r * (1.0 / 6.0)) + r2 * r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
  return scale + scale * grown;
}
inline double exp(double x) { return std::fabs(x) < 700.0 ? exp_of_moderate<double, uint64_t>(x) : std::exp(x); }

}  // namespace lanes
