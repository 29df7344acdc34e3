// Products of a packed matrix with one vector, in fp32 and in 8 bits.
#ifndef CKERNELS_DILATED_PRODUCTS_H
#define CKERNELS_DILATED_PRODUCTS_H

#include "dilated_layout.h"

/// How far ahead fp32 weights are asked for, in floats: they come from beyond the second cache.
enum { ahead = 2048 };

/// `count` blocks out of a panel of `width`. The inputs go in their order.
INLINE void float_panel(const float *weights, long width, long inputs, const float *x, const float *start, float *out,
                        const int count) {
#pragma clang fp contract(on)
  vector sums[panel];
  UNROLLED for (int b = 0; b < count; ++b) sums[b] = *(const vector *)(start + b * lanes);
  for (long i = 0; i < inputs; ++i) {
    const float value = x[i];
    const float *row = weights + i * width * lanes;
    UNROLLED for (int b = 0; b < count; ++b) {
      __builtin_prefetch(row + b * lanes + ahead, 0, 2);
      sums[b] += value * *(const vector *)(row + b * lanes);
    }
  }
  UNROLLED for (int b = 0; b < count; ++b) *(vector *)(out + b * lanes) = sums[b];
}

/// out = start + W · x, at most `most` blocks at a time, as registers allow.
INLINE void float_product(const float *weights, long inputs, long outputs, const float *x, const float *start,
                          float *out, const int most) {
  const long blocks = outputs / lanes;
  for (long b = 0, width; b < blocks; b += width) {
    width = panel_width(blocks - b);
    const float *at = weights + b * lanes * inputs;
    const int count = width < most ? (int)width : most;
    for (long p = 0; p < width; p += count) {
      const long d = (b + p) * lanes;
      if (count == 8) float_panel(at + p * lanes, width, inputs, x, start + d, out + d, 8);
      if (count == 4) float_panel(at + p * lanes, width, inputs, x, start + d, out + d, 4);
      if (count == 2) float_panel(at + p * lanes, width, inputs, x, start + d, out + d, 2);
      if (count == 1) float_panel(at + p * lanes, width, inputs, x, start + d, out + d, 1);
    }
  }
}

/// out = start + W · x in whole numbers; x are unsigned bytes. A lane holds four bytes: the even and the odd ones are
/// multiplied in 16 bits, where 127 · 255 has room, and the products summed in 32 (the bytes of a number lie lowest
/// first).
static void integer_product_portable(const int8_t *weights, long inputs, long outputs, const uint8_t *x,
                                     const int *start, int *out) {
  const long blocks = outputs / lanes;
  const integers zero = {0};
  for (long b = 0, width; b < blocks; b += width) {
    width = panel_width(blocks - b);
    for (long p = b; p < b + width; ++p) {
      integers sum = *(const integers *)(start + p * lanes);
      for (long i = 0; i < inputs; i += 4) {
        const shorts pairs = *(const shorts *)(weights + (b * inputs + i * width + (p - b) * 4) * lanes);
        const integers even = (integers)(((pairs << 8) >> 8) * (shorts)(zero + (x[i] | x[i + 2] << 16)));
        const integers odd = (integers)((pairs >> 8) * (shorts)(zero + (x[i + 1] | x[i + 3] << 16)));
        sum += ((even << 16) >> 16) + (even >> 16) + ((odd << 16) >> 16) + (odd >> 16);
      }
      *(integers *)(out + p * lanes) = sum;
    }
  }
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma")))
#define VNNI __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512vnni,fma")))

/// `count` blocks. The instruction that multiplies bytes saturates, so they are widened first: exact, at half the rate.
/// Every sum is then in two neighbouring lanes.
AVX2 INLINE void integer_panel_avx2(const int8_t *weights, long width, long inputs, const uint8_t *x, const int *start,
                                    int *out, const int count) {
  __m256i sums[8];
  UNROLLED for (int j = 0; j < 4 * count; ++j) sums[j] = _mm256_setzero_si256();
  for (long i = 0; i < inputs; i += 4) {
    int four;
    memcpy(&four, x + i, sizeof(four));
    const __m256i value = _mm256_broadcastq_epi64(_mm_cvtepu8_epi16(_mm_cvtsi32_si128(four)));
    const int8_t *row = weights + i * width * lanes;
    UNROLLED for (int j = 0; j < 4 * count; ++j) {
      const __m256i w = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(row + 16 * j)));
      sums[j] = _mm256_add_epi32(sums[j], _mm256_madd_epi16(w, value));
    }
  }
  UNROLLED for (int j = 0; j < 2 * count; ++j) {
    const __m256i pairs = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sums[2 * j], sums[2 * j + 1]), 0xD8);
    const __m256i first = _mm256_loadu_si256((const __m256i *)(start + 8 * j));
    _mm256_storeu_si256((__m256i *)(out + 8 * j), _mm256_add_epi32(first, pairs));
  }
}

