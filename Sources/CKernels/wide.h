// What the kernels for AVX-512 share. Other processors compile the same code, taken apart by the compiler, but are not
// meant to run it.
#ifndef WIDE_H
#define WIDE_H

#include "CKernels.h"

enum { lanes = CKernelsLanes };

/// 16 floats; as AVX-512 has them where the function says so, taken apart by the compiler elsewhere.
typedef float vector __attribute__((vector_size(64), aligned(4)));
typedef int integers __attribute__((vector_size(64), aligned(4)));

#if defined(__x86_64__)
#define FAST __attribute__((target("avx512f,avx512vl,avx512dq,fma")))
#else
#define FAST
#endif
// A sum is only a register where its number is a constant.
#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINE FAST __attribute__((always_inline)) static inline

static inline long rounded(long channels) { return (channels + lanes - 1) / lanes * lanes; }

#endif
