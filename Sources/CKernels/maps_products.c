// Convolutions of feature maps that are plain matrix products: of 1×1 pixels, and of 3×3 with stride 2.
#include <string.h>

#include "panels.h"

#if !defined(WIDE_AVX2)
size_t ckernels_maps_packed_count(long side, long inputs, long outputs) {
  return side * side * inputs * rounded(outputs);
}

void ckernels_maps_pack(long side, const float *weight, long inputs, long outputs, float *packed) {
  const long width = rounded(outputs), taps = side * side;
  memset(packed, 0, sizeof(float) * ckernels_maps_packed_count(side, inputs, outputs));
  for (long d = 0; d < outputs; ++d)
    for (long c = 0; c < inputs; ++c)
      for (long t = 0; t < taps; ++t)
        packed[panel_index(t * inputs + c, d, taps * inputs, width)] = weight[(d * inputs + c) * taps + t];
}

size_t ckernels_maps_halving_scratch_count(long inputs) { return rows_at_once * 9 * inputs + CKernelsLanes; }
#endif

KERNEL(ckernels_maps_pointwise,
       (long pixels, const float *input, long inputs, float *output, long outputs, const float *packed,
        const float *bias, const float *addend),
       (pixels, input, inputs, output, outputs, packed, bias, addend)) {
  products(input, rounded(inputs), packed, inputs, bias, addend, output, rounded(outputs), pixels);
}

KERNEL(ckernels_maps_halving,
       (CKernelsMaps maps, const float *input, long inputs, float *output, long outputs, const float *packed,
        const float *bias, float *scratch),
       (maps, input, inputs, output, outputs, packed, bias, scratch)) {
  const long stride = rounded(inputs), width = rounded(outputs), row = 9 * inputs;
  const long down = (maps.height + 1) / 2, across = (maps.width + 1) / 2, all = maps.count * down * across;
  for (long first = 0; first < all; first += rows_at_once) {
    for (long r = 0; r < rows_at_once && first + r < all; ++r) {
      const long picture = (first + r) / (down * across), place = (first + r) % (down * across);
      for (long t = 0; t < 9; ++t) {
        const long y = place / across * 2 + t / 3 - 1, x = place % across * 2 + t % 3 - 1;
        const bool outside = y < 0 || y >= maps.height || x < 0 || x >= maps.width;
        const float *const pixel = input + ((picture * maps.height + y) * maps.width + x) * stride;
        // Whole vectors: what is too much is overwritten by the next tap.
        float *const target = scratch + r * row + t * inputs;
        for (long c = 0; c < inputs; c += lanes)
          *(vector *)(target + c) = outside ? (vector){0} : *(const vector *)(pixel + c);
      }
    }
    products(scratch, row, packed, row, bias, 0, output + first * width, width, rows_at_once);
  }
}
