"""Compiled loops over pairs of encoded records: distances of filters, agreement of tokens, counts of patterns.

Rows of a pass lie block by block in one matrix of 64-bit words. A task is a range of positions on the left against a
range of positions on the right; most positions are the rows themselves. Sixty-four right rows are transposed at a time,
so that one left word meets sixty-four right words in consecutive memory. The compiler then turns the loop over lanes
into vector popcounts. Tiny ranges skip the transposition.

Source of the layout: own measurements; the pattern counts feed Fellegi and Sunter's model without storing pairs.
"""

# mypy: disable-error-code="call-arg, assignment, return-value"
# numba gives the functions their types at compile time; its intrinsics look to mypy as if they took a context.

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wasl.linkage.comparison.distances import LANES, load_tile, row_distances, tile_distances
from wasl.registers.compiled import njit

__all__ = [
    "CodeTable",
    "Positions",
    "Rows",
    "Rules",
    "Written",
    "enter_codes",
    "new_state",
    "new_table",
    "sweep",
]

ROW_PATH_ROWS = 6
"""Fewer left rows than this do not repay the transposition of a tile."""
ROW_PATH_LANES = 16
"""Fewer right rows than this leave too many lanes idle."""
HASH_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio. Source: D. Knuth, The Art of Computer Programming 3 (1973), section 6.4."""

TASK, RIGHT, LEFT, CODES, PAIRS, HOT_PAIRS = range(6)
"""Places in the state of a sweep."""


class Positions(NamedTuple):
    """Positions that tasks name, and the rows at them.

    Attributes:
        place: (positions) int32 row at each.
        owner: (positions of sub-blocks, the last ones) int32 row of `buckets`.
        buckets: (members of hot blocks, tables) int32, see :class:`wasl.linkage.comparison.large_blocks.SubBlocks`.
    """

    place: np.ndarray
    owner: np.ndarray
    buckets: np.ndarray


class Rows(NamedTuple):
    """Encoded rows.

    Attributes:
        words: (rows, words) uint64, filters of all groups side by side.
        offsets: (groups + 1) int64, first word of each group.
        bits: (rows, groups) int32, set bits.
        present: (rows, groups) uint8, whether the group is not missing.
        tokens: (rows, tokens) uint64, 0 where missing.
    """

    words: np.ndarray
    offsets: np.ndarray
    bits: np.ndarray
    present: np.ndarray
    tokens: np.ndarray


class Rules(NamedTuple):
    """Limits that turn distances into levels.

    Attributes:
        limits: (groups, limits) int32, largest (scaled) distance of each level, -1 where there are fewer.
        dice: (groups) int32: 0 for the Hamming distance, else the number that 1 - Dice is multiplied by.
    """

    limits: np.ndarray
    dice: np.ndarray


class CodeTable(NamedTuple):
    """Counts of codes in an open-addressing table; the number of slots is a power of two.

    Attributes:
        keys: (slots) uint64, code + 1; 0 where the slot is empty.
        counts: (slots) int64, pairs per code.
        keep: (slots) uint8, whether pairs of this code are written out.
    """

    keys: np.ndarray
    counts: np.ndarray
    keep: np.ndarray


class Written(NamedTuple):
    """Room for pairs written out.

    Attributes:
        left, right: (room) int32 rows.
        code: (room) uint64.
        tables: (room) uint8, how many tables show the pair, 0 outside hot blocks.
    """

    left: np.ndarray
    right: np.ndarray
    code: np.ndarray
    tables: np.ndarray


@njit(cache=True, nogil=True, boundscheck=False)
def _scaled(distance: int, left_bits: int, right_bits: int, dice: int) -> int:
    if dice == 0:
        return distance
    total = left_bits + right_bits
    return 0 if total == 0 else (distance * dice) // total


@njit(cache=True, nogil=True, boundscheck=False)
def _place(code: np.uint64, mask: np.uint64) -> np.uint64:
    """Where an open-addressing table looks for a code first."""
    return ((code + np.uint64(1)) * HASH_MULTIPLIER) >> np.uint64(32) & mask


@njit(cache=True, nogil=True, boundscheck=False)
def _slot(keys: np.ndarray, code: np.uint64) -> int:
    """Slot of a code (stored plus one, so that zero means empty), or of the gap where it belongs."""
    mask = np.uint64(keys.shape[0] - 1)
    stored = code + np.uint64(1)
    place = _place(code, mask)
    while keys[place] != np.uint64(0) and keys[place] != stored:
        place = (place + np.uint64(1)) & mask
    return np.int64(place)


@njit(cache=True, nogil=True, boundscheck=False)
def _add_levels(
    distances: np.ndarray,
    limits: np.ndarray,
    there: np.ndarray,
    shift: np.uint64,
    levels: np.ndarray,
    codes: np.ndarray,
) -> None:
    """Add the level of every lane's distance to its code: one, and one more per limit it does not exceed."""
    lanes = codes.shape[0]
    for lane in range(lanes):
        levels[lane] = np.int32(1)
    for k in range(limits.shape[0]):
        limit = np.int32(limits[k])
        for lane in range(lanes):
            levels[lane] += np.int32(distances[lane] <= limit)
    for lane in range(lanes):
        codes[lane] |= np.uint64(levels[lane] * there[lane]) << shift


