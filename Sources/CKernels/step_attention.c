// What a transformer needs that reads one token at a time, beside the products of `step.c`: attention to the tokens before,
// and a layer's normalisation and activation.
#include <math.h>

#include "step_vectors.h"

INLINE float total(vector x) {
  float sum = 0;
  UNROLLED for (int i = 0; i < lanes; ++i) sum += x[i];
  return sum;
}

/// Scores of `count` times 16 tokens, as many as keep both multipliers busy.
INLINE void score(const float *query, const float *keys, long size, long length, float factor, float *scores,
                  const int count) {
  vector sums[4] = {0};
  for (long i = 0; i < size; ++i)
    UNROLLED for (int p = 0; p < count; ++p) sums[p] += query[i] * *(const vector *)(keys + i * length + p * lanes);
  UNROLLED for (int p = 0; p < count; ++p) *(vector *)(scores + p * lanes) = sums[p] * factor;
}

/// Keys lie number by number, so that tokens are side by side; values lie token by token.
INLINE void attention(const float *query, const float *keys, const float *values, long size, long length, long count,
                      float factor, float *scores, float *out) {
  const long whole = (count + lanes - 1) / lanes * lanes;
  long start = 0;
  for (; start + 4 * lanes <= whole; start += 4 * lanes)
    score(query, keys + start, size, length, factor, scores + start, 4);
  for (; start < whole; start += lanes) score(query, keys + start, size, length, factor, scores + start, 1);
  // Those behind the last token get e^−87, which is lost beside the greatest's 1.
  for (long t = count; t < whole; ++t) scores[t] = -INFINITY;
  vector highest = *(const vector *)scores, sums = {0};
  for (long t = lanes; t < whole; t += lanes) {
    const vector other = *(const vector *)(scores + t);
    const integers above = other > highest;
    highest = (vector)(((integers)other & above) | ((integers)highest & ~above));
  }
  float most = highest[0];
  UNROLLED for (int i = 1; i < lanes; ++i) most = highest[i] > most ? highest[i] : most;
  for (long t = 0; t < whole; t += lanes) {
    const vector share = exponential(*(const vector *)(scores + t) - most);
    *(vector *)(scores + t) = share;
    sums += share;
  }
  const float share = 1 / total(sums);
  for (long i = 0; i < size; i += lanes) {
    // Four sums, so that additions do not wait for one another.
    vector parts[4] = {0};
    long t = 0;
    for (; t + 4 <= count; t += 4)
      UNROLLED for (int p = 0; p < 4; ++p) parts[p] += scores[t + p] * *(const vector *)(values + (t + p) * size + i);
    for (; t < count; ++t) parts[0] += scores[t] * *(const vector *)(values + t * size + i);
    *(vector *)(out + i) = ((parts[0] + parts[1]) + (parts[2] + parts[3])) * share;
  }
}

/// (x − mean) / √(variance + ε) · weight + bias.
INLINE void normalize(const float *x, const float *weight, const float *bias, float epsilon, float *out, long count) {
  vector sums = {0}, squares = {0};
  for (long i = 0; i < count; i += lanes) sums += *(const vector *)(x + i);
  const float mean = total(sums) / count;
  for (long i = 0; i < count; i += lanes) {
    const vector rest = *(const vector *)(x + i) - mean;
    squares += rest * rest;
  }
  const float factor = 1 / sqrtf(total(squares) / count + epsilon);
  for (long i = 0; i < count; i += lanes)
    *(vector *)(out + i) = (*(const vector *)(x + i) - mean) * factor * *(const vector *)(weight + i) +
                           *(const vector *)(bias + i);
}

INLINE void square_above_zero(float *x, long count) {
  for (long i = 0; i < count; i += lanes) {
    const vector value = *(const vector *)(x + i);
    const vector above = (vector)((integers)value & (value > 0.0f));
    *(vector *)(x + i) = above * above;
  }
}

#define VERSION(name, attribute)                                                                                  \
  attribute static void attention_##name(const float *query, const float *keys, const float *values, long size,   \
                                         long length, long count, float factor, float *scores, float *out) {      \
    attention(query, keys, values, size, length, count, factor, scores, out);                                     \
  }                                                                                                               \
  attribute static void normalize_##name(const float *x, const float *weight, const float *bias, float epsilon,   \
                                         float *out, long count) {                                                \
    normalize(x, weight, bias, epsilon, out, count);                                                              \
  }                                                                                                               \
  attribute static void square_above_zero_##name(float *x, long count) { square_above_zero(x, count); }

VERSION(portable, )
#if defined(__x86_64__)
VERSION(avx2, __attribute__((target("avx2,fma,f16c"))))
VERSION(avx512, __attribute__((target("avx512f,avx512vl,avx512dq,fma"))))
#define CHOOSE(version, name, arguments)                        \
  if (version == CKernelsStepAVX512) name##_avx512 arguments;   \
  else if (version == CKernelsStepAVX2) name##_avx2 arguments;  \
  else name##_portable arguments;
#else
#define CHOOSE(version, name, arguments) name##_portable arguments;
#endif

void ckernels_step_attention(CKernelsStepVersion version, const float *query, const float *keys, const float *values,
                             long size, long length, long count, float factor, float *scores, float *out) {
  CHOOSE(version, attention, (query, keys, values, size, length, count, factor, scores, out))
}

void ckernels_step_normalize(CKernelsStepVersion version, const float *x, const float *weight, const float *bias,
                             float epsilon, float *out, long count) {
  CHOOSE(version, normalize, (x, weight, bias, epsilon, out, count))
}

void ckernels_step_square_above_zero(CKernelsStepVersion version, float *x, long count) {
  CHOOSE(version, square_above_zero, (x, count))
}
