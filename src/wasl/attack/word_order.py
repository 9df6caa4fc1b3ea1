"""The order of words that the key selects, learned from known pairs.

Some blocks follow the word of a name whose keyed digest is smallest. The key orders all words; the order is the same in
every block of a pass. Two known persons seen in one block share its word, and none of their other words comes before
it. Two known persons of one cell (birth year, nationality, sex) seen apart follow different words. The sizes of
the known persons' blocks say how many others follow the same word. The adversary draws orders that agree with all of
this, and computes the blocks of its whole population under each.

*Source:* simulated annealing, Kirkpatrick, Gelatt, Vecchi, Science 220, 1983; min-wise hashing, Broder, 1997.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from wasl.registers.compiled import njit

__all__ = ["WordBlocks", "draw_arrangements", "word_blocks"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SWEEPS = 14
"""Times each word is given a new place in the order. In a trial with 5,000 permits and a fifth of the pairs known,
contradictions had stopped falling after 10."""

COLD = 3.0
"""Weight of a contradiction in the last sweep, in units of log-likelihood."""

SIZE_WEIGHT = 0.5
"""Weight of a difference of one row in the size of a known person's block."""

LARGEST_GAP = 4


@dataclass(frozen=True, slots=True)
class WordBlocks:
    """The words that the blocks of a pass could follow.

    Attributes:
        offsets: Where the words of each own row begin, and the number of words in all.
        words: Words, row after row, numbered through.
        slots: For each word of each row the block the row is in if its block follows that word.
    """

    offsets: Ints = field(repr=False)
    words: Ints = field(repr=False)
    slots: Ints = field(repr=False)


def word_blocks(words: list[list[str]], cells: Ints) -> WordBlocks:
    """The possible blocks of rows with these words, in these cells (the other parts of the block)."""
    number: dict[str, int] = {}
    numbered = [sorted({number.setdefault(word, len(number)) for word in each}) for each in words]
    counts = np.array([len(each) for each in numbered], np.int64)
    flat = np.array([word for each in numbered for word in each], np.int64)
    _, slots = np.unique(np.repeat(cells, counts) * max(len(number), 1) + flat, return_inverse=True)
    return WordBlocks(np.concatenate(([0], np.cumsum(counts))).astype(np.int64), flat, slots.astype(np.int64).ravel())


def draw_arrangements(
    possible: WordBlocks,
    known: Ints,
    blocks: Ints,
    sizes: Ints | None,
    rng: np.random.Generator,
    count: int = 24,
) -> Ints:
    """Blocks of all own rows under several orders that agree with the known pairs: (count, rows).

    Args:
        possible: What the blocks could follow.
        known: Own rows that are known.
        blocks: The observed block of each.
        sizes: Rows in each of those blocks; None if the population is not exactly what was delivered.
        rng: Draws the orders.
        count: How many.
    """
    rows = len(possible.offsets) - 1
    _, block = np.unique(blocks, return_inverse=True)
    block_of = np.full(rows, -1, np.int64)
    block_of[known] = block
    size_of = np.full(int(block.max(initial=-1)) + 1, -1, np.int64)
    if sizes is not None:
        size_of[block] = sizes
    by_word = np.argsort(possible.words, kind="stable")
    word_count = int(possible.words.max(initial=-1)) + 1
    word_starts = np.searchsorted(possible.words[by_word], np.arange(word_count + 1))
    row_of = np.repeat(np.arange(rows), np.diff(possible.offsets))
    of_known = np.flatnonzero(block_of[row_of] >= 0)
    by_slot = of_known[np.argsort(possible.slots[of_known], kind="stable")]
    slot_starts = np.searchsorted(possible.slots[by_slot], np.arange(int(possible.slots.max(initial=-1)) + 2))
    by_block = known[np.argsort(block, kind="stable")]
    block_starts = np.searchsorted(np.sort(block), np.arange(len(size_of) + 1))
    # A word that no row of a known person's cell has cannot contradict anything.
    near = np.zeros(len(slot_starts), bool)
    near[possible.slots[of_known]] = True
    useful = np.unique(possible.words[near[possible.slots]])
    heats = np.linspace(0.3, 1.0, SWEEPS) * COLD
    found = np.empty((count, rows), np.int64)
    for place in range(count):
        rank = rng.random(word_count)
        moves = np.concatenate([rng.permutation(useful) for _ in heats]) if len(useful) else useful
        _anneal(
            possible.offsets,
            possible.words,
            possible.slots,
            by_word,
            word_starts,
            row_of,
            row_of[by_slot],
            slot_starts,
            by_block,
            block_starts,
            block_of,
            size_of,
            rank,
            moves,
            np.repeat(heats, len(useful)),
            rng.random(len(moves)),
            np.log(rng.random(len(moves)) + 1e-300),
            found[place],
        )
    return found


