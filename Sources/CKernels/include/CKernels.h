// Kernels in plain C for what libtorch does slower than this processor could. No state, no allocation, no threads.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Channels that lie together: a vector of AVX-512, two of AVX2.
enum { CKernelsLanes = 16 };

/// Whether this processor has the instructions that make `ckernels_winograd` and the layers of `CKernelsMaps.h` worth
/// calling, AVX-512 or AVX2. Without them they must not be called.
bool ckernels_winograd_is_fast(void);

/// Floats that the weights of a 3×3 convolution take once packed; channels are rounded up to `CKernelsLanes`.
size_t ckernels_winograd_packed_count(long inputs, long outputs);

/// Packs `weight [outputs, inputs, 3, 3]`: every filter transformed, `[36, inputs, outputs rounded up]`.
void ckernels_winograd_pack(const float *_Nonnull weight, long inputs, long outputs, float *_Nonnull packed);

/// Floats that one call of `ckernels_winograd` needs as working memory.
size_t ckernels_winograd_scratch_count(long inputs, long outputs);

/// A picture in memory, channels last: pixels lie `pixel` floats apart, a multiple of `CKernelsLanes`, rows `row`.
/// What lies beside it is read as the padding: one pixel before the first of a row and one row above; after the last,
/// `CKernelsOverhang` pixels and rows (finite numbers; the first of them is the padding, so it has to be zero).
typedef struct {
  /// The pixel (0, 0).
  float *_Nonnull origin;
  long row;
  long pixel;
} CKernelsPicture;

enum { CKernelsOverhang = 4 };

/// What follows a convolution.
typedef enum {
  CKernelsStore = 0,
  /// max(0, y).
  CKernelsRelu,
  /// y is added to what lies in the output.
  CKernelsAdd,
} CKernelsEpilogue;

/// The 3×3 convolution (stride 1, one pixel of padding) of the pixels y0 ..< y1, x0 ..< x1; nothing else of
/// `output` is written. The first `inputs` channels are read, and `outputs`, rounded up to `CKernelsLanes`, written;
/// `bias` has as many entries.
void ckernels_winograd(CKernelsPicture input, long inputs, CKernelsPicture output, long outputs,
                       const float *_Nonnull packed, const float *_Nonnull bias, CKernelsEpilogue epilogue, long y0,
                       long y1, long x0, long x1, float *_Nonnull scratch);

/// The instructions that the functions for single steps use.
typedef enum {
  CKernelsStepPortable = 0,
  CKernelsStepAVX2,
  CKernelsStepAVX512,
} CKernelsStepVersion;

/// The fastest that this processor has.
CKernelsStepVersion ckernels_step_best(void);

/// Weights of a matrix once packed; outputs are rounded up to `CKernelsLanes`.
size_t ckernels_step_packed_count(long inputs, long outputs);

/// Packs `weight [outputs, inputs]`.
void ckernels_step_pack(const float *_Nonnull weight, long inputs, long outputs, float *_Nonnull packed);

/// The same as halves (IEEE 754 binary16), half the traffic.
/// Returns false, and leaves `packed` unfinished, where a weight is no half.
bool ckernels_step_pack_halves(const float *_Nonnull weight, long inputs, long outputs, uint16_t *_Nonnull packed);

/// Adds the products of the matrix with `streams` vectors, `x_stride` floats apart, to as many `y`, `y_stride` apart, which
/// have room for the outputs rounded up. A stream's result does not depend on the number of streams.
void ckernels_step_product(CKernelsStepVersion version, const float *_Nonnull packed, long inputs, long outputs,
                           const float *_Nonnull x, long x_stride, float *_Nonnull y, long y_stride, long streams);

/// The same from halves, to the same bits.
void ckernels_step_product_halves(CKernelsStepVersion version, const uint16_t *_Nonnull packed, long inputs,
                                  long outputs, const float *_Nonnull x, long x_stride, float *_Nonnull y,
                                  long y_stride, long streams);

/// out = tanh(a) · σ(b), within 3·10⁻⁷, for `count` numbers, a multiple of `CKernelsLanes`.
void ckernels_step_gates(CKernelsStepVersion version, const float *_Nonnull a, const float *_Nonnull b,
                         float *_Nonnull out, long count);

/// x · σ(x) in place of each of `count` numbers, a multiple of `CKernelsLanes`.
void ckernels_step_silu(CKernelsStepVersion version, float *_Nonnull x, long count);

/// The square of each of `count` numbers that is above zero, and zero for the rest, in place; `count` is a multiple of
/// `CKernelsLanes`.
void ckernels_step_square_above_zero(CKernelsStepVersion version, float *_Nonnull x, long count);

/// out = (x − mean) / √(variance + `epsilon`) · weight + bias over `count` numbers, a multiple of `CKernelsLanes`.
void ckernels_step_normalize(CKernelsStepVersion version, const float *_Nonnull x, const float *_Nonnull weight,
                             const float *_Nonnull bias, float epsilon, float *_Nonnull out, long count);

/// out = Σ softmax(query · key · `factor`) · value of one head over the first `count` of `length` tokens, a multiple of
/// `CKernelsLanes`. `size` numbers, a multiple of it as well, are the query, each key and each value; `keys` is
/// `[size, length]`, `values [length, size]`; `scores` has room for `length`.
void ckernels_step_attention(CKernelsStepVersion version, const float *_Nonnull query, const float *_Nonnull keys,
                             const float *_Nonnull values, long size, long length, long count, float factor,
                             float *_Nonnull scores, float *_Nonnull out);

#ifdef __cplusplus
}
#endif

#include "CKernelsDilated.h"
#include "CKernelsMaps.h"

#endif
