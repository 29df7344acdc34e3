// Self-attention over the pixels of feature maps (Vaswani et al. 2017), a picture and a head at a time.
#include <math.h>
#include <string.h>

#include "exponential.h"
#include "panels.h"

static long whole_rows(long rows) { return (rows + rows_at_once - 1) / rows_at_once * rows_at_once; }

/// Floats of query (scaled), key (transposed), value and weights of one head.
size_t ckernels_maps_attention_scratch_count(long pixels, long channels, long heads) {
  const long size = channels / heads, rows = whole_rows(pixels), columns = rounded(pixels);
  return rows * size + size * columns + pixels * rounded(size) + rows * columns + rows * rounded(size);
}

/// Softmax of the first `count` of each row; zeros after them.
INLINE void softmax(float *x, long stride, long rows, long count) {
  for (long r = 0; r < rows; ++r, x += stride) {
    for (long i = count; i < stride; ++i) x[i] = -INFINITY;
    vector most = *(const vector *)x, sum = {0};
    for (long i = lanes; i < stride; i += lanes) most = larger(most, *(const vector *)(x + i));
    const float highest = largest(most);
    const vector low = (vector){0} - 87.0f;
    for (long i = 0; i < stride; i += lanes) {
      const vector away = *(vector *)(x + i) - highest;
      const integers kept = away >= low;
      const vector value = (vector)((integers)exponential(larger(away, low)) & kept);
      sum += value;
      *(vector *)(x + i) = value;
    }
    const float share = 1 / total(sum);
    for (long i = 0; i < stride; i += lanes) *(vector *)(x + i) = *(vector *)(x + i) * share;
  }
}

FAST void ckernels_maps_attention(CKernelsMaps maps, const float *qkv, long channels, long heads, float *output,
                                  float *scratch) {
  const long pixels = maps.height * maps.width, rows = whole_rows(pixels), columns = rounded(pixels);
  const long size = channels / heads, wide = rounded(size), stride = rounded(3 * channels), width = rounded(channels);
  float *const query = scratch, *const key = query + rows * size, *const value = key + size * columns;
  float *const weights = value + pixels * wide, *const attended = weights + rows * columns;
  const float scale = (float)(1 / sqrt((double)size));
  for (long n = 0; n < maps.count; ++n, qkv += pixels * stride, output += pixels * width)
    for (long h = 0; h < heads; ++h) {
      memset(scratch, 0, sizeof(float) * (weights - scratch));
      for (long p = 0; p < pixels; ++p) {
        const float *const from = qkv + p * stride + h * size;
        float *const key_column = key + panel_index(0, p, size, columns);
        const long key_step = panel_index(1, p, size, columns) - panel_index(0, p, size, columns);
        for (long d = 0; d < size; ++d) {
          query[p * size + d] = from[d] * scale;
          key_column[d * key_step] = from[channels + d];
        }
        for (long d = 0; d < size; d += lanes)
          memcpy(value + panel_index(p, d, pixels, wide), from + 2 * channels + d,
                 sizeof(float) * (size - d < lanes ? size - d : lanes));
      }
      products(query, size, key, size, 0, 0, weights, columns, rows);
      softmax(weights, columns, pixels, pixels);
      products(weights, columns, value, pixels, 0, 0, attended, wide, rows);
      for (long p = 0; p < pixels; ++p)
        memcpy(output + p * width + h * size, attended + p * wide, sizeof(float) * size);
    }
}
