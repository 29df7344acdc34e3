// Group normalisation of feature maps (Wu & He 2018) with what follows it in one pass.
#include <math.h>

#include "exponential.h"

/// For a vector of channels: Σ (x − x₀) and Σ (x − x₀)² over the pixels, where x₀ is the first pixel, so that nothing
/// is lost where the mean is large.
INLINE void moments(const float *x, long stride, long pixels, float *sum, float *squares) {
  const vector origin = *(const vector *)x;
  vector s[4], q[4];
  UNROLLED for (int i = 0; i < 4; ++i) s[i] = q[i] = (vector){0};
  long p = 0;
  for (; p + 4 <= pixels; p += 4)
    UNROLLED for (int i = 0; i < 4; ++i) {
      const vector d = *(const vector *)(x + (p + i) * stride) - origin;
      s[i] += d;
      q[i] += d * d;
    }
  for (; p < pixels; ++p) {
    const vector d = *(const vector *)(x + p * stride) - origin;
    s[0] += d;
    q[0] += d * d;
  }
  *(vector *)sum = (s[0] + s[1]) + (s[2] + s[3]);
  *(vector *)squares = (q[0] + q[1]) + (q[2] + q[3]);
}

/// The first `count` of a vector, all where there are more.
INLINE void store(float *target, vector value, long count) {
#if defined(WIDE_AVX512)
  if (count < lanes) return _mm512_mask_storeu_ps(target, (__mmask16)((1 << count) - 1), (__m512)value);
#endif
  if (count >= lanes)
    *(vector *)target = value;
  else
    for (long i = 0; i < count; ++i) target[i] = value[i];
}

/// y = x · scale + shift of `channels` channels, activated where that is asked for.
INLINE void apply(const float *x, long channels, long pixels, const float *scale, const float *shift, bool activates,
                  float *y, long y_stride, long room) {
  const long stride = rounded(channels);
  for (long c = 0; c < stride; c += lanes) {
    const vector a = *(const vector *)(scale + c), b = *(const vector *)(shift + c);
    for (long p = 0; p < pixels; ++p) {
      const vector value = *(const vector *)(x + p * stride + c) * a + b;
      store(y + p * y_stride + c, activates ? silu(value) : value, room - c);
    }
  }
}

/// Of each of what is known about channels; the second part's vectors begin anywhere.
static inline long room_for(long channels) { return rounded(channels) + 2 * CKernelsLanes; }

#if !defined(WIDE_AVX2)
size_t ckernels_maps_norm_scratch_count(long channels) { return 4 * room_for(channels); }
#endif

/// One picture. `x` are its parts, of `counts` channels.
INLINE void norm(long pixels, const float *const *x, const long *counts, CKernelsNorm norm, const float *film,
                 float *y, float *scratch) {
  const long channels = counts[0] + counts[1], room = room_for(channels), size = channels / norm.groups;
  float *const sum = scratch, *const squares = sum + room, *const scale = squares + room, *const shift = scale + room;
  for (long part = 0, base = 0; part < 2; base += counts[part++])
    for (long c = 0; c < counts[part]; c += lanes)
      moments(x[part] + c, rounded(counts[part]), pixels, sum + base + c, squares + base + c);
  // What lies between the channels and a whole vector becomes zero.
  for (long c = channels; c < room; ++c) scale[c] = shift[c] = 0;
  for (long g = 0; g < norm.groups; ++g) {
    double mean = 0, variance = 0;
    for (long c = g * size; c < (g + 1) * size; ++c)
      mean += (c < counts[0] ? x[0][c] : x[1][c - counts[0]]) + (double)sum[c] / pixels;
    mean /= size;
    for (long c = g * size; c < (g + 1) * size; ++c) {
      const double moved = (double)sum[c] / pixels;
      const double away = (c < counts[0] ? x[0][c] : x[1][c - counts[0]]) + moved - mean;
      variance += (double)squares[c] / pixels - moved * moved + away * away;
    }
    const double inverse = 1 / sqrt((variance > 0 ? variance : 0) / size + norm.epsilon);
    for (long c = g * size; c < (g + 1) * size; ++c) {
      const double a = inverse * norm.weight[c], b = norm.bias[c] - mean * a;
      scale[c] = (float)(film ? a * (1 + film[c]) : a);
      shift[c] = (float)(film ? b * (1 + film[c]) + film[channels + c] : b);
    }
  }
  const long stride = rounded(channels);
  apply(x[0], counts[0], pixels, scale, shift, norm.activates, y, stride, stride);
  if (counts[1] > 0)
    apply(x[1], counts[1], pixels, scale + counts[0], shift + counts[0], norm.activates, y + counts[0], stride,
          stride - counts[0]);
}

KERNEL(ckernels_maps_norm,
       (CKernelsMaps maps, const float *input, long inputs, const float *beside, long more, CKernelsNorm parameters,
        const float *film, long film_stride, float *output, float *scratch),
       (maps, input, inputs, beside, more, parameters, film, film_stride, output, scratch)) {
  const long pixels = maps.height * maps.width, counts[2] = {inputs, more};
  for (long n = 0; n < maps.count; ++n) {
    const float *const x[2] = {input + n * pixels * rounded(inputs), beside + n * pixels * rounded(more)};
    norm(pixels, x, counts, parameters, film ? film + n * film_stride : 0,
         output + n * pixels * rounded(inputs + more), scratch);
  }
}
