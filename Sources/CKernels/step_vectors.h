// Vectors as the kernels of single steps use them, which the compiler takes apart for processors with shorter ones.
#ifndef STEP_VECTORS_H
#define STEP_VECTORS_H

#include "CKernels.h"

// What passes vectors is inlined, so that no call depends on how they are passed.
#pragma clang diagnostic ignored "-Wpsabi"

enum { lanes = CKernelsLanes };

typedef float vector __attribute__((vector_size(64), aligned(4)));
typedef int integers __attribute__((vector_size(64), aligned(4)));

#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINE __attribute__((always_inline)) static inline

#include "exponential_rest.h"

/// e^x within 2 units in the last place for −87…88, by 2^n · e^r with |r| ≤ ln 2 / 2 (Cody & Waite 1980).
INLINE vector exponential(vector x) {
  const vector zero = {0};
  const vector low = zero - 87.0f, high = zero + 88.0f;
  integers below = x < low, above = x > high;
  x = (vector)(((integers)low & below) | ((integers)x & ~below));
  x = (vector)(((integers)high & above) | ((integers)x & ~above));
  // Adding 1.5 · 2^23 rounds to a whole number, which is then in the lowest bits.
  const vector shifted = x * 1.44269504f + 12582912.0f;
  const vector n = shifted - 12582912.0f;
  const integers power = (((integers)shifted - 0x4B400000) + 127) << 23;
  return exponential_of_rest(x, n) * (vector)power;
}

#endif
