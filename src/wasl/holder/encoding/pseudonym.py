"""Keyed pseudonyms in bulk: HMAC-SHA-256 of many short messages, and a keyed permutation of 16-byte labels.

Hashing is compiled, so that a register of millions of records is not looped over in Python; the known-answer tests
compare every length class with the standard library.

*Source:* FIPS 180-4 (SHA-256), RFC 2104 (HMAC), FIPS 197 (AES).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from wasl.registers.compiled import njit
from wasl.registers.compiled.sha256 import hash_after, state_after

__all__ = [
    "LABEL_BYTES",
    "TextsByLength",
    "hash_labels",
    "hash_messages",
    "hash_texts",
    "hash_words",
    "permute_labels",
    "prf_stream",
    "texts_by_length",
]

LABEL_BYTES = 16


HASHED_AT_A_TIME = 1 << 18
"""Texts of one length hashed together: a gather takes eight bytes for each of their letters."""


def _pad_states(key: bytes) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The states after the key's inner and outer pad."""
    padded = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner, outer = (state_after(bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C))
    return inner, outer


def hash_messages(key: bytes, messages: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """HMAC-SHA-256 of many messages of one length: (n, m) bytes in, (n, 32) bytes out."""
    inner, outer = _pad_states(key)
    out = np.empty((len(messages), 32), np.uint8)
    hash_after(inner, 64, np.ascontiguousarray(messages), outer, out)
    return out


def hash_words(key: bytes, words: Iterable[str] | pa.Array) -> NDArray[np.uint8]:
    """HMAC-SHA-256 of texts of any length, one length at a time: (n, 32) bytes."""
    return hash_texts(key, texts_by_length(words))


def hash_texts(key: bytes, texts: TextsByLength) -> NDArray[np.uint8]:
    """HMAC-SHA-256 of texts that were sorted by length: (n, 32) bytes, in the order in which they were given."""
    out = np.empty((texts.count, 32), np.uint8)
    for places in texts.places:
        for start in range(0, len(places), HASHED_AT_A_TIME):
            some = places[start : start + HASHED_AT_A_TIME]
            length = int(texts.offsets[some[0] + 1] - texts.offsets[some[0]])
            messages = np.empty((len(some), length), np.uint8)
            _copy_letters(texts.letters, texts.offsets, some, messages)
            out[some] = hash_messages(key, messages)
    return out


@njit(cache=True, nogil=True)
def _copy_letters(
    letters: NDArray[np.uint8], offsets: NDArray[np.int64], places: NDArray[np.int64], out: NDArray[np.uint8]
) -> None:
    """The letters of some texts of one length, text by text: (texts, length)."""
    for i in range(len(places)):
        first = offsets[places[i]]
        for k in range(out.shape[1]):
            out[i, k] = letters[first + k]


@dataclass(frozen=True, slots=True)
class TextsByLength:
    """Texts, ready to be hashed under one key after another.

    Attributes:
        letters: Their bytes, one text behind the other.
        offsets: Where each begins; one more entry than texts.
        places: The texts of each length.
    """

    letters: NDArray[np.uint8] = field(repr=False)
    offsets: NDArray[np.int64] = field(repr=False)
    places: tuple[NDArray[np.int64], ...] = field(repr=False)

    @property
    def count(self) -> int:
        """How many texts."""
        return len(self.offsets) - 1


def texts_by_length(words: Iterable[str] | pa.Array) -> TextsByLength:
    """Sort texts by their length in bytes."""
    texts = words.cast(pa.large_string()) if isinstance(words, pa.Array) else pa.array(words, pa.large_string())
    if texts.offset:
        texts = pa.concat_arrays([texts])
    offsets = np.asarray(texts.buffers()[1]).view(np.int64)[: len(texts) + 1]
    letters = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    lengths = np.diff(offsets)
    present = np.flatnonzero(np.bincount(lengths)) if len(texts) else np.zeros(0, np.int64)
    return TextsByLength(letters, offsets, tuple(np.flatnonzero(lengths == length) for length in present))


def hash_labels(key: bytes, texts: pa.Array, prefix: str = "") -> NDArray[np.uint8]:
    """The first sixteen bytes of HMAC-SHA-256 of each text, a part of the texts at a time: (n, 16) bytes.

    Args:
        key: The key.
        texts: Strings, none missing.
        prefix: Stands before each, with a zero byte between; nothing if empty.
    """
    labels = np.empty((len(texts), LABEL_BYTES), np.uint8)
    for start in range(0, len(texts), HASHED_AT_A_TIME):
        some = texts.slice(start, HASHED_AT_A_TIME)
        if prefix:
            some = pc.binary_join_element_wise(prefix, some, "\0")
        labels[start : start + HASHED_AT_A_TIME] = hash_words(key, some)[:, :LABEL_BYTES]
    return labels


def permute_labels(key: bytes, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rename 16-byte labels by a keyed permutation: without the key, old and new names cannot be matched.

    One AES-256 block per label: a bijection, so distinct labels stay distinct.
    """
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - a permutation of single blocks
    renamed = np.empty(labels.size + LABEL_BYTES - 1, np.uint8)  # room for a block more, as the interface demands
    encryptor.update_into(np.ascontiguousarray(labels).reshape(-1).data, renamed.data)
    return renamed[: labels.size].reshape(-1, LABEL_BYTES)


@njit(cache=True, nogil=True)
def _count_blocks(seeds: NDArray[np.uint32], blocks: int, last: NDArray[np.uint32], out: NDArray[np.uint32]) -> None:
    for i in range(len(seeds)):
        for block in range(blocks):
            for word in range(3):
                out[i, block, word] = seeds[i, word]
            out[i, block, 3] = last[block]


def prf_stream(key: bytes, seeds: NDArray[np.uint8], blocks: int) -> NDArray[np.uint8]:
    """Pseudo-random bytes for each seed: (n, 12) bytes in, (n, 16 · blocks) bytes out.

    AES-256 in counter mode with the seed as nonce, so a seed's bytes do not depend on its neighbours.
    """
    counters = np.empty((len(seeds), blocks, LABEL_BYTES // 4), np.uint32)
    last = np.arange(blocks, dtype=">u4").view(np.uint32)
    _count_blocks(np.ascontiguousarray(seeds).view(np.uint32), blocks, last, counters)
    return permute_labels(key, counters.view(np.uint8)).reshape(len(seeds), blocks * LABEL_BYTES)
