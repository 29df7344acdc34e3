// Where the parts of a packed WaveNet and of a stream lie.
#ifndef CKERNELS_DILATED_LAYOUT_H
#define CKERNELS_DILATED_LAYOUT_H

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

/// Where a matrix's parts lie, in bytes from the beginning of its block.
typedef struct {
  size_t weights, bias, start, scale;
} Matrix;

typedef struct {
  size_t embedding, phase, factors, layers;
  /// Of one layer: `past` is that of the following layer, and of the first one in the last, because the past is
  /// multiplied one layer ahead, in slices of 16 inputs, each a matrix.
  size_t stride, past;
  /// Of `skip` a layer has only the weights of its own inputs; the rest is `skip_end`, after the layers.
  Matrix now, residual, skip;
  Matrix skip_end, hidden, output;
  size_t size;
} Layout;

INLINE Matrix matrix(CKernelsDilatedShape shape, size_t *offset, long inputs, long outputs) {
  Matrix m;
  m.weights = *offset;
  m.bias = m.weights + (size_t)inputs * outputs * (shape.int8 ? 1 : sizeof(float));
  m.start = m.bias + sizeof(float) * outputs;
  m.scale = m.start + (shape.int8 ? sizeof(int) * outputs : 0);
  *offset = m.scale + (shape.int8 ? sizeof(float) * outputs : 0);
  return m;
}

INLINE Layout layout_of(CKernelsDilatedShape shape) {
  const long r = shape.residual, s = rounded(shape.skip), k = rounded(shape.outputs);
  Layout l;
  l.embedding = 0;
  l.phase = sizeof(float) * shape.outputs * r;
  l.factors = l.phase + sizeof(float) * shape.phases * r;
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

INLINE State state_of(CKernelsDilatedShape shape) {
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

#endif
