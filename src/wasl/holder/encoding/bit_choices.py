"""Diffusion on processors that choose bits from anywhere in a filter at once: the same rows in a fraction of the time.

A released word is the XOR over taps of one word of the filter in that tap's order of bits. A record needs few of these
words: with 2,048 bits, seven taps and four released words, 28 of 224. Sliced filters give all of them. Here each word
that is needed is put together by itself: its bytes are chosen from the filter, and one bit of each is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wasl.holder.encoding.bloom import gather_filters
from wasl.registers.compiled import njit
from wasl.registers.compiled.bit_choice import BYTES_AT_ONCE, CAN_CHOOSE, choose_bits

__all__ = ["BitChoices", "bit_choices", "spreader_by_choice"]

GATHERED_AT_A_TIME = 32
"""Records whose filters are gathered before they are diffused: eight kilobytes with 2,048 bits."""
BITS = 64


@dataclass(frozen=True, slots=True)
class BitChoices:
    """Where each bit that a tap sees lies in the filter.

    Attributes:
        places: The byte of the filter of every bit, modulo 128: (taps · words · 64) flat.
        tests: The bit of that byte, once for each 128 bytes of the filter and 0 for those of the others:
            (taps · words · parts · 64) flat.
    """

    places: NDArray[np.uint8] = field(repr=False)
    tests: NDArray[np.uint8] = field(repr=False)


def bit_choices(orders: NDArray[np.uint16]) -> BitChoices | None:
    """What :func:`spreader_by_choice` needs; None where processor or length of the filters do not allow it.

    Args:
        orders: The planes each tap sees, (taps, bits); see ``diffusion.plane_orders``.
    """
    taps, size = orders.shape
    words = size // BITS
    if not CAN_CHOOSE or not taps or size % (8 * BYTES_AT_ONCE):
        return None
    planes = orders.reshape(taps, BITS, words).transpose(0, 2, 1).astype(np.int64)  # bit by bit of each word
    byte, bit = planes % words * 8 + planes // words // 8, planes // words % 8
    part = np.arange(size // (8 * BYTES_AT_ONCE))[None, None, :, None]
    test = np.where((byte // BYTES_AT_ONCE)[:, :, None] == part, (1 << bit)[:, :, None], 0)
    return BitChoices((byte % BYTES_AT_ONCE).astype(np.uint8).reshape(-1), test.astype(np.uint8).reshape(-1))


@lru_cache(maxsize=8)
def spreader_by_choice(words: int, released_words: int) -> Callable[..., int]:
    """As ``Spreaders.of_many``, with places and tests of the choices, and the number of taps, in place of orders."""
    parts = words * 8 // BYTES_AT_ONCE

    @njit(cache=True, nogil=True)
    def of_many(  # type: ignore[no-untyped-def]
        rows, places, blocks, schedule, offsets, pairs, masks, bytes_of, tests, taps, released
    ):
        own, count = np.arange(GATHERED_AT_A_TIME), 0
        filters = np.zeros(GATHERED_AT_A_TIME * words, np.uint64)
        for low in range(0, len(rows), GATHERED_AT_A_TIME):
            many = min(GATHERED_AT_A_TIME, len(rows) - low)
            count += gather_filters(rows, low, low + many, own, offsets, pairs, masks, words, filters)
            for i in range(many):
                source, place = np.uint64(i * words), np.uint64(places[low + i] * released_words)
                recipe = np.uint64(blocks[low + i] * taps * released_words)
                for word in range(released_words):
                    found = np.uint64(0)
                    for tap in range(taps):
                        step = np.uint64(schedule[recipe + np.uint64(tap * released_words + word)])
                        seen = np.uint64(tap * words) + (step & np.uint64(words - 1))
                        value = np.uint64(0)
                        for part in range(parts):
                            value |= choose_bits(
                                filters,
                                source + np.uint64(part * 16),
                                bytes_of,
                                seen * np.uint64(64),
                                tests,
                                (seen * np.uint64(parts) + np.uint64(part)) * np.uint64(64),
                            )
                        turn = (step >> np.uint64(8)) & np.uint64(63)
                        found ^= (value << turn) | (value >> ((np.uint64(0) - turn) & np.uint64(63)))
                    released[place + np.uint64(word)] = found
        return count

    return of_many
