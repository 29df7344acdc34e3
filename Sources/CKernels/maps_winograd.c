// 3×3 convolutions of feature maps that are small and many: tiles of all pictures are worked on together, so that the
// transformed weights, which are larger than the maps, are read once for as many of them as the cache has room for.
#include <string.h>

#include "panels.h"
#include "winograd_transforms.h"

/// Tiles that are worked on together; what they take, transformed, stays in the second-level cache.
static inline long block(int n) { return n == 2 ? 64 : 32; }

static inline long taps(int n) { return (n + 2) * (n + 2); }

/// From one tap to the next of what is transformed. A vector more than the tiles need, or all taps of a tile would fall
/// into the same few places of the first-level cache.
static inline long plane(int n, long channels) { return block(n) * channels + CKernelsLanes; }

#if !defined(WIDE_AVX2)
size_t ckernels_maps_winograd_packed_count(int n, long inputs, long outputs) {
  return taps(n) * inputs * rounded(outputs);
}

size_t ckernels_maps_winograd_scratch_count(int n, long inputs, long outputs) {
  return taps(n) * (plane(n, rounded(inputs)) + plane(n, rounded(outputs))) + rounded(inputs);
}

void ckernels_maps_winograd_pack(int n, const float *weight, long inputs, long outputs, float *packed) {
  const long width = rounded(outputs);
  memset(packed, 0, sizeof(float) * ckernels_maps_winograd_packed_count(n, inputs, outputs));
  for (long d = 0; d < outputs; ++d)
    for (long c = 0; c < inputs; ++c)
      filter_transform(n, weight + (d * inputs + c) * 9, packed + panel_index(c, d, inputs, width), inputs * width);
}
#endif

/// Bᵀ d B of the pixels that `pixels [(n + 2)²]` point to, to `transformed`, planes of `[block, channels]`.
INLINE void input_tile(const int n, const float *const *pixels, long channels, float *transformed) {
  const int side = n + 2;
  const long tap = plane(n, channels);
  for (long c = 0; c < channels; c += lanes) {
    vector columns[6][6];
    UNROLLED for (int x = 0; x < side; ++x) {
      vector d[6], out[6];
      UNROLLED for (int y = 0; y < side; ++y) d[y] = *(const vector *)(pixels[y * side + x] + c);
      input_column(n, d, out);
      UNROLLED for (int i = 0; i < side; ++i) columns[i][x] = out[i];
    }
    UNROLLED for (int i = 0; i < side; ++i) {
      vector out[6];
      input_column(n, columns[i], out);
      UNROLLED for (int j = 0; j < side; ++j) *(vector *)(transformed + (i * side + j) * tap + c) = out[j];
    }
  }
}

/// Aᵀ m A of one tile, bias and addend, to at most `height` × `width` pixels.
INLINE void output_tile(const int n, const float *m, long channels, const float *bias, const float *addend,
                        float *pixels, long row, long height, long width) {
  const int side = n + 2;
  const long tap = plane(n, channels);
  for (long c = 0; c < channels; c += lanes) {
    vector columns[4][6];
    UNROLLED for (int j = 0; j < side; ++j) {
      vector in[6], out[4];
      UNROLLED for (int i = 0; i < side; ++i) in[i] = *(const vector *)(m + (i * side + j) * tap + c);
      output_column(n, in, out);
      UNROLLED for (int i = 0; i < n; ++i) columns[i][j] = out[i];
    }
    const vector shift = *(const vector *)(bias + c);
    UNROLLED for (int y = 0; y < n; ++y) {
      if (y >= height) break;
      vector out[4];
      output_column(n, columns[y], out);
      UNROLLED for (int x = 0; x < n; ++x) {
        if (x >= width) break;
        const long place = y * row + x * channels + c;
        vector value = out[x] + shift;
        if (addend) value += *(const vector *)(addend + place);
        *(vector *)(pixels + place) = value;
      }
    }
  }
}

INLINE void winograd(const int n, CKernelsMaps maps, const float *input, long inputs, int enlarged, float *output,
                     long outputs, const float *packed, const float *bias, const float *addend, float *scratch) {
  const int side = n + 2;
  const long stride = rounded(inputs), width = rounded(outputs), together = block(n);
  const long v_tap = plane(n, stride), m_tap = plane(n, width);
  float *const v = scratch, *const m = v + taps(n) * v_tap, *const zeros = m + taps(n) * m_tap;
  memset(zeros, 0, sizeof(float) * stride);
  const long across = (maps.width + n - 1) / n, down = (maps.height + n - 1) / n, all = maps.count * across * down;
  const long input_width = maps.width >> enlarged, input_height = maps.height >> enlarged;
  for (long first = 0; first < all; first += together) {
    const long tiles = all - first < together ? all - first : together;
    for (long t = 0; t < tiles; ++t) {
      const long picture = (first + t) / (across * down), place = (first + t) % (across * down);
      const long y0 = place / across * n - 1, x0 = place % across * n - 1;
      const float *const map = input + picture * input_height * input_width * stride;
      long columns[6];
      for (int x = 0; x < side; ++x)
        columns[x] = x0 + x < 0 || x0 + x >= maps.width ? -1 : ((x0 + x) >> enlarged) * stride;
      const float *pixels[36];
      for (int y = 0; y < side; ++y) {
        const bool outside = y0 + y < 0 || y0 + y >= maps.height;
        const long row = ((y0 + y) >> enlarged) * input_width * stride;
        // As vectors these few addresses take several times as long.
        _Pragma("clang loop vectorize(disable) unroll(full)") for (int x = 0; x < side; ++x)
          pixels[y * side + x] = outside || columns[x] < 0 ? zeros : map + row + columns[x];
      }
      input_tile(n, pixels, stride, v + t * stride);
    }
    for (long f = 0; f < taps(n); ++f)
      products(v + f * v_tap, stride, packed + f * inputs * width, inputs, 0, 0, m + f * m_tap, width, tiles);
    for (long t = 0; t < tiles; ++t) {
      const long picture = (first + t) / (across * down), place = (first + t) % (across * down);
      const long y = place / across * n, x = place % across * n;
      const long offset = ((picture * maps.height + y) * maps.width + x) * width;
      output_tile(n, m + t * width, width, bias, addend ? addend + offset : 0, output + offset, maps.width * width,
                  maps.height - y, maps.width - x);
    }
  }
}

KERNEL(ckernels_maps_winograd,
       (int n, CKernelsMaps maps, const float *input, long inputs, bool enlarged, float *output, long outputs,
        const float *packed, const float *bias, const float *addend, float *scratch),
       (n, maps, input, inputs, enlarged, output, outputs, packed, bias, addend, scratch)) {
  if (n == 2)
    winograd(2, maps, input, inputs, enlarged, output, outputs, packed, bias, addend, scratch);
  else
    winograd(4, maps, input, inputs, enlarged, output, outputs, packed, bias, addend, scratch);
}
