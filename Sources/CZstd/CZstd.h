#pragma once
// The mode of literals is a parameter that zstd calls experimental; its number is part of the
// library since 1.4.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

/// ZSTD_c_literalCompressionMode, which is a macro: 1 always tries Huffman codes.
static inline ZSTD_cParameter CZstdLiteralMode(void) { return ZSTD_c_literalCompressionMode; }
