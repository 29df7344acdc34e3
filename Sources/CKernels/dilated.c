// WaveNet one sample at a time. A step is a long chain of small products, and what it costs is reading the weights
// once: they lie in the order in which they are read, 16 outputs side by side. Half of every dilated convolution reads
// the past and depends on nothing in this step, so it is issued where the chain would otherwise wait for the gates.
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "CKernelsDilated.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// All versions have to agree on every bit of the 8-bit path, so a product is never fused with a sum except in the
// fp32 matrices, which ask for it.
#pragma STDC FP_CONTRACT OFF

// Functions that take vectors are always inlined, so how they would be passed does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

enum { lanes = CKernelsLanes, panel = 8, zero_point = 128 };

typedef float vector __attribute__((vector_size(64), aligned(4)));
typedef int integers __attribute__((vector_size(64), aligned(4)));
typedef int16_t shorts __attribute__((vector_size(64), aligned(1)));
typedef double doubles __attribute__((vector_size(128), aligned(8)));
typedef uint8_t bytes __attribute__((vector_size(16), aligned(1)));

#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINE __attribute__((always_inline)) static inline

static long rounded(long channels) { return (channels + lanes - 1) / lanes * lanes; }

/// How many blocks of 16 outputs lie side by side when `left` are still to come: 8, and at the end 4, 2 or 1.
INLINE long panel_width(long left) { return left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1; }

// MARK: - Layout

/// Where a matrix's parts lie, in bytes from the beginning of its block.
typedef struct {
  size_t weights, bias, start, scale;
} Matrix;

typedef struct {
  size_t embedding, factors, layers;
  /// Of one layer: `past` is that of the following layer, and of the first one in the last, because the past is
  /// multiplied one layer ahead, in slices of 16 inputs, each a matrix.
  size_t stride, past;
  /// Of `skip` a layer has only the weights of its own inputs; the rest is `skip_end`, after the layers.
  Matrix now, residual, skip;
  Matrix skip_end, hidden, output;
  size_t size;
} Layout;

static Matrix matrix(CKernelsDilatedShape shape, size_t *offset, long inputs, long outputs) {
  Matrix m;
  m.weights = *offset;
  m.bias = m.weights + (size_t)inputs * outputs * (shape.int8 ? 1 : sizeof(float));
  m.start = m.bias + sizeof(float) * outputs;
  m.scale = m.start + (shape.int8 ? sizeof(int) * outputs : 0);
  *offset = m.scale + (shape.int8 ? sizeof(float) * outputs : 0);
  return m;
}

static Layout layout_of(CKernelsDilatedShape shape) {
  const long r = shape.residual, s = rounded(shape.skip), k = rounded(shape.outputs);
  Layout l;
  l.embedding = 0;
  l.factors = sizeof(float) * shape.outputs * r;
  l.layers = l.factors + sizeof(float) * rounded(shape.layers + 2);
  size_t offset = 0;
  l.now = matrix(shape, &offset, r, 2 * r);
  l.past = offset;
  offset += (size_t)2 * r * r * (shape.int8 ? 1 : sizeof(float));
  l.residual = matrix(shape, &offset, r, r);
  l.skip = matrix(shape, &offset, r, s);
  offset = l.stride = l.skip.bias;
  offset = l.layers + l.stride * shape.layers;
  l.skip_end = matrix(shape, &offset, 0, s);
  l.hidden = matrix(shape, &offset, s, s);
  l.output = matrix(shape, &offset, s, k);
  l.size = offset;
  return l;
}

/// A stream: the working memory of a step, then the past of every layer.
typedef struct {
  size_t cursors, x, gates, next, sums, z, skip, hidden, logits, ring, size;
} State;

