// The layers over feature maps for AVX2.
#if defined(__x86_64__)
#define WIDE_AVX2
#include "maps_attention.c"
#include "maps_norm.c"
#include "maps_products.c"
#include "maps_winograd.c"
#endif
