// Packs the weights of WaveNet in the order in which a step reads them.
#include "dilated_layout.h"

size_t ckernels_dilated_packed_bytes(CKernelsDilatedShape shape) { return layout_of(shape).size; }

size_t ckernels_dilated_state_bytes(CKernelsDilatedShape shape) { return state_of(shape).size; }

void ckernels_dilated_reset(CKernelsDilatedShape shape, void *state) {
  const State l = state_of(shape);
  memset(state, 0, l.ring);
  memset((char *)state + l.ring, shape.int8 ? zero_point : 0, l.size - l.ring);
}

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
  if (shape.phases > 0) memcpy(to + l.phase, weights.phase, sizeof(float) * shape.phases * r);
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
