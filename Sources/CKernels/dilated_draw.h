// Draws a level from the scores of a step, or says how probable a given one is.
#ifndef CKERNELS_DILATED_DRAW_H
#define CKERNELS_DILATED_DRAW_H

#include "dilated_step.h"

/// The most probable level, the lowest of equal ones.
INLINE int most_probable(const float *logits, long count) {
  int best = 0;
  for (int i = 1; i < count; ++i)
    if (logits[i] > logits[best]) best = i;
  return best;
}

/// The sum of all: of blocks of 16 each in its order (`sums`), then of the blocks, so that all versions agree.
INLINE double sum_blocks(const float *weights, long all, double *sums) {
  double total = 0;
  for (long i = 0; i < all; i += lanes) {
    double sum = 0;
    UNROLLED for (int j = 0; j < lanes; ++j) sum += weights[i + j];
    sums[i / lanes] = sum;
    total += sum;
  }
  return total;
}

/// The weights e^{(logit − the largest) · factor} of all levels in place, and 0 after them. Returns their sum.
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
  *largest = top;
  return sum_blocks(logits, all, sums);
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
  return sum_blocks(weights, all, sums);
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
    step(version, shape, &l, &at, packed, state, conditions, level, t);
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
    step(version, shape, &l, &at, packed, state, conditions, level, t);
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
  step(version, shape, &l, &at, packed, state, conditions, previous, 0);
  memcpy(logits, state + at.logits, sizeof(float) * shape.outputs);
}

#endif
