// Products of matrices whose weights are packed for them: panels of up to three times 16 outputs, one after another,
// in each of which the inputs follow one another. A row's result does not depend on the rows beside it.
#ifndef PANELS_H
#define PANELS_H

#include "wide.h"

/// Rows of a matrix product that are worked on together, for one panel of outputs.
enum { rows_at_once = 8 };

/// Of 16 outputs each, in the next panel when `left` are to come.
static inline long panel(long left) { return left == 3 || left > 4 ? 3 : left == 1 ? 1 : 2; }

/// `rows` of v [rows, v_stride] times u [inputs, vectors], which begin with `bias` unless that is nil, and end with
/// what `addend` has, laid out as `m`, unless that is nil.
INLINE void product(const float *v, long v_stride, const float *u, long inputs, const float *bias, const float *addend,
                    float *m, long m_stride, const int rows, const int vectors) {
  vector sums[most_sums];
  UNROLLED for (int r = 0; r < rows; ++r)
    UNROLLED for (int p = 0; p < vectors; ++p)
      sums[r * vectors + p] = bias ? *(const vector *)(bias + p * lanes) : (vector){0};
  for (long k = 0; k < inputs; ++k)
    multiply(v + k, v_stride, u + k * vectors * lanes, sums, rows, vectors);
  UNROLLED for (int r = 0; r < rows; ++r)
    UNROLLED for (int p = 0; p < vectors; ++p) {
      const long place = r * m_stride + p * lanes;
      if (addend) sums[r * vectors + p] += *(const vector *)(addend + place);
      *(vector *)(m + place) = sums[r * vectors + p];
    }
}

/// `rows_at_once` rows, in as few and as equal portions as registers allow: enough sums to hide the time that one
/// takes.
INLINE void rows_of_panel(const float *v, long v_stride, const float *u, long inputs, const float *bias,
                          const float *addend, float *m, long m_stride, const int parts) {
  const int vectors = parts * CKernelsLanes / lanes, most = most_sums / vectors;
  const int portions = (rows_at_once + most - 1) / most, rows = (rows_at_once + portions - 1) / portions;
  UNROLLED for (int r = 0; r < rows_at_once; r += rows)
    product(v + r * v_stride, v_stride, u, inputs, bias, addend ? addend + r * m_stride : 0, m + r * m_stride,
            m_stride, rows_at_once - r < rows ? rows_at_once - r : rows, vectors);
}

/// All of the outputs for `rows` rows, rounded up to `rows_at_once`; u lies panel after panel.
INLINE void products(const float *v, long v_stride, const float *u, long inputs, const float *bias,
                     const float *addend, float *m, long width, long rows) {
  for (long part = 0, parts; part < width; part += parts * CKernelsLanes, u += inputs * parts * CKernelsLanes) {
    parts = panel((width - part) / CKernelsLanes);
    const float *const start = bias ? bias + part : 0;
    for (long r = 0; r < rows; r += rows_at_once) {
      const float *const from = v + r * v_stride;
      float *const to = m + r * width + part;
      const float *const more = addend ? addend + r * width + part : 0;
      if (parts == 3) rows_of_panel(from, v_stride, u, inputs, start, more, to, width, 3);
      if (parts == 2) rows_of_panel(from, v_stride, u, inputs, start, more, to, width, 2);
      if (parts == 1) rows_of_panel(from, v_stride, u, inputs, start, more, to, width, 1);
    }
  }
}

/// Where the weight from input k to output d lies.
static inline long panel_index(long k, long d, long inputs, long width) {
  long part = 0, parts = panel(width / CKernelsLanes);
  while (d >= part + parts * CKernelsLanes) {
    part += parts * CKernelsLanes;
    parts = panel((width - part) / CKernelsLanes);
  }
  return part * inputs + k * parts * CKernelsLanes + d - part;
}

#endif
