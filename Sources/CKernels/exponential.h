// e^x of a vector, and what goes with it.
#ifndef EXPONENTIAL_H
#define EXPONENTIAL_H

#include "wide.h"
#include "exponential_rest.h"

#if defined(WIDE_AVX512)
#include <immintrin.h>

INLINE vector nearest(vector x) {
  return (vector)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/// x · 2^n for a whole n.
INLINE vector scaled(vector x, vector n) { return (vector)_mm512_scalef_ps((__m512)x, (__m512)n); }

INLINE vector larger(vector a, vector b) { return (vector)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE float largest(vector x) { return _mm512_reduce_max_ps((__m512)x); }
INLINE float total(vector x) { return _mm512_reduce_add_ps((__m512)x); }

INLINE vector quotient(vector x, vector d) {
  // The estimate has 14 bits, and one step of Newton's method all that matter.
  const vector estimate = (vector)_mm512_rcp14_ps((__m512)d);
  return x * (estimate * (2.0f - d * estimate));
}
#else
INLINE vector nearest(vector x) { return __builtin_elementwise_roundeven(x); }

/// x · 2^n for a whole n of −126…127: the bits of other powers would be no power.
INLINE vector scaled(vector x, vector n) {
  return x * (vector)((__builtin_convertvector(n, integers) + 127) << 23);
}

/// As the instruction has it: b where either is no number.
INLINE vector larger(vector a, vector b) {
  const integers is_larger = a > b;
  return (vector)(((integers)a & is_larger) | ((integers)b & ~is_larger));
}

INLINE float largest(vector x) {
  UNROLLED for (int half = lanes / 2; half > 0; half /= 2)
    UNROLLED for (int i = 0; i < half; ++i) x[i] = x[i + half] > x[i] ? x[i + half] : x[i];
  return x[0];
}

INLINE float total(vector x) {
  UNROLLED for (int half = lanes / 2; half > 0; half /= 2)
    UNROLLED for (int i = 0; i < half; ++i) x[i] += x[i + half];
  return x[0];
}

/// Its estimate differs between makers of processors, so it is the division.
INLINE vector quotient(vector x, vector d) { return x / d; }
#endif

/// e^x within 2 units in the last place for |x| ≤ 87, by 2^n · e^r with |r| ≤ ln 2 / 2 (Cody & Waite 1980). Below
/// that it is next to nothing.
INLINE vector exponential(vector x) {
#if !defined(WIDE_AVX512)
  x = larger(x, (vector){0} - 87.0f);
#endif
  const vector n = nearest(x * 1.44269504f);
  return scaled(exponential_of_rest(x, n), n);
}

/// x · σ(x).
INLINE vector silu(vector x) {
  const vector low = (vector){0} - 87.0f;
  return quotient(x, exponential(-larger(x, low)) + 1.0f);
}

#endif
