"""The program's random numbers to the bit: Philox4x32-10 (Salmon et al., SC 2011), vectorised.

A stream is an array of random bits without storage, named by seed, purpose, owner and step. Block b
of it is Philox with key = (low, high half of seed) and counter = (b mod 2^32, step mod 2^32, owner,
purpose * 2^24 + (b >> 32) * 2^12 + (step >> 32)).
"""

import numpy as np

TIE_BREAK, STOCHASTIC_SIGN, CLIENTS, ADVERSARIES, ATTACK = 1, 6, 7, 10, 11

LOW = np.uint64(0xFFFF_FFFF)
HALF = np.uint64(32)


def philox(counter, key):
    """The blocks of counters (4 arrays) under a key (2 numbers), as an array of rows of four."""
    x, y, z, w = (np.asarray(part, np.uint64) for part in counter)
    k, l = (np.uint64(part) for part in key)
    for _ in range(10):
        a = np.uint64(0xD251_1F53) * x
        b = np.uint64(0xCD9E_8D57) * z
        x, y, z, w = (b >> HALF) ^ y ^ k, b & LOW, (a >> HALF) ^ w ^ l, a & LOW
        k = (k + np.uint64(0x9E37_79B9)) & LOW
        l = (l + np.uint64(0xBB67_AE85)) & LOW
    return np.stack([x, y, z, w], axis=-1).astype(np.uint32)


def words32(count, seed, purpose, owner=0, step=0):
    """The first `count` 32-bit words of a stream."""
    blocks = np.arange(-(-count // 4), dtype=np.uint64)
    same = np.zeros_like(blocks)
    last = purpose << 24 | step >> 32
    counter = (blocks, same + np.uint64(step & 0xFFFF_FFFF), same + np.uint64(owner),
               same + np.uint64(last))
    return philox(counter, (seed & 0xFFFF_FFFF, seed >> 32)).ravel()[:count]


def words64(count, *stream, **place):
    """The first `count` 64-bit words of a stream; the lower half comes first."""
    halves = words32(2 * count, *stream, **place).astype(np.uint64)
    return halves[0::2] | halves[1::2] << HALF


def bits(count, *stream, **place):
    """The first `count` bits of a stream, from the lowest of each word on."""
    words = words64(-(-count // 64), *stream, **place)
    places = np.arange(count, dtype=np.uint64)
    return (words[places // np.uint64(64)] >> places % np.uint64(64) & np.uint64(1)).astype(bool)


def permutation(count, *stream, **place):
    """0..<count in random order (Fisher, Yates): from the last place i on exchange i with j <= i.

    j is the high half of word i times i + 1.
    """
    order = list(range(count))
    words = words64(count, *stream, **place)
    for i in range(count - 1, 0, -1):
        j = int(words[i]) * (i + 1) >> 64
        order[i], order[j] = order[j], order[i]
    return order
