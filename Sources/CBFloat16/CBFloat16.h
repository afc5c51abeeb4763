// Vectors of bfloat16, the upper halves of Float32, from those and back.
//
// Swift's vector types convert to others of another width lane by lane. Portable vector extensions of
// clang, no instruction of any one processor.
#pragma once

#include <stdint.h>

typedef float CBFFloats __attribute__((ext_vector_type(16)));
typedef uint32_t CBFWords __attribute__((ext_vector_type(16)));
typedef uint16_t CBFHalves __attribute__((ext_vector_type(16)));

/// The nearest ones, of two as near that with an even last bit; NaN for NaN.
static inline __attribute__((always_inline)) CBFHalves CBFRounded(CBFFloats numbers) {
  CBFWords bits = (CBFWords)numbers;
  CBFWords nearest = bits + 0x7FFF + (bits >> 16 & 1);
  nearest = numbers == numbers ? nearest : (CBFWords)0x7FC00000;
  return __builtin_convertvector(nearest >> 16, CBFHalves);
}

static inline __attribute__((always_inline)) CBFFloats CBFWidened(CBFHalves numbers) {
  return (CBFFloats)(__builtin_convertvector(numbers, CBFWords) << 16);
}
