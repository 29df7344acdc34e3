// The transforms of minimal filtering for 3×3 filters, F(n×n, 3×3) with n = 2 or 4 (Lavin & Gray 2016, "Fast Algorithms
// for Convolutional Neural Networks", sections 4.1 and 4.3), one column at a time.
#ifndef WINOGRAD_TRANSFORMS_H
#define WINOGRAD_TRANSFORMS_H

#include "wide.h"

/// Bᵀ d for one column of n + 2.
INLINE void input_column(const int n, const vector *d, vector *out) {
  if (n == 2) {
    out[0] = d[0] - d[2];
    out[1] = d[1] + d[2];
    out[2] = d[2] - d[1];
    out[3] = d[1] - d[3];
    return;
  }
  const vector a = d[4] - 4 * d[2], b = d[3] - 4 * d[1], c = d[4] - d[2], e = 2 * (d[3] - d[1]);
  out[0] = 4 * d[0] - 5 * d[2] + d[4];
  out[1] = a + b;
  out[2] = a - b;
  out[3] = c + e;
  out[4] = c - e;
  out[5] = 4 * d[1] - 5 * d[3] + d[5];
}

/// Aᵀ m for one column of n + 2.
INLINE void output_column(const int n, const vector *m, vector *out) {
  if (n == 2) {
    out[0] = m[0] + m[1] + m[2];
    out[1] = m[1] - m[2] - m[3];
    return;
  }
  const vector a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
  out[0] = m[0] + a + c;
  out[1] = b + 2 * d;
  out[2] = a + 4 * c;
  out[3] = b + 8 * d + m[5];
}

/// G g Gᵀ of a filter, in double precision: it is done once. `out` is [(n + 2)², …], `stride` apart.
static inline void filter_transform(int n, const float *filter, float *out, long stride) {
  static const double two[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  static const double four[6][3] = {
      {1.0 / 4, 0, 0},
      {-1.0 / 6, -1.0 / 6, -1.0 / 6},
      {-1.0 / 6, 1.0 / 6, -1.0 / 6},
      {1.0 / 24, 1.0 / 12, 1.0 / 6},
      {1.0 / 24, -1.0 / 12, 1.0 / 6},
      {0, 0, 1},
  };
  const double(*const g)[3] = n == 2 ? two : four;
  const int side = n + 2;
  double half[6][3];
  for (int i = 0; i < side; ++i)
    for (int x = 0; x < 3; ++x) half[i][x] = g[i][0] * filter[x] + g[i][1] * filter[3 + x] + g[i][2] * filter[6 + x];
  for (int i = 0; i < side; ++i)
    for (int j = 0; j < side; ++j)
      out[(i * side + j) * stride] = (float)(g[j][0] * half[i][0] + g[j][1] * half[i][1] + g[j][2] * half[i][2]);
}

#endif
