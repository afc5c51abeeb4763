// What Swift's vector types cannot say: the outcome of comparisons as one bit a lane, and bits as
// lanes of bytes.
//
// Portable vector extensions of clang, no instruction of any one processor. What the compiler makes
// of them, by its assembly for each: on SSE2 and AVX2 movmskps, or packs and pmovmskb, and pshufb
// or unpacks for the bytes; on AVX-512 mask registers; on arm64, which has no such instruction, a
// row of and, addv and tbl.
#pragma once

#include <stdint.h>
#include <string.h>

typedef int32_t CVMInts __attribute__((ext_vector_type(16)));
typedef uint64_t CVMWords __attribute__((ext_vector_type(8)));
typedef uint8_t CVMBytes __attribute__((ext_vector_type(64)));
typedef uint8_t CVMEightBytes __attribute__((ext_vector_type(8)));
typedef _Bool CVMLanes __attribute__((ext_vector_type(16)));
typedef _Bool CVMByteLanes __attribute__((ext_vector_type(64)));

/// Bit i is set where lane i is negative, as the sign bit says.
static inline __attribute__((always_inline)) uint64_t CVMNegative(CVMInts lanes) {
  CVMLanes mask = __builtin_convertvector(lanes < 0, CVMLanes);
  uint16_t bits;
  memcpy(&bits, &mask, sizeof bits);
  return bits;
}

/// All ones in byte i where bit i is set, and zeros elsewhere.
static inline __attribute__((always_inline)) CVMWords CVMSpread(uint64_t bits) {
#define CVM_EIGHT(i) i, i, i, i, i, i, i, i
  CVMEightBytes eight;
  memcpy(&eight, &bits, sizeof bits);
  CVMBytes bytes = __builtin_shufflevector(eight, eight, CVM_EIGHT(0), CVM_EIGHT(1), CVM_EIGHT(2),
                                           CVM_EIGHT(3), CVM_EIGHT(4), CVM_EIGHT(5), CVM_EIGHT(6),
                                           CVM_EIGHT(7));
  const CVMWords own = {CVM_EIGHT(0x8040201008040201)};
  return (CVMWords)((bytes & (CVMBytes)own) == (CVMBytes)own);
#undef CVM_EIGHT
}

/// All ones in bytes, taken as unsigned numbers, that are a limit or more, and zeros elsewhere.
static inline __attribute__((always_inline)) CVMWords CVMAtLeast(CVMWords bytes, uint8_t limit) {
  return (CVMWords)((CVMBytes)bytes >= limit);
}

/// Bit i is set where the highest bit of byte i is.
static inline __attribute__((always_inline)) uint64_t CVMHighest(CVMWords bytes) {
  CVMByteLanes mask = __builtin_convertvector((CVMBytes)bytes > 127, CVMByteLanes);
  uint64_t bits;
  memcpy(&bits, &mask, sizeof bits);
  return bits;
}
