// Layers of a convolutional network over small feature maps (a few thousand pixels at most), for AVX-512 and AVX2: one
// thread, no allocation. What a picture gives does not depend on the pictures beside it.
//
// A map is channels last, `[count, height, width, channels]`, channels rounded up to a multiple of `CKernelsLanes`
// and zero beyond their number; behind the last pixel there is room for `CKernelsMapRoom` more, which may hold
// anything.
#ifndef CKERNELS_MAPS_H
#define CKERNELS_MAPS_H

#include <stdbool.h>
#include <stddef.h>

#include "CKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CKernelsMapRoom = 8 };

typedef struct {
  long count;
  long height;
  long width;
} CKernelsMaps;

/// Floats of the weights of a 3×3 convolution by minimal filtering F(n×n, 3×3), n = 2 or 4, once packed.
size_t ckernels_maps_winograd_packed_count(int n, long inputs, long outputs);

/// Packs `weight [outputs, inputs, 3, 3]`.
void ckernels_maps_winograd_pack(int n, const float *_Nonnull weight, long inputs, long outputs,
                                 float *_Nonnull packed);

size_t ckernels_maps_winograd_scratch_count(int n, long inputs, long outputs);

/// The 3×3 convolution with one pixel of padding, plus `bias` (rounded up) and `addend`, a map like the output that may
/// be it. `maps` says the output's size; where `enlarged` the input has half of its sides, and every pixel is repeated.
void ckernels_maps_winograd(int n, CKernelsMaps maps, const float *_Nonnull input, long inputs, bool enlarged,
                            float *_Nonnull output, long outputs, const float *_Nonnull packed,
                            const float *_Nonnull bias, const float *_Nullable addend, float *_Nonnull scratch);

/// Floats of the weights of a plain convolution with a kernel of `side`, once packed.
size_t ckernels_maps_packed_count(long side, long inputs, long outputs);

/// Packs `weight [outputs, inputs, side, side]`.
void ckernels_maps_pack(long side, const float *_Nonnull weight, long inputs, long outputs, float *_Nonnull packed);

/// The 1×1 convolution of so many pixels, plus `bias` (rounded up) and `addend`, a map like the output that may be it.
void ckernels_maps_pointwise(long pixels, const float *_Nonnull input, long inputs, float *_Nonnull output,
                             long outputs, const float *_Nonnull packed, const float *_Nullable bias,
                             const float *_Nullable addend);

size_t ckernels_maps_halving_scratch_count(long inputs);

/// The 3×3 convolution with one pixel of padding and stride 2; `maps` says the input's size.
void ckernels_maps_halving(CKernelsMaps maps, const float *_Nonnull input, long inputs, float *_Nonnull output,
                           long outputs, const float *_Nonnull packed, const float *_Nonnull bias,
                           float *_Nonnull scratch);

/// What a group normalisation knows.
typedef struct {
  /// Divides the channels.
  long groups;
  double epsilon;
  /// Of every channel.
  const float *_Nonnull weight;
  const float *_Nonnull bias;
  /// Whether x · σ(x) follows.
  bool activates;
} CKernelsNorm;

size_t ckernels_maps_norm_scratch_count(long channels);

/// The normalised `inputs` channels of `input` and, after them, `more` of `beside` (0 for none). With `film` the result
/// is multiplied by 1 + film[c] and film[channels + c] is added before the activation; that of the next picture lies
/// `film_stride` further.
void ckernels_maps_norm(CKernelsMaps maps, const float *_Nonnull input, long inputs, const float *_Nonnull beside,
                        long more, CKernelsNorm parameters, const float *_Nullable film, long film_stride,
                        float *_Nonnull output, float *_Nonnull scratch);

size_t ckernels_maps_attention_scratch_count(long pixels, long channels, long heads);

/// Softmax(Q Kᵀ / √size) V over each picture's pixels, of `qkv [count, height, width, 3 · channels]`, whose heads lie
/// side by side.
void ckernels_maps_attention(CKernelsMaps maps, const float *_Nonnull qkv, long channels, long heads,
                             float *_Nonnull output, float *_Nonnull scratch);

size_t ckernels_maps_cross_attention_scratch_count(long pixels, long longest, long channels, long heads);

/// The same of each picture's `query [count, height, width, channels]` to the first of its keys and values, as many as
/// `lengths` says, at least 1, of `key_value [count, longest, 2 · channels]`.
void ckernels_maps_cross_attention(CKernelsMaps maps, const float *_Nonnull query, const float *_Nonnull key_value,
                                   long longest, const long *_Nonnull lengths, long channels, long heads,
                                   float *_Nonnull output, float *_Nonnull scratch);

#ifdef __cplusplus
}
#endif

#endif
