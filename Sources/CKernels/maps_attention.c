// Attention of the pixels of feature maps to one another, or to a sequence (Vaswani et al. 2017), a picture and a head
// at a time.
#include <math.h>
#include <string.h>

#include "exponential.h"
#include "panels.h"

static long whole_rows(long rows) { return (rows + rows_at_once - 1) / rows_at_once * rows_at_once; }

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

#if !defined(WIDE_AVX2)
/// Floats of query (scaled), key (transposed), value and weights of one head.
static size_t scratch_count(long pixels, long sources, long channels, long heads) {
  const long size = channels / heads, rows = whole_rows(pixels), columns = rounded(sources);
  return rows * size + size * columns + sources * rounded(size) + rows * columns + rows * rounded(size);
}

size_t ckernels_maps_attention_scratch_count(long pixels, long channels, long heads) {
  return scratch_count(pixels, pixels, channels, heads);
}

size_t ckernels_maps_cross_attention_scratch_count(long pixels, long longest, long channels, long heads) {
  return scratch_count(pixels, longest, channels, heads);
}
#endif

/// One picture: its pixels' queries, and keys and values of as many sources, each with so many floats to the next.
FAST static void attend(long pixels, const float *query_from, long query_stride, long sources, const float *key_from,
                        const float *value_from, long source_stride, long channels, long heads, float *output,
                        float *scratch) {
  const long rows = whole_rows(pixels), columns = rounded(sources), size = channels / heads;
  const long wide = rounded(size), width = rounded(channels);
  float *const query = scratch, *const key = query + rows * size, *const value = key + size * columns;
  float *const weights = value + sources * wide, *const attended = weights + rows * columns;
  const float scale = (float)(1 / sqrt((double)size));
  for (long h = 0; h < heads; ++h) {
    memset(scratch, 0, sizeof(float) * (weights - scratch));
    for (long p = 0; p < pixels; ++p)
      for (long d = 0; d < size; ++d) query[p * size + d] = query_from[p * query_stride + h * size + d] * scale;
    for (long p = 0; p < sources; ++p) {
      const float *const from = key_from + p * source_stride + h * size;
      float *const key_column = key + panel_index(0, p, size, columns);
      const long key_step = panel_index(1, p, size, columns) - panel_index(0, p, size, columns);
      for (long d = 0; d < size; ++d) key_column[d * key_step] = from[d];
      for (long d = 0; d < size; d += lanes)
        memcpy(value + panel_index(p, d, sources, wide), value_from + p * source_stride + h * size + d,
               sizeof(float) * (size - d < lanes ? size - d : lanes));
    }
    products(query, size, key, size, 0, 0, weights, columns, rows);
    softmax(weights, columns, pixels, sources);
    products(weights, columns, value, sources, 0, 0, attended, wide, rows);
    for (long p = 0; p < pixels; ++p)
      memcpy(output + p * width + h * size, attended + p * wide, sizeof(float) * size);
  }
}

KERNEL(ckernels_maps_attention,
       (CKernelsMaps maps, const float *qkv, long channels, long heads, float *output, float *scratch),
       (maps, qkv, channels, heads, output, scratch)) {
  const long pixels = maps.height * maps.width, stride = rounded(3 * channels), width = rounded(channels);
  for (long n = 0; n < maps.count; ++n, qkv += pixels * stride, output += pixels * width)
    attend(pixels, qkv, stride, pixels, qkv + channels, qkv + 2 * channels, stride, channels, heads, output, scratch);
}

KERNEL(ckernels_maps_cross_attention,
       (CKernelsMaps maps, const float *query, const float *key_value, long longest, const long *lengths,
        long channels, long heads, float *output, float *scratch),
       (maps, query, key_value, longest, lengths, channels, heads, output, scratch)) {
  const long pixels = maps.height * maps.width, width = rounded(channels), stride = rounded(2 * channels);
  for (long n = 0; n < maps.count; ++n) {
    attend(pixels, query, width, lengths[n], key_value, key_value + channels, stride, channels, heads, output, scratch);
    query += pixels * width;
    output += pixels * width;
    key_value += longest * stride;
  }
}
