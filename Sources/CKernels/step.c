// What a network needs that goes one step at a time: products of a matrix with a few vectors, and gates. The weights
// are the traffic, so they lie in the order in which they are read, 16 outputs side by side, as halves where that loses
// nothing, and serve every stream that steps at the same time.
#include <math.h>
#include <string.h>

#include "step_vectors.h"

typedef uint16_t halves __attribute__((vector_size(32), aligned(2)));
typedef _Float16 float16s __attribute__((vector_size(32), aligned(2)));

/// What packed weights are, and how halves become floats: arithmetic where there is no instruction for it.
typedef enum { Floats, HalvesByInstruction, HalvesByArithmetic } Form;

static long blocks(long outputs) { return (outputs + lanes - 1) / lanes; }

size_t ckernels_step_packed_count(long inputs, long outputs) { return (size_t)inputs * blocks(outputs) * lanes; }

static size_t packed_place(long inputs, long d, long c) { return (d / lanes * inputs + c) * lanes + d % lanes; }

void ckernels_step_pack(const float *weight, long inputs, long outputs, float *packed) {
  memset(packed, 0, sizeof(float) * ckernels_step_packed_count(inputs, outputs));
  for (long d = 0; d < outputs; ++d)
    for (long c = 0; c < inputs; ++c) packed[packed_place(inputs, d, c)] = weight[d * inputs + c];
}

/// Whether `value` is a half, which is then in `half`.
static bool is_half(float value, uint16_t *half) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const float size = fabsf(value);
  const uint16_t sign = bits >> 16 & 0x8000;
  if (!(size <= 65504)) return false;
  if (size < 0x1p-14f) {
    // Below the normal numbers halves are multiples of 2^-24.
    *half = sign | (uint16_t)(size * 0x1p24f);
    return (float)(*half & 0x7fff) == size * 0x1p24f;
  }
  *half = sign | (uint16_t)(((bits & 0x7fffffff) - (112u << 23)) >> 13);
  return (bits & 0x1fff) == 0;
}

bool ckernels_step_pack_halves(const float *weight, long inputs, long outputs, uint16_t *packed) {
  memset(packed, 0, sizeof(uint16_t) * ckernels_step_packed_count(inputs, outputs));
  for (long d = 0; d < outputs; ++d)
    for (long c = 0; c < inputs; ++c)
      if (!is_half(weight[d * inputs + c], packed + packed_place(inputs, d, c))) return false;
  return true;
}

/// 16 weights from place `index`.
INLINE vector widened(const void *packed, long index, const Form form) {
  if (form == Floats) return *(const vector *)((const float *)packed + index);
  const uint16_t *place = (const uint16_t *)packed + index;
  if (form == HalvesByInstruction) return __builtin_convertvector(*(const float16s *)place, vector);
  const integers bits = __builtin_convertvector(*(const halves *)place, integers);
  const integers size = bits & 0x7fff, is_small = size < 0x0400;
  // The exponent's bias goes from 15 to 127; where it is zero, the half is a multiple of 2^-24.
  const integers normal = (size << 13) + (112 << 23);
  const integers small = (integers)(__builtin_convertvector(size, vector) * 0x1p-24f);
  return (vector)((normal & ~is_small) | (small & is_small) | (bits & 0x8000) << 16);
}

/// `count` blocks of outputs, whose weights begin at `place`, for `streams` vectors. Each sum runs over the inputs in
/// their order, so a stream's result does not depend on how many step beside it.
INLINE void panel(const void *packed, long place, long inputs, const float *x, long x_stride, float *y,
                  long y_stride, const int streams, const int count, const Form form) {
  vector sums[8];
  UNROLLED for (int s = 0; s < streams; ++s)
    UNROLLED for (int b = 0; b < count; ++b)
      sums[s * count + b] = *(const vector *)(y + s * y_stride + b * lanes);
  for (long i = 0; i < inputs; ++i) {
    vector weights[8];
    UNROLLED for (int b = 0; b < count; ++b) weights[b] = widened(packed, place + (b * inputs + i) * lanes, form);
    UNROLLED for (int s = 0; s < streams; ++s) {
      const float value = x[s * x_stride + i];
      UNROLLED for (int b = 0; b < count; ++b) sums[s * count + b] += value * weights[b];
    }
  }
  UNROLLED for (int s = 0; s < streams; ++s)
    UNROLLED for (int b = 0; b < count; ++b)
      *(vector *)(y + s * y_stride + b * lanes) = sums[s * count + b];
}