static State state_of(CKernelsDilatedShape shape) {
  const long r = shape.residual, s = rounded(shape.skip), k = rounded(shape.outputs);
  const long element = shape.int8 ? 1 : sizeof(float);
  State l;
  l.cursors = 0;
  l.x = sizeof(int) * rounded(shape.layers);
  l.gates = l.x + sizeof(float) * r;
  l.next = l.gates + sizeof(float) * 2 * r;
  l.sums = l.next + sizeof(float) * 2 * r;
  l.z = l.sums + sizeof(float) * (r + s + k);
  l.skip = l.z + sizeof(float) * r;
  l.hidden = l.skip + sizeof(float) * s;
  l.logits = l.hidden + sizeof(float) * s;
  l.ring = l.logits + sizeof(float) * k;
  long past = 0;
  for (long i = 0; i < shape.layers; ++i) past += shape.dilations[i];
  l.size = l.ring + ((size_t)element * r * past + 63) / 64 * 64;
  return l;
}

size_t ckernels_dilated_packed_bytes(CKernelsDilatedShape shape) { return layout_of(shape).size; }

size_t ckernels_dilated_state_bytes(CKernelsDilatedShape shape) { return state_of(shape).size; }

void ckernels_dilated_reset(CKernelsDilatedShape shape, void *state) {
  const State l = state_of(shape);
  memset(state, 0, l.ring);
  memset((char *)state + l.ring, shape.int8 ? zero_point : 0, l.size - l.ring);
}

// MARK: - Packing

/// The largest magnitude of a row.
static float largest(const float *row, long count) {
  float most = 0;
  for (long i = 0; i < count; ++i) most = fmaxf(most, fabsf(row[i]));
  return most;
}

/// `weight [outputs, inputs]`, rows `stride` apart, both numbers rounded up: panels of up to 8 blocks, in a panel one
/// input after another, or in 8 bits groups of four, which one instruction multiplies.
static void pack_weights(bool int8, const float *weight, long stride, long inputs, long outputs, const float *steps,
                         void *packed, int *start) {
  const long blocks = rounded(outputs) / lanes, group = int8 ? 4 : 1;
  char *to = packed;
  for (long b = 0, width; b < blocks; b += width) {
    width = panel_width(blocks - b);
    for (long i = 0; i < rounded(inputs); i += group)
      for (long d = b * lanes; d < (b + width) * lanes; ++d)
        for (long c = i; c < i + group; ++c) {
          const float value = d < outputs && c < inputs ? weight[d * stride + c] : 0;
          if (int8) {
            const int q = steps[d] > 0 ? (int)fmaxf(-127, fminf(127, rintf(value / steps[d]))) : 0;
            *(int8_t *)to = (int8_t)q;
            // Activations are stored with 128 added; so the sums start with what that adds to them taken away.
            start[d] -= zero_point * q;
            to += 1;
          } else {
            *(float *)to = value;
            to += sizeof(float);
          }
        }
  }
}

/// What belongs to the rows of a matrix: the bias, and for 8 bits the step of the weights in the place of the scale.
static void pack_rows(bool int8, const float *weight, const float *bias, long inputs, long outputs, char *packed,
                      Matrix at) {
  memcpy(packed + at.bias, bias, sizeof(float) * outputs);
  if (int8)
    for (long d = 0; d < outputs; ++d)
      ((float *)(packed + at.scale))[d] = largest(weight + d * inputs, inputs) / 127.0f;
}

/// `range` is the largest magnitude of the inputs.
static void pack_scales(bool int8, float range, long outputs, char *packed, Matrix at) {
  if (int8)
    for (long d = 0; d < outputs; ++d) ((float *)(packed + at.scale))[d] *= range / 127.0f;
}

static void pack_matrix(bool int8, const float *weight, const float *bias, long inputs, long outputs, float range,
                        char *packed, Matrix at) {
  pack_rows(int8, weight, bias, inputs, outputs, packed, at);
  pack_weights(int8, weight, inputs, inputs, outputs, (const float *)(packed + at.scale), packed + at.weights,
               (int *)(packed + at.start));
  pack_scales(int8, range, outputs, packed, at);
}

