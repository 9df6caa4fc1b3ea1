"""SHA-256 of many short messages, compiled, so that millions of records are not looped over in Python.

Sixteen messages are hashed side by side, each in its lane of every array: the compiler makes vector operations of it.

*Source:* FIPS 180-4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit

__all__ = ["hash_after", "hash_rows", "state_after"]

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


LANES = 16
"""Messages hashed side by side: a vector register's worth."""


@njit(cache=True, nogil=True, inline="always")
def _rotr(x, n):  # type: ignore[no-untyped-def]  # compiled: uint32 in, uint32 out
    return np.uint32((x >> np.uint32(n)) | (x << np.uint32(32 - n)))


@njit(cache=True, nogil=True, inline="always")
def _round(s, w, t, a, b, c, d, e, f, g, h):  # type: ignore[no-untyped-def]  # compiled: places of the working variables
    """Round ``t`` for all lanes; ``a`` to ``h`` say where the working variables stand, so that none has to move."""
    for lane in range(LANES):
        x, y, p, q = s[e * LANES + lane], s[a * LANES + lane], s[b * LANES + lane], s[c * LANES + lane]
        choice = (x & s[f * LANES + lane]) ^ (~x & s[g * LANES + lane])
        t1 = np.uint32(
            s[h * LANES + lane] + (_rotr(x, 6) ^ _rotr(x, 11) ^ _rotr(x, 25)) + choice + _K[t] + w[t * LANES + lane]
        )
        s[d * LANES + lane] = np.uint32(s[d * LANES + lane] + t1)
        majority = (y & p) ^ (y & q) ^ (p & q)
        s[h * LANES + lane] = np.uint32(t1 + (_rotr(y, 2) ^ _rotr(y, 13) ^ _rotr(y, 22)) + majority)


@njit(cache=True, nogil=True)
def _compress(state: NDArray[np.uint32], s: NDArray[np.uint32], w: NDArray[np.uint32]) -> None:
    """One SHA-256 compression per lane, into ``state`` (8 words of each lane, word by word).

    ``w`` holds the 16 words of each lane's block and room for 48 more; ``s`` is scratch space of the state's size.
    """
    for t in range(16, 64):
        for lane in range(LANES):
            x, y = w[(t - 15) * LANES + lane], w[(t - 2) * LANES + lane]
            s0 = _rotr(x, 7) ^ _rotr(x, 18) ^ (x >> np.uint32(3))
            s1 = _rotr(y, 17) ^ _rotr(y, 19) ^ (y >> np.uint32(10))
            w[t * LANES + lane] = np.uint32(w[(t - 16) * LANES + lane] + s0 + w[(t - 7) * LANES + lane] + s1)
    for i in range(8 * LANES):
        s[i] = state[i]
    for eight in range(8):
        t = 8 * eight
        _round(s, w, t, 0, 1, 2, 3, 4, 5, 6, 7)
        _round(s, w, t + 1, 7, 0, 1, 2, 3, 4, 5, 6)
        _round(s, w, t + 2, 6, 7, 0, 1, 2, 3, 4, 5)
        _round(s, w, t + 3, 5, 6, 7, 0, 1, 2, 3, 4)
        _round(s, w, t + 4, 4, 5, 6, 7, 0, 1, 2, 3)
        _round(s, w, t + 5, 3, 4, 5, 6, 7, 0, 1, 2)
        _round(s, w, t + 6, 2, 3, 4, 5, 6, 7, 0, 1)
        _round(s, w, t + 7, 1, 2, 3, 4, 5, 6, 7, 0)
    for i in range(8 * LANES):
        state[i] = np.uint32(state[i] + s[i])


@njit(cache=True, nogil=True)
def _read_block(padded: NDArray[np.uint8], block: int, w: NDArray[np.uint32]) -> None:
    """Read a block of each lane's message, (lanes, bytes), into the first 16 words of each lane."""
    for i in range(16):
        at = 64 * block + 4 * i
        for lane in range(LANES):
            w[i * LANES + lane] = (
                (np.uint32(padded[lane, at]) << np.uint32(24))
                | (np.uint32(padded[lane, at + 1]) << np.uint32(16))
                | (np.uint32(padded[lane, at + 2]) << np.uint32(8))
                | np.uint32(padded[lane, at + 3])
            )


@njit(cache=True, nogil=True)
def _write_digests(state: NDArray[np.uint32], out: NDArray[np.uint8]) -> None:
    """Write the states of as many lanes as ``out`` has rows as digests: (rows, 32) bytes."""
    for lane in range(len(out)):
        for i in range(8):
            for j in range(4):
                out[lane, 4 * i + j] = np.uint8((state[i * LANES + lane] >> np.uint32(24 - 8 * j)) & np.uint32(0xFF))


@njit(cache=True, nogil=True)
def hash_after(
    state: NDArray[np.uint32],
    before: int,
    messages: NDArray[np.uint8],
    then: NDArray[np.uint32],
    out: NDArray[np.uint8],
) -> None:
    """Hash each row from a state on, and if there is another state, the digest from that one on.

    Args:
        state: The state after the first ``before`` bytes, which every message begins with.
        before: A multiple of 64.
        messages: (n, m) bytes that follow.
        then: The state from which the digest is hashed again (HMAC), also after ``before`` bytes; or empty.
        out: (n, 32) bytes.
    """
    n, length = messages.shape
    blocks = (length + 9 + 63) // 64
    padded = np.zeros((LANES, blocks * 64), np.uint8)
    padded[:, length] = 0x80
    for i in range(8):
        padded[:, blocks * 64 - 1 - i] = np.uint8(
            (np.uint64((length + before) * 8) >> np.uint64(8 * i)) & np.uint64(0xFF)
        )
    w = np.zeros(64 * LANES, np.uint32)
    scratch, states = np.empty(8 * LANES, np.uint32), np.empty(8 * LANES, np.uint32)
    for low in range(0, n, LANES):
        many = min(LANES, n - low)
        for lane in range(many):
            for i in range(length):
                padded[lane, i] = messages[low + lane, i]
        for i in range(8):
            states[i * LANES : (i + 1) * LANES] = state[i]
        for block in range(blocks):
            _read_block(padded, block, w)
            _compress(states, scratch, w)
        if len(then):
            w[: 8 * LANES] = states
            w[8 * LANES : 9 * LANES] = 0x80000000
            w[9 * LANES : 15 * LANES] = 0
            w[15 * LANES : 16 * LANES] = (before + 32) * 8
            for i in range(8):
                states[i * LANES : (i + 1) * LANES] = then[i]
            _compress(states, scratch, w)
        _write_digests(states, out[low : low + many])


def state_after(block: bytes) -> NDArray[np.uint32]:
    """The state after a first block of 64 bytes."""
    w = np.zeros((64, LANES), np.uint32)
    w[:16] = np.frombuffer(block, ">u4").astype(np.uint32)[:, None]
    states = np.repeat(INITIAL_STATE, LANES)
    _compress(states, np.empty_like(states), w.ravel())
    return np.ascontiguousarray(states[::LANES])


def hash_rows(messages: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """SHA-256 of many messages of one length: (n, m) bytes in, (n, 32) bytes out."""
    out = np.empty((len(messages), 32), np.uint8)
    hash_after(INITIAL_STATE, 0, np.ascontiguousarray(messages), INITIAL_STATE[:0], out)
    return out
