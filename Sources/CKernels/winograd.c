// 3×3 convolution by minimal filtering, F(4×4, 3×3) of Lavin & Gray 2016 ("Fast Algorithms for Convolutional Neural
// Networks", section 4.3): 36 products instead of 144 for 16 outputs. Pictures lie channels-last, so that a
// transform works on 16 channels at once and the products are 36 small matrix products, a block of tiles each.
#include <string.h>

#include "winograd_transforms.h"

enum { taps = 36, block = 24 };

#if !defined(WIDE_AVX2)
#if defined(WIDE_AVX512)
bool ckernels_winograd_is_fast(void) {
  return has_avx512() || (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
}
#else
bool ckernels_winograd_is_fast(void) { return false; }
#endif

size_t ckernels_winograd_packed_count(long inputs, long outputs) { return taps * inputs * rounded(outputs); }

size_t ckernels_winograd_scratch_count(long inputs, long outputs) {
  return taps * block * (rounded(inputs) + rounded(outputs));
}

void ckernels_winograd_pack(const float *weight, long inputs, long outputs, float *packed) {
  const long width = rounded(outputs);
  memset(packed, 0, sizeof(float) * ckernels_winograd_packed_count(inputs, outputs));
  for (long d = 0; d < outputs; ++d)
    for (long c = 0; c < inputs; ++c)
      filter_transform(4, weight + (d * inputs + c) * 9, packed + c * width + d, inputs * width);
}
#endif

/// Bᵀ d B of the 6×6 pixels at `pixels`, to `transformed [36, block, channels]`.
FAST static void input_tile(const float *pixels, long row, long pixel, long channels, float *transformed) {
  for (long c = 0; c < channels; c += lanes) {
    vector columns[6][6];
    for (int x = 0; x < 6; ++x) {
      vector d[6], out[6];
      for (int y = 0; y < 6; ++y) d[y] = *(const vector *)(pixels + y * row + x * pixel + c);
      input_column(4, d, out);
      for (int i = 0; i < 6; ++i) columns[i][x] = out[i];
    }
    for (int i = 0; i < 6; ++i) {
      vector out[6];
      input_column(4, columns[i], out);
      for (int j = 0; j < 6; ++j) *(vector *)(transformed + (i * 6 + j) * block * channels + c) = out[j];
    }
  }
}

/// Divides `block`.
INLINE int rows_for(int vectors) { return most_sums / vectors < 12 ? most_sums / vectors : 12; }

/// Products of `rows` tiles with `vectors` of output channels: `v [rows, stride]` times `u [inputs, width]`.
INLINE void product(const float *v, long stride, const float *u, long width, long inputs, float *m, const int rows,
                    const int vectors) {
  vector sums[most_sums];
  UNROLLED for (int i = 0; i < rows * vectors; ++i) sums[i] = (vector){0};
  for (long k = 0; k < inputs; ++k)
    multiply(v + k, stride, u + k * width, sums, rows, vectors);
  UNROLLED for (int r = 0; r < rows; ++r)
    UNROLLED for (int p = 0; p < vectors; ++p) *(vector *)(m + r * width + p * lanes) = sums[r * vectors + p];
}

/// The 36 matrix products of a block of tiles. The sums stay in registers, whatever the number of channels.
FAST static void products(const float *v, long stride, const float *u, long width, long inputs, float *m, long tiles) {
  for (int f = 0; f < taps; ++f, v += block * stride, u += inputs * width, m += block * width)
    for (long part = 0; part < width; ) {
      const long left = (width - part) / CKernelsLanes;
#define PART(vectors)                                                                                       \
  for (long t = 0; t < tiles; t += rows_for(vectors))                                                       \
    product(v + t * stride, stride, u + part, width, inputs, m + t * width + part, rows_for(vectors), vectors); \
  part += vectors * lanes
      if (left == 1) {
        PART(CKernelsLanes / lanes);
      } else if (left == 2 || left == 4) {
        PART(2 * CKernelsLanes / lanes);
      } else {
        PART(3 * CKernelsLanes / lanes);
      }
#undef PART
    }
}

/// Aᵀ m A of one tile, then bias and epilogue, to at most `height` × `width` pixels.
FAST static void output_tile(const float *m, long channels, const float *bias, CKernelsEpilogue epilogue,
                             float *pixels, long row, long pixel, long height, long width) {
  for (long c = 0; c < channels; c += lanes) {
    vector columns[4][6];
    for (int j = 0; j < 6; ++j) {
      vector in[6], out[4];
      for (int i = 0; i < 6; ++i) in[i] = *(const vector *)(m + (i * 6 + j) * block * channels + c);
      output_column(4, in, out);
      for (int i = 0; i < 4; ++i) columns[i][j] = out[i];
    }
    const vector shift = *(const vector *)(bias + c);
    for (long y = 0; y < height; ++y) {
      vector out[4];
      output_column(4, columns[y], out);
      for (long x = 0; x < width; ++x) {
        vector *target = (vector *)(pixels + y * row + x * pixel + c);
        vector value = out[x] + shift;
        if (epilogue == CKernelsAdd) value += *target;
        if (epilogue == CKernelsRelu) value = __builtin_elementwise_max(value, (vector){0});
        *target = value;
      }
    }
  }
}

KERNEL(ckernels_winograd,
       (CKernelsPicture input, long inputs, CKernelsPicture output, long outputs, const float *packed,
        const float *bias, CKernelsEpilogue epilogue, long y0, long y1, long x0, long x1, float *scratch),
       (input, inputs, output, outputs, packed, bias, epilogue, y0, y1, x0, x1, scratch)) {
  const long stride = rounded(inputs), width = rounded(outputs);
  float *const v = scratch, *const m = scratch + taps * block * stride;
  for (long y = y0; y < y1; y += 4)
    for (long x = x0; x < x1; x += 4 * block) {
      const long left = (x1 - x + 3) / 4, tiles = left < block ? left : block;
      for (long t = 0; t < tiles; ++t)
        input_tile(input.origin + (y - 1) * input.row + (x + 4 * t - 1) * input.pixel, input.row, input.pixel, stride,
                   v + t * stride);
      products(v, stride, packed, width, inputs, m, tiles);
      for (long t = 0; t < tiles; ++t) {
        const long h = y1 - y, w = x1 - x - 4 * t;
        output_tile(m + t * width, width, bias, epilogue, output.origin + y * output.row + (x + 4 * t) * output.pixel,
                    output.row, output.pixel, h < 4 ? h : 4, w < 4 ? w : 4);
      }
    }
}