void ckernels_dilated_pack(CKernelsDilatedShape shape, CKernelsDilatedWeights weights, CKernelsDilatedScales scales,
                           void *packed) {
  const Layout l = layout_of(shape);
  const long r = shape.residual, all = shape.layers * r, element = shape.int8 ? 1 : sizeof(float);
  char *to = packed;
  memset(packed, 0, l.size);
  memcpy(to + l.embedding, weights.embedding, sizeof(float) * shape.outputs * r);
  float *factors = (float *)(to + l.factors);
  if (shape.int8) {
    for (long i = 0; i < shape.layers; ++i) factors[i] = 127.0f / scales.inputs[i];
    factors[shape.layers] = 127.0f / scales.skip;
    factors[shape.layers + 1] = 127.0f / scales.hidden;
  }
  pack_rows(shape.int8, weights.skip, weights.skip_bias, all, shape.skip, to, l.skip_end);
  for (long i = 0; i < shape.layers; ++i) {
    char *block = to + l.layers + l.stride * i;
    char *before = to + l.layers + l.stride * ((i + shape.layers - 1) % shape.layers);
    const float *past = weights.past + i * 2 * r * r, *now = weights.now + i * 2 * r * r;
    float *scale = (float *)(block + l.now.scale);
    int *start = (int *)(block + l.now.start);
    // Both halves are one matrix: they share a sum, and so the scale of a row.
    if (shape.int8)
      for (long d = 0; d < 2 * r; ++d) scale[d] = fmaxf(largest(past + d * r, r), largest(now + d * r, r)) / 127.0f;
    for (long c = 0; c < r; c += lanes)
      pack_weights(shape.int8, past + c, r, lanes, 2 * r, scale, before + l.past + 2 * r * c * element, start);
    pack_weights(shape.int8, now, r, r, 2 * r, scale, block + l.now.weights, start);
    if (shape.int8) pack_scales(true, scales.inputs[i], 2 * r, block, l.now);
    if (i + 1 < shape.layers)
      pack_matrix(shape.int8, weights.residual + i * r * r, weights.residual_bias + i * r, r, r, 1, block, l.residual);
    // One scale per row of all layers: their sum is one.
    pack_weights(shape.int8, weights.skip + i * r, all, r, shape.skip, (const float *)(to + l.skip_end.scale),
                 block + l.skip.weights, (int *)(to + l.skip_end.start));
  }
  pack_scales(shape.int8, 1, shape.skip, to, l.skip_end);
  pack_matrix(shape.int8, weights.hidden, weights.hidden_bias, shape.skip, shape.skip, scales.skip, to, l.hidden);
  pack_matrix(shape.int8, weights.output, weights.output_bias, shape.skip, shape.outputs, scales.hidden, to, l.output);
}

// MARK: - Products

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

// MARK: - Between the products

/// x where the mask is off, y where it is on.
INLINE vector chosen(integers mask, vector y, vector x) {
  return (vector)(((integers)y & mask) | ((integers)x & ~mask));
}

INLINE vector clamp(vector x, float least, float most) {
  const vector zero = {0}, low = zero + least, high = zero + most;
  x = chosen(x < low, low, x);
  return chosen(x > high, high, x);
}

/// e^x within 2 units in the last place for `least`…`most` within −87…88, as in step.c but never fused.
INLINE vector exponential(vector x, float least, float most) {
  x = clamp(x, least, most);
  // Adding 1.5 · 2^23 rounds to a whole number, which is then in the lowest bits.
  const vector shifted = x * 1.44269504f + 12582912.0f;
  const vector n = shifted - 12582912.0f;
  const vector r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  // The terms in pairs: a shorter chain than one after another.
  const vector square = r * r;
  vector p = (r * 1.9875691500e-4f + 1.3981999507e-3f) * square + (r * 8.3334519073e-3f + 4.1665795894e-2f);
  p = p * square + (r * 1.6666665459e-1f + 5.0000001201e-1f);
  p = p * square + (r + 1.0f);
  const integers power = (((integers)shifted - 0x4B400000) + 127) << 23;
  return p * (vector)power;
}

