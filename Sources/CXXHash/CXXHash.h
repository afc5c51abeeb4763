#pragma once

// The functions of the library, which is built for the oldest processors.
#include <xxhash.h>

// The same again, compiled here for the processor that the program is built for.
#define XXH_INLINE_ALL
#include <xxhash.h>

/// The XXH3 hash of bytes; with AVX2 four times as fast as the library's.
static inline uint64_t CXXHash64(const void *bytes, size_t count, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, count, seed);
}
