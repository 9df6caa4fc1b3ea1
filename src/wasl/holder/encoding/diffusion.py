"""Keyed diffusion: every released bit is the XOR of t secret bits of the filter, other ones in every block.

Each tap i sees the filter in its own secret order of bits (a permutation per pass and group). In block b, released
word w is the XOR over taps of word ``choice[b, i, w]`` of that order, rotated by ``turn[b, i, w]``; both come from the
block's secret. So a released bit is the XOR of t secret positions, as in the paper.

It is computed bit-sliced: the filters of 64 records are turned into *planes*, one word per filter bit that holds that
bit of all 64. A tap's order of bits is then an order of planes. Records of small blocks are turned back tap by tap, and
their words are chosen and rotated. The records of a large block share one recipe, so each released bit is the XOR of t
planes. Bit 64w + k of the filter is plane k · words + w.

*Source:* Armknecht, Heng, Schnell, "Strengthening privacy-preserving record linkage using diffusion", PoPETs 2023(2).
Transposition: Warren, Hacker's Delight, 2nd ed., section 7-3.

*Does not protect against:* graph matching inside one block when many records share it (see the leak meter). Nor does it
protect against linear algebra on more records of one block than released bits, unless bits ≥ 2 · released bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wasl.holder.encoding.bloom import AHEAD, gather_filters
from wasl.holder.encoding.pseudonym import prf_stream
from wasl.registers.compiled import njit
from wasl.registers.compiled.bits import popcount, prefetch

__all__ = ["Spreaders", "block_schedule", "plane_orders", "reorder_masks", "spreaders", "tap_permutations"]

BATCH = 64
"""Records whose filters are sliced together: the bits of a word."""


def tap_permutations(key: bytes, taps: int, bits: int) -> NDArray[np.uint16]:
    """The secret order of bits each tap sees: (taps, bits); entry p is where bit p goes.

    Sorting 64-bit pseudo-random numbers; equal ones (chance below 2**-40) keep their order.
    """
    seeds = np.zeros((taps, 12), np.uint8)
    seeds[:, 0] = np.arange(taps)
    numbers = prf_stream(key, seeds, bits * 8 // 16).view("<u8").reshape(taps, bits)
    order = np.argsort(numbers, axis=1, kind="stable")
    permutations = np.empty((taps, bits), np.uint16)
    np.put_along_axis(permutations, order, np.arange(bits, dtype=np.uint16)[None, :], axis=1)
    return permutations


def _plane_of(bits: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The planes of these bits of a filter of ``size`` bits."""
    return bits % 64 * (size // 64) + bits // 64


def plane_orders(permutations: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """The plane of the filter that each tap sees in each place: (taps, bits), from (taps, bits) orders of bits."""
    taps, size = permutations.shape
    bits = np.arange(size)
    orders = np.empty((taps, size), np.uint16)
    np.put_along_axis(
        orders, _plane_of(permutations.astype(np.int64), size), _plane_of(bits, size).astype(np.uint16)[None, :], axis=1
    )
    return orders


def block_schedule(key: bytes, block_seeds: NDArray[np.uint8], taps: int, released_words: int) -> NDArray[np.uint16]:
    """For each block, tap and released word: which word of the tap's order, turned by how many bits.

    Returns:
        (blocks, taps · released words): word number (modulo the filter's words) in the lower byte, turn (modulo 64) in
        the upper one.
    """
    size = taps * released_words
    stream = prf_stream(key, block_seeds, -(-2 * size // 16))[:, : 2 * size]
    return np.ascontiguousarray(stream).view("<u2").reshape(-1, size)


@njit(cache=True, nogil=True)
def _swap(  # type: ignore[no-untyped-def]
    rows, first, run, far, far_mask, near, near_mask
):
    """Two stages of a transposition for four runs of words, half a step apart."""
    a, b = rows[first : first + run], rows[first + run : first + 2 * run]
    c, d = rows[first + 2 * run : first + 3 * run], rows[first + 3 * run : first + 4 * run]
    for i in range(run):
        x, y, z, u = a[i], b[i], c[i], d[i]
        t = ((x >> far) ^ z) & far_mask
        z ^= t
        x ^= t << far
        t = ((y >> far) ^ u) & far_mask
        u ^= t
        y ^= t << far
        t = ((x >> near) ^ y) & near_mask
        y ^= t
        x ^= t << near
        t = ((z >> near) ^ u) & near_mask
        u ^= t
        z ^= t << near
        a[i] = x
        b[i] = y
        c[i] = z
        d[i] = u


@njit(cache=True, nogil=True)
def _transpose(rows: NDArray[np.uint64], words: int) -> None:
    """Transpose 64 × 64 bits, ``words`` matrices side by side: bit k of row r and bit r of row k change places."""
    _swap(
        rows,
        0,
        16 * words,
        np.uint64(32),
        np.uint64(0x00000000FFFFFFFF),
        np.uint64(16),
        np.uint64(0x0000FFFF0000FFFF),
    )
    for part in range(4):
        first = 16 * part * words
        _swap(
            rows,
            first,
            4 * words,
            np.uint64(8),
            np.uint64(0x00FF00FF00FF00FF),
            np.uint64(4),
            np.uint64(0x0F0F0F0F0F0F0F0F),
        )
    for part in range(16):
        first = 4 * part * words
        _swap(
            rows,
            first,
            words,
            np.uint64(2),
            np.uint64(0x3333333333333333),
            np.uint64(1),
            np.uint64(0x5555555555555555),
        )


@dataclass(frozen=True, slots=True)
class Spreaders:
    """The two ways to diffuse, compiled for one length of filters and of what is released.

    Both take ``(rows, places, <recipe>, offsets, pairs, masks, orders, released)`` and return the bits set before
    diffusion. The first arguments are the records; where in ``released`` each goes; where each record's (piece, level)
    pairs begin; the pairs, record after record. The others are the words that each pair sets, (pairs · words) flat; the
    planes each tap sees, (taps, bits); and the output, (places · released words) flat.

    Attributes:
        of_many: Records of many blocks; recipe: ``schedule`` (see :func:`block_schedule`) and the row of it that is
            each record's.
        of_one: Records of one block; recipe: its row of the schedule.
        of_few: Records of many blocks whose group has few pairs; as ``of_many``, but with what :func:`reorder_masks`
            gives instead of the planes.
    """

    of_many: Callable[..., int]
    of_one: Callable[..., int]
    of_few: Callable[..., int]


@lru_cache(maxsize=8)
def spreaders(words: int, released_words: int) -> Spreaders:
    """Diffusion of filters of so many words to so many: with constant lengths the loops unroll."""

    @njit(cache=True, nogil=True)
    def of_many(  # type: ignore[no-untyped-def]
        rows, places, blocks, schedule, offsets, pairs, masks, orders, released
    ):
        taps = len(orders)
        own, count = np.arange(BATCH), 0
        planes, turned = np.zeros(BATCH * words, np.uint64), np.empty(BATCH * words, np.uint64)
        found, recipes = np.empty(BATCH * released_words, np.uint64), np.empty(BATCH, np.uint64)
        for low in range(0, len(rows), BATCH):
            many = min(BATCH, len(rows) - low)
            count += gather_filters(rows, low, low + many, own, offsets, pairs, masks, words, planes)
            _transpose(planes, words)
            found[:] = 0
            for i in range(many):
                recipes[i] = np.uint64(blocks[low + i] * taps * released_words)
            for tap in range(taps):
                order = orders[tap]
                for plane in range(BATCH * words):
                    turned[plane] = planes[order[plane]]
                _transpose(turned, words)
                for i in range(many):
                    source, out = np.uint64(i * words), np.uint64(i * released_words)
                    recipe = recipes[i] + np.uint64(tap * released_words)
                    for word in range(released_words):
                        step = np.uint64(schedule[recipe + np.uint64(word)])
                        value = turned[source + (step & np.uint64(words - 1))]
                        turn = (step >> np.uint64(8)) & np.uint64(63)
                        rotated = (value << turn) | (value >> ((np.uint64(0) - turn) & np.uint64(63)))
                        found[out + np.uint64(word)] ^= rotated
            for i in range(many):
                out, place = np.uint64(i * released_words), np.uint64(places[low + i] * released_words)
                for word in range(released_words):
                    released[place + np.uint64(word)] = found[out + np.uint64(word)]
        return count

    @njit(cache=True, nogil=True)
    def of_one(  # type: ignore[no-untyped-def]
        rows, places, recipe, offsets, pairs, masks, orders, released
    ):
        sources = _planes_of_bits(orders, recipe, words, released_words)
        own, count = np.arange(BATCH), 0
        planes, found = np.zeros(BATCH * words, np.uint64), np.empty(BATCH * released_words, np.uint64)
        for low in range(0, len(rows), BATCH):
            many = min(BATCH, len(rows) - low)
            count += gather_filters(rows, low, low + many, own, offsets, pairs, masks, words, planes)
            _transpose(planes, words)
            found[:] = 0
            for tap in range(len(sources)):
                source = sources[tap]
                for plane in range(BATCH * released_words):
                    found[plane] ^= planes[source[plane]]
            _transpose(found, released_words)
            for i in range(many):
                out, place = np.uint64(i * released_words), np.uint64(places[low + i] * released_words)
                for word in range(released_words):
                    released[place + np.uint64(word)] = found[out + np.uint64(word)]
        return count

    @njit(cache=True, nogil=True)
    def of_few(  # type: ignore[no-untyped-def]
        rows, places, blocks, schedule, offsets, pairs, masks, reordered, released
    ):
        taps = reordered.shape[1] // words
        size = taps * released_words
        flat, width = reordered.reshape(-1), np.uint64(taps * words)
        filters, count = np.empty(words, np.uint64), np.uint64(0)
        steps = np.empty(size, np.uint64)
        for i in range(len(rows)):
            if i + AHEAD[0] < len(rows):
                prefetch(offsets, np.uint64(rows[i + AHEAD[0]]))
            if i + AHEAD[1] < len(rows):
                prefetch(pairs, np.uint64(offsets[rows[i + AHEAD[1]]]))
            first, last = offsets[rows[i]], offsets[rows[i] + 1]
            one, two, three = np.uint64(0), np.uint64(0), np.uint64(0)
            if last - first == 3:  # a whole birth date
                one, two, three = np.uint64(pairs[first]), np.uint64(pairs[first + 1]), np.uint64(pairs[first + 2])
                a, b, c = one * np.uint64(words), two * np.uint64(words), three * np.uint64(words)
                for word in range(words):
                    w = np.uint64(word)
                    count += popcount(masks[a + w] | masks[b + w] | masks[c + w])
            else:
                filters[:] = 0
                for pair in range(first, last):
                    a = np.uint64(pairs[pair]) * np.uint64(words)
                    for word in range(words):
                        filters[word] |= masks[a + np.uint64(word)]
                for word in range(words):
                    count += popcount(filters[word])
            recipe, place = np.uint64(blocks[i] * size), np.uint64(places[i] * released_words)
            for k in range(size):
                steps[k] = np.uint64(schedule[recipe + np.uint64(k)])
            one, two, three = one * width, two * width, three * width
            for word in range(released_words):
                found = np.uint64(0)
                for tap in range(taps):
                    step = steps[tap * released_words + word]
                    source = np.uint64(tap * words) + (step & np.uint64(words - 1))
                    if last - first == 3:
                        value = flat[one + source] | flat[two + source] | flat[three + source]
                    else:
                        value = np.uint64(0)
                        for pair in range(first, last):
                            value |= flat[np.uint64(pairs[pair]) * width + source]
                    turn = (step >> np.uint64(8)) & np.uint64(63)
                    found ^= (value << turn) | (value >> ((np.uint64(0) - turn) & np.uint64(63)))
                released[place + np.uint64(word)] = found
        return np.int64(count)

    return Spreaders(of_many, of_one, of_few)


@njit(cache=True, nogil=True)
def reorder_masks(masks: NDArray[np.uint64], orders: NDArray[np.uint16]) -> NDArray[np.uint64]:
    """What each pair sets in the filter as each tap sees it: (pairs, taps · words).

    A filter is the OR of what its pairs set, and reordering its bits is the same as reordering theirs. With few pairs
    (days, months and years) that is done once and not for each record.

    Args:
        masks: (pairs, words).
        orders: The planes each tap sees, (taps, bits).
    """
    words, taps = masks.shape[1], len(orders)
    found = np.zeros((len(masks), taps * words), np.uint64)
    for tap in range(taps):
        for plane in range(64 * words):
            source = np.int64(orders[tap, plane])
            word, bit = source % words, np.uint64(source // words)
            into, to = tap * words + plane % words, np.uint64(plane // words)
            for pair in range(len(masks)):
                found[pair, into] |= ((masks[pair, word] >> bit) & np.uint64(1)) << to
    return found


@njit(cache=True, nogil=True)
def _planes_of_bits(
    orders: NDArray[np.uint16], recipe: NDArray[np.uint16], words: int, released_words: int
) -> NDArray[np.uint16]:
    """The planes each released plane is the XOR of: (taps, released bits)."""
    taps = len(orders)
    found = np.empty((taps, BATCH * released_words), np.uint16)
    for tap in range(taps):
        for word in range(released_words):
            step = np.int64(recipe[tap * released_words + word])
            source, turn = step & (words - 1), (step >> 8) & 63
            for bit in range(64):
                found[tap, bit * released_words + word] = orders[tap, ((bit - turn) & 63) * words + source]
    return found
