// winograd.c for AVX2.
#if defined(__x86_64__)
#define WIDE_AVX2
#include "winograd.c"
#endif
