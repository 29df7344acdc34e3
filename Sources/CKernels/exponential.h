// e^x of 16 numbers, and what goes with it.
#ifndef EXPONENTIAL_H
#define EXPONENTIAL_H

#include "wide.h"

#if defined(__x86_64__)
#include <immintrin.h>

/// e^x within 2 units in the last place for |x| ≤ 87, by 2^n · e^r with |r| ≤ ln 2 / 2 (Cody & Waite 1980).
INLINE vector exponential(vector x) {
  const __m512 n = _mm512_roundscale_ps((__m512)(x * 1.44269504f), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const vector r = (x - (vector)n * 0.693359375f) + (vector)n * 2.12194440e-4f;
  vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  return (vector)_mm512_scalef_ps((__m512)p, n);
}

INLINE vector larger(vector a, vector b) { return (vector)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE float largest(vector x) { return _mm512_reduce_max_ps((__m512)x); }
INLINE float total(vector x) { return _mm512_reduce_add_ps((__m512)x); }

/// x · σ(x).
INLINE vector silu(vector x) {
  const vector low = (vector){0} - 87.0f;
  const vector d = exponential(-larger(x, low)) + 1.0f;
  // The estimate has 14 bits, and one step of Newton's method all that matter.
  const vector estimate = (vector)_mm512_rcp14_ps((__m512)d);
  return x * (estimate * (2.0f - d * estimate));
}
#else
#include <math.h>

INLINE vector exponential(vector x) {
  for (int i = 0; i < lanes; ++i) x[i] = expf(x[i]);
  return x;
}

INLINE vector silu(vector x) { return x / (exponential(-x) + 1.0f); }

INLINE vector larger(vector a, vector b) { return __builtin_elementwise_max(a, b); }

INLINE float largest(vector x) {
  for (int i = 1; i < lanes; ++i) x[0] = x[i] > x[0] ? x[i] : x[0];
  return x[0];
}

INLINE float total(vector x) {
  for (int i = 1; i < lanes; ++i) x[0] += x[i];
  return x[0];
}
#endif

#endif