/// `registers` are the vectors of sums that stay in registers beside weights and what is multiplied.
INLINE void product(const void *packed, long inputs, long outputs, const float *x, long x_stride, float *y,
                    long y_stride, long streams, const Form form, const int registers) {
  const long all = blocks(outputs), block = inputs * lanes;
  const int together = registers / 4;
  long s = 0;
  for (; s + 4 <= streams; s += 4) {
    const float *from = x + s * x_stride;
    float *to = y + s * y_stride;
    long b = 0;
    for (; b + together <= all; b += together)
      panel(packed, b * block, inputs, from, x_stride, to + b * lanes, y_stride, 4, together, form);
    if (b < all) panel(packed, b * block, inputs, from, x_stride, to + b * lanes, y_stride, 4, 1, form);
  }
  for (; s < streams; ++s) {
    const float *from = x + s * x_stride;
    float *to = y + s * y_stride;
    long b = 0;
    if (registers >= 8)
      for (; b + 8 <= all; b += 8) panel(packed, b * block, inputs, from, 0, to + b * lanes, 0, 1, 8, form);
    for (; b + 4 <= all; b += 4) panel(packed, b * block, inputs, from, 0, to + b * lanes, 0, 1, 4, form);
    for (; b + 2 <= all; b += 2) panel(packed, b * block, inputs, from, 0, to + b * lanes, 0, 1, 2, form);
    if (b < all) panel(packed, b * block, inputs, from, 0, to + b * lanes, 0, 1, 1, form);
  }
}

/// tanh(a) · σ(b).
INLINE void gates(const float *a, const float *b, float *out, long count) {
  for (long i = 0; i < count; i += lanes) {
    const vector p = exponential(*(const vector *)(a + i) * 2.0f);
    const vector q = exponential(-*(const vector *)(b + i));
    *(vector *)(out + i) = (1.0f - 2.0f / (p + 1.0f)) / (q + 1.0f);
  }
}

/// x · σ(x).
INLINE void silu(float *x, long count) {
  for (long i = 0; i < count; i += lanes) {
    const vector value = *(const vector *)(x + i);
    *(vector *)(x + i) = value / (exponential(-value) + 1.0f);
  }
}

#define VERSION(name, attribute, half_form, registers)                                                                  \
  attribute static void product_##name(const void *packed, bool is_half, long inputs, long outputs,          \
                                       const float *x, long x_stride, float *y, long y_stride,               \
                                       long streams) {                                                       \
    if (is_half) product(packed, inputs, outputs, x, x_stride, y, y_stride, streams, half_form, registers);  \
    else product(packed, inputs, outputs, x, x_stride, y, y_stride, streams, Floats, registers);             \
  }                                                                                                          \
  attribute static void gates_##name(const float *a, const float *b, float *out, long count) {               \
    gates(a, b, out, count);                                                                                 \
  }                                                                                                          \
  attribute static void silu_##name(float *x, long count) { silu(x, count); }

VERSION(portable, , HalvesByArithmetic, 8)
#if defined(__x86_64__)
// A vector takes two of its sixteen registers.
VERSION(avx2, __attribute__((target("avx2,fma,f16c"))), HalvesByInstruction, 4)
VERSION(avx512, __attribute__((target("avx512f,avx512vl,avx512dq,fma"))), HalvesByInstruction, 8)
#endif

CKernelsStepVersion ckernels_step_best(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    return CKernelsStepAVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
    return CKernelsStepAVX2;
#endif
  return CKernelsStepPortable;
}

static void product_by(CKernelsStepVersion version, const void *packed, bool is_half, long inputs, long outputs,
                       const float *x, long x_stride, float *y, long y_stride, long streams) {
#if defined(__x86_64__)
  if (version == CKernelsStepAVX512)
    return product_avx512(packed, is_half, inputs, outputs, x, x_stride, y, y_stride, streams);
  if (version == CKernelsStepAVX2)
    return product_avx2(packed, is_half, inputs, outputs, x, x_stride, y, y_stride, streams);
#endif
  product_portable(packed, is_half, inputs, outputs, x, x_stride, y, y_stride, streams);
}

void ckernels_step_product(CKernelsStepVersion version, const float *packed, long inputs, long outputs,
                           const float *x, long x_stride, float *y, long y_stride, long streams) {
  product_by(version, packed, false, inputs, outputs, x, x_stride, y, y_stride, streams);
}

void ckernels_step_product_halves(CKernelsStepVersion version, const uint16_t *packed, long inputs, long outputs,
                                  const float *x, long x_stride, float *y, long y_stride, long streams) {
  product_by(version, packed, true, inputs, outputs, x, x_stride, y, y_stride, streams);
}

void ckernels_step_gates(CKernelsStepVersion version, const float *a, const float *b, float *out, long count) {
#if defined(__x86_64__)
  if (version == CKernelsStepAVX512) return gates_avx512(a, b, out, count);
  if (version == CKernelsStepAVX2) return gates_avx2(a, b, out, count);
#endif
  gates_portable(a, b, out, count);
}

void ckernels_step_silu(CKernelsStepVersion version, float *x, long count) {
#if defined(__x86_64__)
  if (version == CKernelsStepAVX512) return silu_avx512(x, count);
  if (version == CKernelsStepAVX2) return silu_avx2(x, count);
#endif
  silu_portable(x, count);
}
