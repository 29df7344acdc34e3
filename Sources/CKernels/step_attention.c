// What a transformer needs that reads one token at a time, beside the products of `step.c`: attention to the tokens before,
// and a layer's normalisation and activation.
#include <math.h>

#include "step_vectors.h"

INLINE float total(vector x) {
  float sum = 0;
  UNROLLED for (int i = 0; i < lanes; ++i) sum += x[i];
  return sum;
}

/// Scores of 16 tokens at a time, for which keys lie number by number; then values, which lie token by token.
INLINE void attention(const float *query, const float *keys, const float *values, long size, long length, long count,
                      float factor, float *scores, float *out) {
  const long whole = (count + lanes - 1) / lanes * lanes;
  float most = -INFINITY;
  for (long t = 0; t < whole; t += lanes) {
    vector sum = {0};
    for (long i = 0; i < size; ++i) sum += query[i] * *(const vector *)(keys + i * length + t);
    *(vector *)(scores + t) = sum * factor;
  }
  for (long t = 0; t < count; ++t) most = scores[t] > most ? scores[t] : most;
  // These get e^−87, which is lost beside the greatest's 1.
  for (long t = count; t < whole; ++t) scores[t] = -INFINITY;
  vector sums = {0};
  for (long t = 0; t < whole; t += lanes) {
    const vector share = exponential(*(const vector *)(scores + t) - most);
    *(vector *)(scores + t) = share;
    sums += share;
  }
  const float share = 1 / total(sums);
  for (long i = 0; i < size; i += 2 * lanes) {
    const bool has_two = i + lanes < size;
    vector first = {0}, second = {0};
    for (long t = 0; t < count; ++t) {
      const float *place = values + t * size + i;
      first += scores[t] * *(const vector *)place;
      if (has_two) second += scores[t] * *(const vector *)(place + lanes);
    }
    *(vector *)(out + i) = first * share;
    if (has_two) *(vector *)(out + i + lanes) = second * share;
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
