// Products of matrices whose weights are packed for them: panels of up to three vectors of outputs, one after another,
// in each of which the inputs follow one another. A row's result does not depend on the rows beside it.
#ifndef PANELS_H
#define PANELS_H

#include "wide.h"

/// Rows of a matrix product that are worked on at once, for one panel of outputs: enough sums to hide the time that one
/// takes, few enough to stay in registers.
enum { rows_at_once = 8 };

/// Vectors of outputs in the next panel when `left` are to come.
static inline long panel(long left) { return left == 3 || left > 4 ? 3 : left == 1 ? 1 : 2; }

/// `rows_at_once` rows of v [rows, v_stride] times u [inputs, parts · 16], which begin with `bias` unless that is nil,
/// and end with what `addend` has, laid out as `m`, unless that is nil.
INLINE void product(const float *v, long v_stride, const float *u, long inputs, const float *bias, const float *addend,
                    float *m, long m_stride, const int parts) {
  vector sums[rows_at_once * 3];
  UNROLLED for (int r = 0; r < rows_at_once; ++r)
    UNROLLED for (int p = 0; p < parts; ++p)
      sums[r * parts + p] = bias ? *(const vector *)(bias + p * lanes) : (vector){0};
  for (long k = 0; k < inputs; ++k) {
    vector weights[3];
    UNROLLED for (int p = 0; p < parts; ++p) weights[p] = *(const vector *)(u + (k * parts + p) * lanes);
    UNROLLED for (int r = 0; r < rows_at_once; ++r) {
      const float value = v[r * v_stride + k];
      UNROLLED for (int p = 0; p < parts; ++p) sums[r * parts + p] += value * weights[p];
    }
  }
  UNROLLED for (int r = 0; r < rows_at_once; ++r)
    UNROLLED for (int p = 0; p < parts; ++p) {
      const long place = r * m_stride + p * lanes;
      if (addend) sums[r * parts + p] += *(const vector *)(addend + place);
      *(vector *)(m + place) = sums[r * parts + p];
    }
}

/// All of the outputs for `rows` rows, rounded up to `rows_at_once`; u lies panel after panel.
INLINE void products(const float *v, long v_stride, const float *u, long inputs, const float *bias,
                     const float *addend, float *m, long width, long rows) {
  for (long part = 0, parts; part < width; part += parts * lanes, u += inputs * parts * lanes) {
    parts = panel((width - part) / lanes);
    const float *const start = bias ? bias + part : 0;
    for (long r = 0; r < rows; r += rows_at_once) {
      const float *const from = v + r * v_stride;
      float *const to = m + r * width + part;
      const float *const more = addend ? addend + r * width + part : 0;
      if (parts == 3) product(from, v_stride, u, inputs, start, more, to, width, 3);
      if (parts == 2) product(from, v_stride, u, inputs, start, more, to, width, 2);
      if (parts == 1) product(from, v_stride, u, inputs, start, more, to, width, 1);
    }
  }
}

/// Where the weight from input k to output d lies.
static inline long panel_index(long k, long d, long inputs, long width) {
  long part = 0, parts = panel(width / lanes);
  while (d >= part + parts * lanes) {
    part += parts * lanes;
    parts = panel((width - part) / lanes);
  }
  return part * inputs + k * parts * lanes + d - part;
}

#endif
