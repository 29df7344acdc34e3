// What e^x needs beside a power of two, for files that define `vector` and `INLINE` before.
#ifndef EXPONENTIAL_REST_H
#define EXPONENTIAL_REST_H

/// e^(x − n ln 2) for |x − n ln 2| ≤ ln 2 / 2 (Cody & Waite 1980, "Software manual for the elementary functions"; ln 2 in two
/// parts, so that the difference is exact).
INLINE vector exponential_of_rest(vector x, vector n) {
  const vector r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  return p;
}

#endif