/// tanh(a) · σ(b) with one division. Where the denominator overflows, σ(b) is below 10⁻¹⁷ or tanh(a) is −1 with such a
/// σ(b), and the result is 0; a is cut off where tanh is ±1 in single precision.
INLINE vector gate(vector a, vector b) {
  const vector p = exponential(a * 2.0f, -20.0f, 20.0f);
  const vector q = exponential(-b, -87.0f, 88.0f);
  return (p - 1.0f) / ((p + 1.0f) * (q + 1.0f));
}

/// Rounds what is within −127…127, halves to even, and adds 128.
INLINE void store_bytes(vector x, uint8_t *out) {
  *(bytes *)out = __builtin_convertvector((integers)(x + 12582912.0f) + zero_point, bytes);
}

INLINE void quantise(vector x, float factor, uint8_t *out) {
  store_bytes(clamp(x * factor, -127.0f, 127.0f), out);
}

/// The block of outputs at `d` of a product: sums · scale + bias.
INLINE vector dequantised(const int *sums, const char *block, Matrix at, const float *bias, long d) {
  const vector values = __builtin_convertvector(*(const integers *)(sums + d), vector);
  return values * *(const vector *)(block + at.scale + sizeof(float) * d) + *(const vector *)(bias + d);
}

INLINE const float *bias_of(const char *block, Matrix at) { return (const float *)(block + at.bias); }

// MARK: - A step

INLINE void step_int8(const int version, CKernelsDilatedShape shape, const Layout *l, const State *at,
                      const char *packed, char *state, const float *conditions, int previous) {
  const long r = shape.residual, s = rounded(shape.skip), k = rounded(shape.outputs);
  const float *factors = (const float *)(packed + l->factors);
  int *cursors = (int *)(state + at->cursors);
  float *x = (float *)(state + at->x);
  int *gates = (int *)(state + at->gates), *next = (int *)(state + at->next), *sums = (int *)(state + at->sums);
  uint8_t *z = (uint8_t *)(state + at->z);
  uint8_t *ring = (uint8_t *)(state + at->ring);
  int *total = (int *)(state + at->skip);
  const char *block = packed + l->layers;
  memcpy(x, packed + l->embedding + sizeof(float) * r * previous, sizeof(float) * r);
  memcpy(total, packed + l->skip_end.start, sizeof(int) * s);
  uint8_t *slot = ring + cursors[0] * r;
  const char *past = block + l->stride * (shape.layers - 1) + l->past;
  memcpy(gates, block + l->now.start, sizeof(int) * 2 * r);
  for (long d = 0; d < r; d += lanes) whole(version, past + 2 * r * d, lanes, 2 * r, slot + d, gates, gates);
  for (long i = 0;; ++i) {
    for (long d = 0; d < r; d += lanes) quantise(*(const vector *)(x + d), factors[i], slot + d);
    if (i > 0) whole(version, block - l->stride + l->skip.weights, r, s, z, total, total);
    whole(version, block + l->now.weights, r, 2 * r, slot, gates, gates);
    cursors[i] = cursors[i] + 1 == shape.dilations[i] ? 0 : cursors[i] + 1;
    const bool last = i + 1 == shape.layers;
    ring += shape.dilations[i] * r;
    if (!last) slot = ring + cursors[i + 1] * r;
    // A slice of the next layer's past after every block of gates: enough to do until its result is there.
    for (long d = 0; d < r; d += lanes) {
      const vector a = dequantised(gates, block, l->now, conditions, d);
      const vector b = dequantised(gates, block, l->now, conditions, r + d);
      store_bytes(gate(a, b) * 127.0f, z + d);
      if (!last)
        whole(version, block + l->past + 2 * r * d, lanes, 2 * r, slot + d,
              d == 0 ? block + l->stride + l->now.start : (const char *)next, next);
    }
    if (last) break;
    int *swapped = gates;
    gates = next;
    next = swapped;
    whole(version, block + l->residual.weights, r, r, z, block + l->residual.start, sums);
    for (long d = 0; d < r; d += lanes)
      *(vector *)(x + d) += dequantised(sums, block, l->residual, bias_of(block, l->residual), d);
    block += l->stride;
    conditions += 2 * r;
  }
  whole(version, block + l->skip.weights, r, s, z, total, total);
  uint8_t *skip = (uint8_t *)(state + at->hidden), *hidden = skip + s;
  float *logits = (float *)(state + at->logits);
  for (long d = 0; d < s; d += lanes) {
    const vector y = dequantised(total, packed, l->skip_end, bias_of(packed, l->skip_end), d);
    quantise(chosen(y < 0.0f, (vector){0}, y), factors[shape.layers], skip + d);
  }
  whole(version, packed + l->hidden.weights, s, s, skip, packed + l->hidden.start, sums);
  for (long d = 0; d < s; d += lanes) {
    const vector y = dequantised(sums, packed, l->hidden, bias_of(packed, l->hidden), d);
    quantise(chosen(y < 0.0f, (vector){0}, y), factors[shape.layers + 1], hidden + d);
  }
  whole(version, packed + l->output.weights, s, k, hidden, packed + l->output.start, sums);
  for (long d = 0; d < k; d += lanes)
    *(vector *)(logits + d) = dequantised(sums, packed, l->output, bias_of(packed, l->output), d);
}

