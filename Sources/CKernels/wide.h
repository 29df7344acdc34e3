// What the kernels over pictures and feature maps share. Their files are compiled for AVX-512 and, included by
// winograd_avx2.c and maps_avx2.c, for AVX2; other processors compile them once, taken apart by the compiler, but are
// not meant to run them.
#ifndef WIDE_H
#define WIDE_H

#include "CKernels.h"

/// Floats of a vector, and how many vectors of sums stay in registers beside what is multiplied. Memory is laid out in
/// steps of `CKernelsLanes` for either.
#if defined(WIDE_AVX2)
enum { lanes = 8, most_sums = 12 };
#else
enum { lanes = 16, most_sums = 24 };
#endif

typedef float vector __attribute__((vector_size(lanes * 4), aligned(4)));
typedef int integers __attribute__((vector_size(lanes * 4), aligned(4)));

#if defined(WIDE_AVX2)
#define FAST __attribute__((target("avx2,fma")))
#elif defined(__x86_64__)
#define WIDE_AVX512
#define FAST __attribute__((target("avx512f,avx512vl,avx512dq,fma")))
#else
#define FAST
#endif
// A sum is only a register where its number is a constant.
#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINE FAST __attribute__((always_inline)) static inline

/// Begins the definition of a function of this library: the version for AVX2, or that for AVX-512 together with the
/// choice between them.
#if defined(WIDE_AVX2)
#define KERNEL(name, parameters, arguments) FAST void name##_avx2 parameters
#elif defined(WIDE_AVX512)
#define KERNEL(name, parameters, arguments)                          \
  void name##_avx2 parameters;                                       \
  FAST static void name##_avx512 parameters;                         \
  void name parameters {                                             \
    has_avx512() ? name##_avx512 arguments : name##_avx2 arguments;  \
  }                                                                  \
  FAST static void name##_avx512 parameters
#else
#define KERNEL(name, parameters, arguments) void name parameters
#endif

#if defined(WIDE_AVX512)
static inline bool has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
#endif

/// Adds the products of a number in each of `rows` rows, `stride` apart, with `vectors` of weights. Whichever are fewer
/// wait in registers, so that one more has to be there at a time.
INLINE void multiply(const float *v, long stride, const float *weights, vector *sums, const int rows,
                     const int vectors) {
  if (vectors <= rows) {
    vector waiting[6];
    UNROLLED for (int p = 0; p < vectors; ++p) waiting[p] = *(const vector *)(weights + p * lanes);
    UNROLLED for (int r = 0; r < rows; ++r)
      UNROLLED for (int p = 0; p < vectors; ++p) sums[r * vectors + p] += v[r * stride] * waiting[p];
  } else {
    float waiting[6];
    UNROLLED for (int r = 0; r < rows; ++r) waiting[r] = v[r * stride];
    UNROLLED for (int p = 0; p < vectors; ++p)
      UNROLLED for (int r = 0; r < rows; ++r)
        sums[r * vectors + p] += waiting[r] * *(const vector *)(weights + p * lanes);
  }
}

static inline long rounded(long channels) { return (channels + CKernelsLanes - 1) / CKernelsLanes * CKernelsLanes; }

#endif
