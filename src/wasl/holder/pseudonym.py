"""Keyed pseudonyms in bulk: HMAC-SHA-256 of many short messages, and a keyed permutation of 16-byte labels.

Hashing is compiled, so that a register of millions of records is not looped over in Python; the known-answer tests
compare every length class with the standard library.

*Source:* FIPS 180-4 (SHA-256), RFC 2104 (HMAC), FIPS 197 (AES).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numba import njit
from numpy.typing import NDArray

from wasl.registers.sha256 import INITIAL_STATE, compress, write_digest

__all__ = ["LABEL_BYTES", "hash_messages", "hash_words", "permute_labels", "prf_stream"]

LABEL_BYTES = 16


@njit(cache=True, nogil=True)
def _hmac_rows(
    inner: NDArray[np.uint32], outer: NDArray[np.uint32], messages: NDArray[np.uint8], out: NDArray[np.uint8]
) -> None:
    """HMAC-SHA-256 of each row, from the states after the key pads."""
    n, length = messages.shape
    w = np.empty(64, np.uint32)
    blocks = (length + 9 + 63) // 64
    buffer = np.zeros(blocks * 64, np.uint8)
    last = np.zeros(64, np.uint8)
    state = np.empty(8, np.uint32)
    bits = np.uint64((length + 64) * 8)
    for row in range(n):
        buffer[:length] = messages[row]
        buffer[length] = 0x80
        for i in range(8):
            buffer[blocks * 64 - 1 - i] = np.uint8((bits >> np.uint64(8 * i)) & np.uint64(0xFF))
        state[:] = inner
        for block in range(blocks):
            compress(state, buffer[64 * block : 64 * block + 64], w)
        write_digest(state, last)
        last[32] = 0x80
        last[62] = 0x03  # (64 + 32) bytes are 768 bits: 0x0300
        last[63] = 0x00
        state[:] = outer
        compress(state, last, w)
        write_digest(state, out[row])


def _pad_states(key: bytes) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    padded = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    states = []
    for pad in (0x36, 0x5C):
        state = INITIAL_STATE.copy()
        compress(state, np.frombuffer(bytes(x ^ pad for x in padded), np.uint8), np.empty(64, np.uint32))
        states.append(state)
    return states[0], states[1]


def hash_messages(key: bytes, messages: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """HMAC-SHA-256 of many messages of one length: (n, m) bytes in, (n, 32) bytes out."""
    inner, outer = _pad_states(key)
    out = np.empty((len(messages), 32), np.uint8)
    _hmac_rows(inner, outer, np.ascontiguousarray(messages), out)
    return out


def hash_words(key: bytes, words: Iterable[str]) -> NDArray[np.uint8]:
    """HMAC-SHA-256 of texts of any length, one length at a time: (n, 32) bytes."""
    texts = pa.array(words, pa.large_string())
    offsets = np.asarray(texts.buffers()[1]).view(np.int64)[: len(texts) + 1]
    data = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    lengths = np.diff(offsets)
    out = np.empty((len(texts), 32), np.uint8)
    for length in np.flatnonzero(np.bincount(lengths)) if len(texts) else ():
        rows = np.flatnonzero(lengths == length)
        out[rows] = hash_messages(key, data[offsets[rows, None] + np.arange(length)])
    return out


def permute_labels(key: bytes, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rename 16-byte labels by a keyed permutation: without the key, old and new names cannot be matched.

    One AES-256 block per label: a bijection, so distinct labels stay distinct.
    """
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - a permutation of single blocks
    data = encryptor.update(np.ascontiguousarray(labels).tobytes()) + encryptor.finalize()
    return np.frombuffer(data, np.uint8).reshape(-1, LABEL_BYTES)


def prf_stream(key: bytes, seeds: NDArray[np.uint8], blocks: int) -> NDArray[np.uint8]:
    """Pseudo-random bytes for each seed: (n, 12) bytes in, (n, 16 · blocks) bytes out.

    AES-256 in counter mode with the seed as nonce, so a seed's bytes do not depend on its neighbours.
    """
    counters = np.empty((len(seeds), blocks, LABEL_BYTES), np.uint8)
    counters[:, :, :12] = seeds[:, None, :12]
    counters[:, :, 12:] = np.arange(blocks, dtype=">u4").view(np.uint8).reshape(1, blocks, 4)
    return permute_labels(key, counters.reshape(-1, LABEL_BYTES)).reshape(len(seeds), blocks * LABEL_BYTES)