@njit(cache=True, nogil=True, boundscheck=False)
def _shared(buckets: np.ndarray, left: int, right: int, tables: int) -> int:
    """In how many of the first tables two rows of a hot block share a sub-block."""
    shared = 0
    for k in range(tables):
        shared += np.int64(buckets[left, k] == buckets[right, k])
    return shared


@njit(cache=True, nogil=True, boundscheck=False)
def sweep(
    tasks: np.ndarray,
    positions: Positions,
    rows: Rows,
    rules: Rules,
    table: CodeTable,
    keep_new: bool,
    state: np.ndarray,
    out: Written,
) -> int:
    """Compare the pairs of the tasks, count their patterns, and write out those whose pattern is kept.

    A pattern's code holds the stratum above 4 bits per group (0 missing, else the level) and 2 bits per token
    (0 missing, 1 different, 2 equal), least significant first.

    Args:
        tasks: (tasks, 6) int64: left start, left stop, right start, right stop, stratum, table. A right range that
            begins inside the left one means pairs within a register: only those with the right position above the left
            one are met. Tasks of a table above -1 skip pairs that an earlier table shows.
        positions: Which row is at which position.
        rows: What is compared.
        rules: How.
        table: Counts of codes, updated.
        keep_new: What `keep` becomes for a code first met here.
        state: (6) int64, updated; `TASK`, `RIGHT` and `LEFT` are the places to go on from (-1: the beginning), `CODES`
            the codes in the table, `PAIRS` the pairs met, `HOT_PAIRS` those of them in hot blocks.
        out: Room for the pairs written out.

    Returns:
        Pairs written out. The sweep is over when ``state[TASK]`` equals the number of tasks. Else it stopped because
        the room was used up (call again with fresh room) or the table is half full (``state[CODES]``).
    """
    place, owner, buckets = positions.place, positions.owner, positions.buckets
    words, offsets, bits, present, tokens = rows.words, rows.offsets, rows.bits, rows.present, rows.tokens
    limits, dice = rules.limits, rules.dice
    keys, counts, keep = table.keys, table.counts, table.keep
    out_left, out_right, out_code, out_tables = out.left, out.right, out.code, out.tables
    groups = offsets.shape[0] - 1
    token_count = tokens.shape[1]
    tile = np.zeros((words.shape[1], LANES), np.uint64)
    there = np.zeros((groups, LANES), np.int32)
    others = np.zeros((token_count, LANES), np.uint64)
    distances = np.zeros((groups, LANES), np.int32)
    levels = np.zeros(LANES, np.int32)
    all_codes = np.zeros(LANES, np.uint64)
    places = np.zeros(LANES, np.uint64)
    ordinary = place.shape[0] - owner.shape[0]
    mask = np.uint64(keys.shape[0] - 1)
    stratum_shift = np.uint64(4 * groups + 2 * token_count)
    written = 0
    for t in range(state[TASK], tasks.shape[0]):
        left_start, left_stop, right_start, right_stop = tasks[t, 0], tasks[t, 1], tasks[t, 2], tasks[t, 3]
        stratum = np.uint64(tasks[t, 4]) << stratum_shift
        within = left_start <= right_start < left_stop
        search = tasks[t, 5]
        begin = right_start
        if state[RIGHT] >= 0:
            begin = state[RIGHT]
        for first in range(begin, right_stop, LANES):
            lanes = min(LANES, right_stop - first)
            by_tile = left_stop - left_start >= ROW_PATH_ROWS and lanes >= ROW_PATH_LANES
            codes = all_codes[:lanes]
            if by_tile:
                load_tile(words, place, first, lanes, tile)
            for lane in range(lanes):
                row = place[first + lane]
                for g in range(groups):
                    there[g, lane] = present[row, g]
                for k in range(token_count):
                    others[k, lane] = tokens[row, k]
            left_begin = left_start
            if state[LEFT] >= 0:
                left_begin = state[LEFT]
            state[RIGHT] = -1
            state[LEFT] = -1
            for position in range(left_begin, left_stop):
                if within and first + lanes - 1 <= position:
                    continue
                if written + lanes > out_left.shape[0] or 2 * state[CODES] > keys.shape[0]:
                    state[TASK], state[RIGHT], state[LEFT] = t, first, position
                    return written
                i = place[position]
                if by_tile:
                    for g in range(groups):
                        tile_distances(words[i], tile, offsets[g], offsets[g + 1], distances[g])
                else:
                    row_distances(words, i, place, first, lanes, offsets, distances)
                for lane in range(lanes):
                    codes[lane] = stratum
                for g in range(groups):
                    if present[i, g]:
                        if dice[g]:
                            for lane in range(lanes):
                                distances[g, lane] = _scaled(
                                    distances[g, lane], bits[i, g], bits[place[first + lane], g], dice[g]
                                )
                        _add_levels(distances[g], limits[g], there[g], np.uint64(4 * g), levels, codes)
                for k in range(token_count):
                    token = tokens[i, k]
                    if token != np.uint64(0):
                        different = np.uint64(1) << np.uint64(4 * groups + 2 * k)
                        equal = different << np.uint64(1)
                        for lane in range(lanes):
                            other = others[k, lane]
                            agreement = equal if other == token else different
                            codes[lane] |= agreement if other != np.uint64(0) else np.uint64(0)
                for lane in range(lanes):
                    places[lane] = _place(codes[lane], mask)
                begin_lane = max(0, position + 1 - first) if within else 0
                state[PAIRS] += lanes - begin_lane
                for lane in range(begin_lane, lanes):
                    if search >= 0:
                        left_owner, right_owner = owner[position - ordinary], owner[first + lane - ordinary]
                        if _shared(buckets, left_owner, right_owner, search):
                            state[PAIRS] -= 1
                            continue
                        state[HOT_PAIRS] += 1
                    code = codes[lane]
                    slot = places[lane]
                    if keys[slot] != code + np.uint64(1):
                        slot = np.uint64(_slot(keys, code))
                        if keys[slot] == np.uint64(0):
                            keys[slot] = code + np.uint64(1)
                            keep[slot] = keep_new
                            state[CODES] += 1
                    counts[slot] += 1
                    if keep[slot]:
                        j = place[first + lane]
                        out_left[written] = i
                        out_right[written] = j
                        if within and j < i:
                            out_left[written] = j
                            out_right[written] = i
                        out_code[written] = code
                        out_tables[written] = np.uint8(0)
                        if search >= 0:
                            out_tables[written] = np.uint8(_shared(buckets, left_owner, right_owner, buckets.shape[1]))
                        written += 1
    state[TASK] = tasks.shape[0]
    return written


@njit(cache=True, nogil=True, boundscheck=False)
def enter_codes(keys: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Enter codes into an open-addressing table of :func:`sweep`; their slots (codes) int64."""
    places = np.empty(codes.shape[0], np.int64)
    for k in range(codes.shape[0]):
        places[k] = _slot(keys, codes[k])
        keys[places[k]] = codes[k] + np.uint64(1)
    return places


def new_state() -> np.ndarray:
    """The state of a sweep that has not begun."""
    state = np.zeros(6, np.int64)
    state[RIGHT] = state[LEFT] = -1
    return state


def new_table(slots: int) -> CodeTable:
    """An empty table of codes."""
    return CodeTable(np.zeros(slots, np.uint64), np.zeros(slots, np.int64), np.zeros(slots, np.uint8))
