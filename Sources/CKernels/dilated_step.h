// One step of WaveNet: what lies between the products, and the order of all.
#ifndef CKERNELS_DILATED_STEP_H
#define CKERNELS_DILATED_STEP_H

#include "dilated_products.h"

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

/// x_0, `offset` steps behind the first one of the conditions.
INLINE void begin(CKernelsDilatedShape shape, const Layout *l, const char *packed, const float *conditions,
                  int previous, long offset, float *x) {
  const long r = shape.residual;
  memcpy(x, packed + l->embedding + sizeof(float) * r * previous, sizeof(float) * r);
  if (shape.phases == 0) return;
  const float *tone = conditions + shape.layers * 2 * r;
  const float advance = (float)offset * tone[1], phase = tone[0] + advance;
  long index = (long)((phase - floorf(phase)) * (float)shape.phases);
  if (index >= shape.phases) index = shape.phases - 1;
  const float *row = (const float *)(packed + l->phase) + r * index;
  for (long d = 0; d < r; d += lanes) *(vector *)(x + d) += *(const vector *)(row + d);
}

INLINE void step_int8(const int version, CKernelsDilatedShape shape, const Layout *l, const State *at,
                      const char *packed, char *state, const float *conditions, int previous,
                      long offset) {
  const long r = shape.residual, s = rounded(shape.skip), k = rounded(shape.outputs);
  const float *factors = (const float *)(packed + l->factors);
  int *cursors = (int *)(state + at->cursors);
  float *x = (float *)(state + at->x);
  int *gates = (int *)(state + at->gates), *next = (int *)(state + at->next), *sums = (int *)(state + at->sums);
  uint8_t *z = (uint8_t *)(state + at->z);
  uint8_t *ring = (uint8_t *)(state + at->ring);
  int *total = (int *)(state + at->skip);
  const char *block = packed + l->layers;
  begin(shape, l, packed, conditions, previous, offset, x);
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
                        const char *packed, char *state, const float *conditions, int previous,
                        long offset) {
  const long r = shape.residual, s = rounded(shape.skip), k = rounded(shape.outputs);
  int *cursors = (int *)(state + at->cursors);
  float *x = (float *)(state + at->x), *gates = (float *)(state + at->gates), *next = (float *)(state + at->next);
  float *z = (float *)(state + at->z);
  float *ring = (float *)(state + at->ring);
  float *skip = (float *)(state + at->skip), *hidden = (float *)(state + at->hidden);
  const char *block = packed + l->layers;
  begin(shape, l, packed, conditions, previous, offset, x);
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
                 char *state, const float *conditions, int previous, long offset) {
  if (shape.int8)
    step_int8(version, shape, l, at, packed, state, conditions, previous, offset);
  else
    step_floats(version, shape, l, at, packed, state, conditions, previous, offset);
}

#endif
