// A stack of dilated causal convolutions with gates (WaveNet, van den Oord et al. 2016), generated one sample at a
// time: the whole step is one call, in fp32 or with weights and activations of 8 bits.
#ifndef CKERNELS_DILATED_H
#define CKERNELS_DILATED_H

#include <stdbool.h>
#include <stddef.h>

#include "CKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A step: x_0 = embedding[previous]; for every layer g = past · x_l[t − dilation] + now · x_l[t] + condition,
/// z_l = tanh(g[..<R]) · σ(g[R...]), x_{l+1} = x_l + residual · z_l + bias; then s = skip · (z_0, z_1, …) + bias,
/// h = hidden · relu(s) + bias, logits = output · relu(h) + bias. Before the first step every x_l was zero.
/// With phases, x_0 also has phase[⌊P · frac(φ)⌋] added, φ the phase of a tone in cycles.
typedef struct {
  long layers;
  /// R, a multiple of `CKernelsLanes`; the gates have 2R channels.
  long residual;
  /// S, of both layers of the head.
  long skip;
  /// K, at most 256: the levels that a sample may have.
  long outputs;
  /// P, at most 256; 0 for none. The conditions then end with φ of their first step, and what φ advances by each step.
  long phases;
  /// Of every layer, at least 1. Read by every call, so it has to live as long as the shape.
  const long *_Nonnull dilations;
  /// Weights of 8 bits with one scale per output, activations of 8 bits with one scale per tensor; x itself and all
  /// between the products stay float. The results are the same, bit for bit, with all versions.
  bool int8;
} CKernelsDilatedShape;

/// Matrices [outputs, inputs], row after row; those of the layers one after another.
typedef struct {
  /// [K, R].
  const float *_Nonnull embedding;
  /// [P, R].
  const float *_Nullable phase;
  /// [L, 2R, R] each.
  const float *_Nonnull past;
  const float *_Nonnull now;
  /// [L, R, R] and [L, R]; what the last layer has is not read.
  const float *_Nonnull residual;
  const float *_Nonnull residual_bias;
  /// [S, L · R] and [S].
  const float *_Nonnull skip;
  const float *_Nonnull skip_bias;
  /// [S, S] and [S].
  const float *_Nonnull hidden;
  const float *_Nonnull hidden_bias;
  /// [K, S] and [K].
  const float *_Nonnull output;
  const float *_Nonnull output_bias;
} CKernelsDilatedWeights;

/// The largest magnitudes that 8 bits represent, all positive; what is larger is cut off. Not read for fp32.
typedef struct {
  /// [L], of x_l.
  const float *_Nullable inputs;
  /// Of relu(s).
  float skip;
  /// Of relu(h).
  float hidden;
} CKernelsDilatedScales;

/// The fastest version that this processor has. With `int8` `CKernelsStepAVX512` needs VNNI, which
/// `ckernels_step_best` does not ask for: call with no other version than this or one below.
CKernelsStepVersion ckernels_dilated_best(bool int8);

/// Bytes that the weights take once packed.
size_t ckernels_dilated_packed_bytes(CKernelsDilatedShape shape);

/// Packs for all versions. `packed` is aligned to 64 bytes.
void ckernels_dilated_pack(CKernelsDilatedShape shape, CKernelsDilatedWeights weights, CKernelsDilatedScales scales,
                           void *_Nonnull packed);

/// Bytes that the state of one stream takes, the working memory of a step included.
size_t ckernels_dilated_state_bytes(CKernelsDilatedShape shape);

/// The state before the first step. `state` is aligned to 64 bytes.
void ckernels_dilated_reset(CKernelsDilatedShape shape, void *_Nonnull state);

/// One step. `conditions [L, 2R]` are added to the gates, so they include the bias of the convolutions, and end with two
/// numbers more where there are phases; `logits` has room for K.
void ckernels_dilated_logits(CKernelsStepVersion version, CKernelsDilatedShape shape, const void *_Nonnull packed,
                             void *_Nonnull state, const float *_Nonnull conditions, int previous,
                             float *_Nonnull logits);

/// `count` steps that each draw a level with the next of `uniforms` (0 ..< 1), by the inverse of the distribution
/// function: softmax(logits / temperature), of which with `top_p` < 1 only the fewest most probable levels remain whose
/// sum reaches it (of equal ones the lower). At temperature 0 the most probable level; `uniforms` is then not read.
/// `previous` is the level before the first step, and afterwards the last one drawn.
void ckernels_dilated_draw(CKernelsStepVersion version, CKernelsDilatedShape shape, const void *_Nonnull packed,
                           void *_Nonnull state, const float *_Nonnull conditions, int *_Nonnull previous,
                           const double *_Nullable uniforms, long count, float temperature, float top_p,
                           unsigned char *_Nonnull levels);

/// `count` steps through given levels; `nats` are the logarithms of the probability of each.
void ckernels_dilated_score(CKernelsStepVersion version, CKernelsDilatedShape shape, const void *_Nonnull packed,
                            void *_Nonnull state, const float *_Nonnull conditions, int *_Nonnull previous,
                            const unsigned char *_Nonnull levels, long count, double *_Nonnull nats);

/// The products of `steps` steps and nothing else: no gates, and no product waits for another. What a processor takes
/// for this is the least that a step could take. Only the working memory in `state` is written, never its past.
void ckernels_dilated_products(CKernelsStepVersion version, CKernelsDilatedShape shape, const void *_Nonnull packed,
                               void *_Nonnull state, long steps);

#ifdef __cplusplus
}
#endif
#endif
