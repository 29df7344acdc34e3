// WaveNet one sample at a time. A step is a long chain of small products, and what it costs is reading the weights
// once: they lie in the order in which they are read, 16 outputs side by side. Half of every dilated convolution reads
// the past and depends on nothing in this step, so it is issued where the chain would otherwise wait for the gates.
#include "dilated_draw.h"

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
