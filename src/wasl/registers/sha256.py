"""SHA-256 of many short messages, compiled, so that millions of records are not looped over in Python.

*Source:* FIPS 180-4.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["INITIAL_STATE", "compress", "hash_rows", "write_digest"]

_K = np.array(
    [
        0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
        0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
        0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
        0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
        0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
        0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
        0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
        0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
    ],
    dtype=np.uint32,
)  # fmt: skip
INITIAL_STATE = np.array(
    [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19], dtype=np.uint32
)


@njit(cache=True, nogil=True, inline="always")
def _rotr(x, n):  # type: ignore[no-untyped-def]  # compiled: uint32 in, uint32 out
    return np.uint32((x >> np.uint32(n)) | (x << np.uint32(32 - n)))


@njit(cache=True, nogil=True)
def compress(state: NDArray[np.uint32], block: NDArray[np.uint8], w: NDArray[np.uint32]) -> None:
    """One SHA-256 compression of a 64-byte block into ``state``; ``w`` is scratch space of 64 words."""
    for i in range(16):
        w[i] = (
            (np.uint32(block[4 * i]) << np.uint32(24))
            | (np.uint32(block[4 * i + 1]) << np.uint32(16))
            | (np.uint32(block[4 * i + 2]) << np.uint32(8))
            | np.uint32(block[4 * i + 3])
        )
    for i in range(16, 64):
        x = w[i - 15]
        y = w[i - 2]
        s0 = _rotr(x, 7) ^ _rotr(x, 18) ^ np.uint32(x >> np.uint32(3))
        s1 = _rotr(y, 17) ^ _rotr(y, 19) ^ np.uint32(y >> np.uint32(10))
        w[i] = np.uint32(w[i - 16] + s0 + w[i - 7] + s1)
    a, b, c, d = state[0], state[1], state[2], state[3]
    e, f, g, h = state[4], state[5], state[6], state[7]
    for i in range(64):
        s1 = _rotr(e, 6) ^ _rotr(e, 11) ^ _rotr(e, 25)
        t1 = np.uint32(h + s1 + ((e & f) ^ (~e & g)) + _K[i] + w[i])
        s0 = _rotr(a, 2) ^ _rotr(a, 13) ^ _rotr(a, 22)
        t2 = np.uint32(s0 + ((a & b) ^ (a & c) ^ (b & c)))
        h, g, f = g, f, e
        e = np.uint32(d + t1)
        d, c, b = c, b, a
        a = np.uint32(t1 + t2)
    state[0] = np.uint32(state[0] + a)
    state[1] = np.uint32(state[1] + b)
    state[2] = np.uint32(state[2] + c)
    state[3] = np.uint32(state[3] + d)
    state[4] = np.uint32(state[4] + e)
    state[5] = np.uint32(state[5] + f)
    state[6] = np.uint32(state[6] + g)
    state[7] = np.uint32(state[7] + h)


@njit(cache=True, nogil=True)
def write_digest(state: NDArray[np.uint32], out: NDArray[np.uint8]) -> None:
    """Write a state as the 32 bytes of a digest."""
    for i in range(8):
        for j in range(4):
            out[4 * i + j] = np.uint8((state[i] >> np.uint32(24 - 8 * j)) & np.uint32(0xFF))


@njit(cache=True, nogil=True)
def _hash_rows(messages: NDArray[np.uint8], initial: NDArray[np.uint32], out: NDArray[np.uint8]) -> None:
    n, length = messages.shape
    w = np.empty(64, np.uint32)
    blocks = (length + 9 + 63) // 64
    buffer = np.zeros(blocks * 64, np.uint8)
    buffer[length] = 0x80
    for i in range(8):
        buffer[blocks * 64 - 1 - i] = np.uint8((np.uint64(length * 8) >> np.uint64(8 * i)) & np.uint64(0xFF))
    state = np.empty(8, np.uint32)
    for row in range(n):
        buffer[:length] = messages[row]
        state[:] = initial
        for block in range(blocks):
            compress(state, buffer[64 * block : 64 * block + 64], w)
        write_digest(state, out[row])


def hash_rows(messages: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """SHA-256 of many messages of one length: (n, m) bytes in, (n, 32) bytes out."""
    out = np.empty((len(messages), 32), np.uint8)
    _hash_rows(np.ascontiguousarray(messages), INITIAL_STATE, out)
    return out