INLINE void relu(float *x, long count) {
  for (long d = 0; d < count; d += lanes) {
    const vector y = *(const vector *)(x + d);
    *(vector *)(x + d) = chosen(y < 0.0f, (vector){0}, y);
  }
}

INLINE void step_floats(const int version, CKernelsDilatedShape shape, const Layout *l, const State *at,
                        const char *packed, char *state, const float *conditions, int previous) {
  const long r = shape.residual, s = rounded(shape.skip), k = rounded(shape.outputs);
  int *cursors = (int *)(state + at->cursors);
  float *x = (float *)(state + at->x), *gates = (float *)(state + at->gates), *next = (float *)(state + at->next);
  float *z = (float *)(state + at->z);
  float *ring = (float *)(state + at->ring);
  float *skip = (float *)(state + at->skip), *hidden = (float *)(state + at->hidden);
  const char *block = packed + l->layers;
  memcpy(x, packed + l->embedding + sizeof(float) * r * previous, sizeof(float) * r);
  memcpy(skip, packed + l->skip_end.bias, sizeof(float) * s);
  float *slot = ring + cursors[0] * r;
  const char *past = block + l->stride * (shape.layers - 1) + l->past;
  memcpy(gates, conditions, sizeof(float) * 2 * r);
  for (long d = 0; d < r; d += lanes)
    floats(version, past + sizeof(float) * 2 * r * d, lanes, 2 * r, slot + d, gates, gates);
  for (long i = 0;; ++i) {
    memcpy(slot, x, sizeof(float) * r);
    if (i > 0) floats(version, block - l->stride + l->skip.weights, r, s, z, skip, skip);
    floats(version, block + l->now.weights, r, 2 * r, x, gates, gates);
    cursors[i] = cursors[i] + 1 == shape.dilations[i] ? 0 : cursors[i] + 1;
    const bool last = i + 1 == shape.layers;
    ring += shape.dilations[i] * r;
    conditions += 2 * r;
    if (!last) slot = ring + cursors[i + 1] * r;
    for (long d = 0; d < r; d += lanes) {
      *(vector *)(z + d) = gate(*(const vector *)(gates + d), *(const vector *)(gates + r + d));
      if (!last)
        floats(version, block + l->past + sizeof(float) * 2 * r * d, lanes, 2 * r, slot + d,
               d == 0 ? conditions : next, next);
    }
    if (last) break;
    float *swapped = gates;
    gates = next;
    next = swapped;
    floats(version, block + l->residual.weights, r, r, z, x, x);
    for (long d = 0; d < r; d += lanes)
      *(vector *)(x + d) += *(const vector *)(bias_of(block, l->residual) + d);
    block += l->stride;
  }
  floats(version, block + l->skip.weights, r, s, z, skip, skip);
  relu(skip, s);
  floats(version, packed + l->hidden.weights, s, s, skip, packed + l->hidden.bias, hidden);
  relu(hidden, s);
  floats(version, packed + l->output.weights, s, k, hidden, packed + l->output.bias, (float *)(state + at->logits));
}

