"""The order of words, learned from known persons."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.attack.word_order import WordBlocks, draw_arrangements, word_blocks

WORDS = [f"w{number}" for number in range(12)]


def names(rng: np.random.Generator, count: int) -> list[list[str]]:
    return [rng.choice(WORDS, rng.integers(1, 4), replace=False).tolist() for _ in range(count)]


def blocks_under(order: dict[str, int], words: list[list[str]], cells: np.ndarray) -> np.ndarray:
    """The blocks that the holder's order of words makes."""
    smallest = [min(each, key=order.__getitem__) for each in words]
    _, block = np.unique([f"{cell} {word}" for cell, word in zip(cells, smallest, strict=True)], return_inverse=True)
    return block


def agreement(arrangements: np.ndarray, block: np.ndarray, rows: np.ndarray) -> float:
    """Share of pairs of rows on whose being together an arrangement is right, on average."""
    together = block[rows][:, None] == block[rows][None, :]
    return float(np.mean([((a[rows][:, None] == a[rows][None, :]) == together).mean() for a in arrangements]))


def setting(seed: int) -> tuple[WordBlocks, np.ndarray]:
    rng = np.random.default_rng(seed)
    words, cells = names(rng, 300), rng.integers(0, 10, 300)
    order = dict(zip(WORDS, rng.permutation(len(WORDS)).tolist(), strict=True))
    return word_blocks(words, cells), blocks_under(order, words, cells)


@pytest.mark.parametrize("seed", range(6))
def test_known_persons_tell_where_the_others_are(seed: int) -> None:
    possible, block = setting(seed)
    known, rest = np.arange(100), np.arange(100, 300)
    nothing = draw_arrangements(possible, known[:0], block[:0], None, np.random.default_rng(1), 8)
    learned = draw_arrangements(possible, known, block[known], None, np.random.default_rng(1), 8)
    assert agreement(learned, block, rest) > agreement(nothing, block, rest)


def test_sizes_of_blocks_help() -> None:
    possible, block = setting(5)
    known, rest = np.arange(30), np.arange(30, 300)
    sizes = np.bincount(block)[block[known]]
    without = draw_arrangements(possible, known, block[known], None, np.random.default_rng(1), 12)
    learned = draw_arrangements(possible, known, block[known], sizes, np.random.default_rng(1), 12)
    assert agreement(learned, block, rest) > agreement(without, block, rest)


def test_every_row_is_in_a_block_of_one_of_its_words() -> None:
    possible, block = setting(2)
    for arrangement in draw_arrangements(possible, np.arange(50), block[:50], None, np.random.default_rng(0), 3):
        for row, slot in enumerate(arrangement):
            assert slot in possible.slots[possible.offsets[row] : possible.offsets[row + 1]]


def test_rows_without_words_are_in_no_block() -> None:
    possible = word_blocks([["a"], []], np.zeros(2, np.int64))
    found = draw_arrangements(possible, np.array([0]), np.array([0]), None, np.random.default_rng(0), 2)
    assert (found[:, 1] == -1).all()
    assert (found[:, 0] >= 0).all()
