// What a network needs that goes one step at a time: products of a matrix with a few vectors, and gates. The weights
// are the traffic, so they lie in the order in which they are read, 16 outputs side by side, and serve every stream
// that steps at the same time.
#include <math.h>
#include <string.h>

#include "CKernels.h"

enum { lanes = CKernelsLanes };

typedef float vector __attribute__((vector_size(64), aligned(4)));
typedef int integers __attribute__((vector_size(64), aligned(4)));

#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINE __attribute__((always_inline)) static inline

static long blocks(long outputs) { return (outputs + lanes - 1) / lanes; }

size_t ckernels_step_packed_count(long inputs, long outputs) { return (size_t)inputs * blocks(outputs) * lanes; }

void ckernels_step_pack(const float *weight, long inputs, long outputs, float *packed) {
  memset(packed, 0, sizeof(float) * ckernels_step_packed_count(inputs, outputs));
  for (long d = 0; d < outputs; ++d)
    for (long c = 0; c < inputs; ++c)
      packed[(d / lanes * inputs + c) * lanes + d % lanes] = weight[d * inputs + c];
}

/// `count` blocks of outputs for `streams` vectors. Each sum runs over the inputs in their order, so a stream's result
/// does not depend on how many step beside it.
INLINE void panel(const float *packed, long inputs, const float *x, long x_stride, float *y, long y_stride,
                  const int streams, const int count) {
  vector sums[8];
  UNROLLED for (int s = 0; s < streams; ++s)
    UNROLLED for (int b = 0; b < count; ++b)
      sums[s * count + b] = *(const vector *)(y + s * y_stride + b * lanes);
  for (long i = 0; i < inputs; ++i) {
    vector weights[8];
    UNROLLED for (int b = 0; b < count; ++b) weights[b] = *(const vector *)(packed + (b * inputs + i) * lanes);
    UNROLLED for (int s = 0; s < streams; ++s) {
      const float value = x[s * x_stride + i];
      UNROLLED for (int b = 0; b < count; ++b) sums[s * count + b] += value * weights[b];
    }
  }
  UNROLLED for (int s = 0; s < streams; ++s)
    UNROLLED for (int b = 0; b < count; ++b)
      *(vector *)(y + s * y_stride + b * lanes) = sums[s * count + b];
}

INLINE void product(const float *packed, long inputs, long outputs, const float *x, long x_stride, float *y,
                    long y_stride, long streams) {
  const long all = blocks(outputs);
  long s = 0;
  for (; s + 4 <= streams; s += 4) {
    const float *from = x + s * x_stride;
    float *to = y + s * y_stride;
    long b = 0;
    for (; b + 2 <= all; b += 2)
      panel(packed + b * inputs * lanes, inputs, from, x_stride, to + b * lanes, y_stride, 4, 2);
    if (b < all) panel(packed + b * inputs * lanes, inputs, from, x_stride, to + b * lanes, y_stride, 4, 1);
  }
  for (; s < streams; ++s) {
    const float *from = x + s * x_stride;
    float *to = y + s * y_stride;
    long b = 0;
    for (; b + 8 <= all; b += 8) panel(packed + b * inputs * lanes, inputs, from, 0, to + b * lanes, 0, 1, 8);
    for (; b + 4 <= all; b += 4) panel(packed + b * inputs * lanes, inputs, from, 0, to + b * lanes, 0, 1, 4);
    for (; b + 2 <= all; b += 2) panel(packed + b * inputs * lanes, inputs, from, 0, to + b * lanes, 0, 1, 2);
    if (b < all) panel(packed + b * inputs * lanes, inputs, from, 0, to + b * lanes, 0, 1, 1);
  }
}

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
  const vector r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const integers power = (((integers)shifted - 0x4B400000) + 127) << 23;
  return p * (vector)power;
}

/// tanh(a) · σ(b).
INLINE void gates(const float *a, const float *b, float *out, long count) {
  for (long i = 0; i < count; i += lanes) {
    const vector p = exponential(*(const vector *)(a + i) * 2.0f);
    const vector q = exponential(-*(const vector *)(b + i));
    *(vector *)(out + i) = (1.0f - 2.0f / (p + 1.0f)) / (q + 1.0f);
  }
}

#define VERSION(name, attribute)                                                                             \
  attribute static void product_##name(const float *packed, long inputs, long outputs, const float *x,       \
                                       long x_stride, float *y, long y_stride, long streams) {               \
    product(packed, inputs, outputs, x, x_stride, y, y_stride, streams);                                     \
  }                                                                                                          \
  attribute static void gates_##name(const float *a, const float *b, float *out, long count) {               \
    gates(a, b, out, count);                                                                                 \
  }

VERSION(portable, )
#if defined(__x86_64__)
VERSION(avx2, __attribute__((target("avx2,fma"))))
VERSION(avx512, __attribute__((target("avx512f,avx512vl,avx512dq,fma"))))
#endif

CKernelsStepVersion ckernels_step_best(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    return CKernelsStepAVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return CKernelsStepAVX2;
#endif
  return CKernelsStepPortable;
}

void ckernels_step_product(CKernelsStepVersion version, const float *packed, long inputs, long outputs,
                           const float *x, long x_stride, float *y, long y_stride, long streams) {
#if defined(__x86_64__)
  if (version == CKernelsStepAVX512)
    return product_avx512(packed, inputs, outputs, x, x_stride, y, y_stride, streams);
  if (version == CKernelsStepAVX2) return product_avx2(packed, inputs, outputs, x, x_stride, y, y_stride, streams);
#endif
  product_portable(packed, inputs, outputs, x, x_stride, y, y_stride, streams);
}

void ckernels_step_gates(CKernelsStepVersion version, const float *a, const float *b, float *out, long count) {
#if defined(__x86_64__)
  if (version == CKernelsStepAVX512) return gates_avx512(a, b, out, count);
  if (version == CKernelsStepAVX2) return gates_avx2(a, b, out, count);
#endif
  gates_portable(a, b, out, count);
}
