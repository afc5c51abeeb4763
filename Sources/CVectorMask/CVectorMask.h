// What Swift's vector types cannot say: the outcome of a comparison as one bit a lane.
//
// Portable vector extensions of clang, no instruction of any one processor: the compiler makes
// movmskps or packs and pmovmskb of it on SSE2 and AVX2, a mask register on AVX-512.
#pragma once

#include <stdint.h>
#include <string.h>

typedef int32_t CVMInts __attribute__((ext_vector_type(16)));
typedef _Bool CVMLanes __attribute__((ext_vector_type(16)));

/// Bit i is set where lane i is negative, as the sign bit says.
static inline __attribute__((always_inline)) uint64_t CVMNegative(CVMInts lanes) {
  CVMLanes mask = __builtin_convertvector(lanes < 0, CVMLanes);
  uint16_t bits;
  memcpy(&bits, &mask, sizeof bits);
  return bits;
}