INLINE void step(const int version, CKernelsDilatedShape shape, const Layout *l, const State *at, const char *packed,
                 char *state, const float *conditions, int previous) {
  if (shape.int8)
    step_int8(version, shape, l, at, packed, state, conditions, previous);
  else
    step_floats(version, shape, l, at, packed, state, conditions, previous);
}

// MARK: - Drawing

/// The most probable level, the lowest of equal ones.
INLINE int most_probable(const float *logits, long count) {
  int best = 0;
  for (int i = 1; i < count; ++i)
    if (logits[i] > logits[best]) best = i;
  return best;
}

/// The weights e^{(logit − the largest) · factor} of all levels in place, and 0 after them. Returns their sum, blocks
/// of 16 summed each in its order (`sums`), then the blocks, so that all versions agree.
INLINE double weigh(float *logits, long count, float factor, double *sums, float *largest) {
  const long all = rounded(count);
  for (long i = count; i < all; ++i) logits[i] = logits[0];
  vector most = *(const vector *)logits;
  for (long i = lanes; i < all; i += lanes) {
    const vector y = *(const vector *)(logits + i);
    most = chosen(y > most, y, most);
  }
  float top = most[0];
  UNROLLED for (int j = 1; j < lanes; ++j) top = most[j] > top ? most[j] : top;
  for (long i = 0; i < all; i += lanes) {
    vector *at = (vector *)(logits + i);
    *at = exponential((*at - top) * factor, -87.0f, 0.0f);
  }
  for (long i = count; i < all; ++i) logits[i] = 0;
  double total = 0;
  for (long i = 0; i < all; i += lanes) {
    double sum = 0;
    UNROLLED for (int j = 0; j < lanes; ++j) sum += logits[i + j];
    sums[i / lanes] = sum;
    total += sum;
  }
  *largest = top;
  return total;
}

/// The sum of the weights that are at least `least`, compared as bits, which have the same order.
INLINE double sum_from(const float *weights, long all, int least) {
  doubles sum = {0};
  for (long i = 0; i < all; i += lanes) {
    const integers y = *(const integers *)(weights + i);
    sum += __builtin_convertvector((vector)(y & (y >= least)), doubles);
  }
  UNROLLED for (int half = lanes / 2; half > 0; half /= 2)
    UNROLLED for (int j = 0; j < half; ++j) sum[j] += sum[j + half];
  return sum[0];
}

/// Sets to zero what is not among the fewest largest whose sum reaches `share` of the total. Returns the sum of the
/// rest; `sums` are those of the blocks. Bisecting the bits takes 30 passes, whatever remains, less than sorting.
INLINE double nucleus(float *weights, long count, double total, double share, double *sums) {
  const long all = rounded(count);
  const double enough = total * share;
  int reaches = 0, misses = 0x3F800001;
  while (misses - reaches > 1) {
    const int middle = reaches + (misses - reaches) / 2;
    if (sum_from(weights, all, middle) >= enough)
      reaches = middle;
    else
      misses = middle;
  }
  double kept = sum_from(weights, all, reaches + 1);
  for (long i = 0; i < all; ++i) {
    int bits;
    memcpy(&bits, weights + i, sizeof(bits));
    if (bits == reaches && (kept < enough || kept == 0))
      kept += weights[i];
    else if (bits <= reaches)
      weights[i] = 0;
  }
  double rest = 0;
  for (long i = 0; i < all; i += lanes) {
    double sum = 0;
    UNROLLED for (int j = 0; j < lanes; ++j) sum += weights[i + j];
    sums[i / lanes] = sum;
    rest += sum;
  }
  return rest;
}