@njit(cache=True, nogil=True)
def _smallest(offsets: Ints, words: Ints, rank: Floats, row: int) -> int:
    """Place of the row's smallest word, −1 if it has none."""
    best = -1
    for place in range(offsets[row], offsets[row + 1]):
        if best < 0 or rank[words[place]] < rank[words[best]]:
            best = place
    return best


@njit(cache=True, nogil=True)
def _size_misfit(
    slot: int, slot_rows: Ints, slot_starts: Ints, current: Ints, block_of: Ints, size_of: Ints, count: Ints
) -> float:
    """Difference between the sizes of the known persons' blocks in a slot and the number of rows in it."""
    total = 0.0
    for place in range(slot_starts[slot], slot_starts[slot + 1]):
        row = slot_rows[place]
        size = size_of[block_of[row]]
        if current[row] == slot and size >= 0:
            total += SIZE_WEIGHT * min(abs(size - count[slot]), LARGEST_GAP)
    return total


@njit(cache=True, nogil=True)
def _contradictions(
    row: int,
    slot: int,
    slot_rows: Ints,
    slot_starts: Ints,
    block_rows: Ints,
    block_starts: Ints,
    current: Ints,
    block_of: Ints,
) -> float:
    """Known persons of other blocks in a slot, less known persons of the row's own block in it."""
    total = 0.0
    for place in range(slot_starts[slot], slot_starts[slot + 1]):
        other = slot_rows[place]
        if other != row and current[other] == slot and block_of[other] != block_of[row]:
            total += 1.0
    for place in range(block_starts[block_of[row]], block_starts[block_of[row] + 1]):
        other = block_rows[place]
        if other != row and current[other] == slot:
            total -= 1.0
    return total


@njit(cache=True, nogil=True)
def _anneal(
    offsets: Ints,
    words: Ints,
    slots: Ints,
    by_word: Ints,
    word_starts: Ints,
    row_of: Ints,
    slot_rows: Ints,
    slot_starts: Ints,
    block_rows: Ints,
    block_starts: Ints,
    block_of: Ints,
    size_of: Ints,
    rank: Floats,
    moves: Ints,
    heat: Floats,
    drawn: Floats,
    chance: Floats,
    current: Ints,
) -> None:
    """Give words new places in the order, keeping what contradicts little; ``current`` gets the slot of each row."""
    rows = len(offsets) - 1
    count = np.zeros(len(slot_starts), np.int64)
    for row in range(rows):
        best = _smallest(offsets, words, rank, row)
        current[row] = slots[best] if best >= 0 else -1
        if best >= 0:
            count[current[row]] += 1
    changed = np.empty(rows, np.int64)
    before = np.empty(rows, np.int64)
    for turn in range(len(moves)):
        word = moves[turn]
        old_rank = rank[word]
        rank[word] = drawn[turn]
        worse, number = 0.0, 0
        for place in range(word_starts[word], word_starts[word + 1]):
            row = row_of[by_word[place]]
            old, new = current[row], slots[_smallest(offsets, words, rank, row)]
            if old == new:
                continue
            worse -= _size_misfit(old, slot_rows, slot_starts, current, block_of, size_of, count)
            worse -= _size_misfit(new, slot_rows, slot_starts, current, block_of, size_of, count)
            if block_of[row] >= 0:
                shared = (slot_rows, slot_starts, block_rows, block_starts, current, block_of)
                worse += _contradictions(row, new, *shared) - _contradictions(row, old, *shared)
            count[old] -= 1
            count[new] += 1
            current[row] = new
            worse += _size_misfit(old, slot_rows, slot_starts, current, block_of, size_of, count)
            worse += _size_misfit(new, slot_rows, slot_starts, current, block_of, size_of, count)
            changed[number], before[number] = row, old
            number += 1
        if worse > 0 and chance[turn] > -heat[turn] * worse:
            rank[word] = old_rank
            for place in range(number - 1, -1, -1):
                count[current[changed[place]]] -= 1
                count[before[place]] += 1
                current[changed[place]] = before[place]