AVX2 static void integer_product_avx2(const int8_t *weights, long inputs, long outputs, const uint8_t *x,
                                      const int *start, int *out) {
  const long blocks = outputs / lanes;
  for (long b = 0, width; b < blocks; b += width) {
    width = panel_width(blocks - b);
    const int8_t *at = weights + b * lanes * inputs;
    if (width == 1) {
      integer_panel_avx2(at, 1, inputs, x, start + b * lanes, out + b * lanes, 1);
      continue;
    }
    for (long p = 0; p < width; p += 2)
      integer_panel_avx2(at + p * lanes * 4, width, inputs, x, start + (b + p) * lanes, out + (b + p) * lanes, 2);
  }
}

/// A panel of `count` blocks. An instruction waits five cycles for the sum before it, so a narrow panel is summed in
/// several `parts`.
VNNI INLINE const int8_t *integer_panel_avx512(const int8_t *weights, long inputs, const uint8_t *x, const int *start,
                                               int *out, const int count, const int parts) {
  __m512i sums[panel];
  UNROLLED for (int b = 0; b < count * parts; ++b)
    sums[b] = b < count ? _mm512_loadu_si512(start + b * lanes) : _mm512_setzero_si512();
  for (long i = 0; i < inputs; i += 4 * parts) {
    UNROLLED for (int p = 0; p < parts; ++p) {
      int four;
      memcpy(&four, x + i + 4 * p, sizeof(four));
      const __m512i value = _mm512_set1_epi32(four);
      UNROLLED for (int b = 0; b < count; ++b) {
        sums[p * count + b] = _mm512_dpbusd_epi32(sums[p * count + b], value, _mm512_loadu_si512(weights));
        weights += 4 * lanes;
      }
    }
  }
  UNROLLED for (int p = 1; p < parts; ++p)
    UNROLLED for (int b = 0; b < count; ++b) sums[b] = _mm512_add_epi32(sums[b], sums[p * count + b]);
  UNROLLED for (int b = 0; b < count; ++b) _mm512_storeu_si512(out + b * lanes, sums[b]);
  return weights;
}

VNNI static void integer_product_avx512(const int8_t *weights, long inputs, long outputs, const uint8_t *x,
                                        const int *start, int *out) {
  long b = 0, blocks = outputs / lanes;
  for (; b + 8 <= blocks; b += 8)
    weights = integer_panel_avx512(weights, inputs, x, start + b * lanes, out + b * lanes, 8, 1);
  if (blocks & 4) {
    weights = integer_panel_avx512(weights, inputs, x, start + b * lanes, out + b * lanes, 4, 2);
    b += 4;
  }
  if (blocks & 2) {
    weights = integer_panel_avx512(weights, inputs, x, start + b * lanes, out + b * lanes, 2, 4);
    b += 2;
  }
  if (blocks & 1) integer_panel_avx512(weights, inputs, x, start + b * lanes, out + b * lanes, 1, 4);
}
#endif

#define FLOAT_PRODUCT(name, attribute, most)                                                                   \
  attribute static void float_product_##name(const float *weights, long inputs, long outputs, const float *x,  \
                                             const float *start, float *out) {                                 \
    float_product(weights, inputs, outputs, x, start, out, most);                                              \
  }

FLOAT_PRODUCT(portable, , 2)
#if defined(__x86_64__)
FLOAT_PRODUCT(avx2, AVX2, 4)
FLOAT_PRODUCT(avx512, AVX512, 8)
#endif

INLINE void floats(const int version, const void *weights, long inputs, long outputs, const float *x, const void *start,
                   float *out) {
#if defined(__x86_64__)
  if (version == CKernelsStepAVX512) return float_product_avx512(weights, inputs, outputs, x, start, out);
  if (version == CKernelsStepAVX2) return float_product_avx2(weights, inputs, outputs, x, start, out);
#endif
  float_product_portable(weights, inputs, outputs, x, start, out);
}

INLINE void whole(const int version, const void *weights, long inputs, long outputs, const uint8_t *x,
                  const void *start, int *out) {
#if defined(__x86_64__)
  if (version == CKernelsStepAVX512) return integer_product_avx512(weights, inputs, outputs, x, start, out);
  if (version == CKernelsStepAVX2) return integer_product_avx2(weights, inputs, outputs, x, start, out);
#endif
  integer_product_portable(weights, inputs, outputs, x, start, out);
}

#endif