/// The first level at which the sum of the weights exceeds `target`; if rounding lets none, the last that has weight.
INLINE int at_sum(const float *weights, const double *sums, long count, double target) {
  int found = 0;
  double before = 0;
  for (int b = 0; b * lanes < count; ++b) {
    if (before + sums[b] <= target) {
      before += sums[b];
      continue;
    }
    for (int i = b * lanes; i < (b + 1) * lanes; ++i) {
      if (weights[i] > 0) found = i;
      before += weights[i];
      if (before > target) break;
    }
    return found;
  }
  for (int i = 0; i < count; ++i)
    if (weights[i] > 0) found = i;
  return found;
}

INLINE void draw(const int version, CKernelsDilatedShape shape, const char *packed, char *state,
                 const float *conditions, int *previous, const double *uniforms, long count, float temperature,
                 float top_p, unsigned char *levels) {
  const Layout l = layout_of(shape);
  const State at = state_of(shape);
  float *logits = (float *)(state + at.logits);
  int level = *previous;
  for (long t = 0; t < count; ++t) {
    step(version, shape, &l, &at, packed, state, conditions, level);
    if (temperature > 0) {
      double sums[16];
      float largest;
      double total = weigh(logits, shape.outputs, 1.0f / temperature, sums, &largest);
      if (top_p < 1) total = nucleus(logits, shape.outputs, total, top_p, sums);
      level = at_sum(logits, sums, shape.outputs, uniforms[t] * total);
    } else {
      level = most_probable(logits, shape.outputs);
    }
    levels[t] = (unsigned char)level;
  }
  *previous = level;
}

INLINE void score(const int version, CKernelsDilatedShape shape, const char *packed, char *state,
                  const float *conditions, int *previous, const unsigned char *levels, long count, double *nats) {
  const Layout l = layout_of(shape);
  const State at = state_of(shape);
  float *logits = (float *)(state + at.logits);
  int level = *previous;
  for (long t = 0; t < count; ++t) {
    step(version, shape, &l, &at, packed, state, conditions, level);
    level = levels[t];
    double sums[16];
    float largest;
    const float logit = logits[level];
    const double total = weigh(logits, shape.outputs, 1, sums, &largest);
    nats[t] = (double)logit - (double)largest - log(total);
  }
  *previous = level;
}

INLINE void one(const int version, CKernelsDilatedShape shape, const char *packed, char *state,
                const float *conditions, int previous, float *logits) {
  const Layout l = layout_of(shape);
  const State at = state_of(shape);
  step(version, shape, &l, &at, packed, state, conditions, previous);
  memcpy(logits, state + at.logits, sizeof(float) * shape.outputs);
}

// MARK: - The ceiling

INLINE void either(const int version, CKernelsDilatedShape shape, const char *block, Matrix at, long inputs,
                   long outputs, const void *x, void *y) {
  if (shape.int8)
    whole(version, block + at.weights, inputs, outputs, x, block + at.start, y);
  else
    floats(version, block + at.weights, inputs, outputs, x, block + at.bias, y);
}

INLINE void products(const int version, CKernelsDilatedShape shape, const char *packed, char *state, long steps) {
  const Layout l = layout_of(shape);
  const State at = state_of(shape);
  const long r = shape.residual, s = rounded(shape.skip), k = rounded(shape.outputs);
  char *gates = state + at.gates, *sums = state + at.sums;
  const void *z = state + at.z, *wide = state + at.skip;
  Matrix past = l.now, skip = l.skip_end;
  for (long t = 0; t < steps; ++t) {
    for (long i = 0; i < shape.layers; ++i) {
      const char *block = packed + l.layers + l.stride * i;
      either(version, shape, block, l.now, r, 2 * r, z, gates);
      for (long d = 0; d < r; d += lanes) {
        past.weights = l.past + 2 * r * d * (shape.int8 ? 1 : sizeof(float));
        either(version, shape, block, past, lanes, 2 * r, z, gates);
      }
      if (i + 1 < shape.layers) either(version, shape, block, l.residual, r, r, z, sums);
      skip.weights = l.layers + l.stride * i + l.skip.weights;
      either(version, shape, packed, skip, r, s, z, sums);
    }
    either(version, shape, packed, l.hidden, s, s, wide, sums);
    either(version, shape, packed, l.output, s, k, wide, sums);
  }
}

// MARK: - Versions

#define VERSION(name, attribute, version)                                                                        \
  attribute static void one_##name(CKernelsDilatedShape shape, const void *packed, void *state,                  \
                                   const float *conditions, int previous, float *logits) {                       \
    one(version, shape, packed, state, conditions, previous, logits);                                            \
  }                                                                                                              \
  attribute static void draw_##name(CKernelsDilatedShape shape, const void *packed, void *state,                 \
                                    const float *conditions, int *previous, const double *uniforms, long count,  \
                                    float temperature, float top_p, unsigned char *levels) {                     \
    draw(version, shape, packed, state, conditions, previous, uniforms, count, temperature, top_p, levels);      \
  }                                                                                                              \
  attribute static void score_##name(CKernelsDilatedShape shape, const void *packed, void *state,                \
                                     const float *conditions, int *previous, const unsigned char *levels,        \
                                     long count, double *nats) {                                                 \
    score(version, shape, packed, state, conditions, previous, levels, count, nats);                             \
  }                                                                                                              \
  attribute static void products_##name(CKernelsDilatedShape shape, const void *packed, void *state, long steps) { \
    products(version, shape, packed, state, steps);                                                              \
  }

VERSION(portable, , CKernelsStepPortable)
#if defined(__x86_64__)
VERSION(avx2, AVX2, CKernelsStepAVX2)
VERSION(avx512, AVX512, CKernelsStepAVX512)
#define CALL(function, ...)                                                             \
  version == CKernelsStepAVX512 ? function##_avx512(__VA_ARGS__)                        \
  : version == CKernelsStepAVX2 ? function##_avx2(__VA_ARGS__)                          \
                                : function##_portable(__VA_ARGS__)
#else
#define CALL(function, ...) function##_portable(__VA_ARGS__)
#endif

CKernelsStepVersion ckernels_dilated_best(bool int8) {
  const CKernelsStepVersion best = ckernels_step_best();
#if defined(__x86_64__)
  if (best == CKernelsStepAVX512) {
    const bool fast = __builtin_cpu_supports("avx512bw") && (!int8 || __builtin_cpu_supports("avx512vnni"));
    if (!fast) return CKernelsStepAVX2;
  }
#endif
  return best;
}

void ckernels_dilated_logits(CKernelsStepVersion version, CKernelsDilatedShape shape, const void *packed, void *state,
                             const float *conditions, int previous, float *logits) {
  CALL(one, shape, packed, state, conditions, previous, logits);
}

void ckernels_dilated_draw(CKernelsStepVersion version, CKernelsDilatedShape shape, const void *packed, void *state,
                           const float *conditions, int *previous, const double *uniforms, long count,
                           float temperature, float top_p, unsigned char *levels) {
  CALL(draw, shape, packed, state, conditions, previous, uniforms, count, temperature, top_p, levels);
}

void ckernels_dilated_score(CKernelsStepVersion version, CKernelsDilatedShape shape, const void *packed, void *state,
                            const float *conditions, int *previous, const unsigned char *levels, long count,
                            double *nats) {
  CALL(score, shape, packed, state, conditions, previous, levels, count, nats);
}

void ckernels_dilated_products(CKernelsStepVersion version, CKernelsDilatedShape shape, const void *packed, void *state,
                               long steps) {
  CALL(products, shape, packed, state, steps);
}
