# mypy: ignore-errors
"""Runs in anonlink's own environment: pairs of two files of 1024-bit filters at a Dice threshold.

Usage: python anonlink_dice.py LEFT.npy RIGHT.npy THRESHOLD REPEATS THREADS
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import anonlink
import numpy as np
from anonlink.similarities import dice_coefficient_accelerated
from bitarray import bitarray

CHUNKS = 4
"""Parts of the left file for each thread."""


def _filters(path: str) -> list:
    rows = np.load(path).view(np.uint8)
    filters = []
    for row in rows.reshape(len(rows), -1):
        bits = bitarray(endian="little")
        bits.frombytes(row.tobytes())
        filters.append(bits)
    return filters


def main() -> None:
    """Find the candidate pairs and print the median time and their number."""
    left, right, threshold, repeats = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
    threads = int(sys.argv[5])
    sides = [_filters(left), _filters(right)]
    step = -(-len(sides[0]) // (threads * CHUNKS)) if threads > 1 else len(sides[0])
    parts = [sides[0][start : start + step] for start in range(0, len(sides[0]), step)]

    def compare(part: list) -> int:
        scores, _, _ = anonlink.candidate_generation.find_candidate_pairs(
            [part, sides[1]], dice_coefficient_accelerated, threshold
        )
        return len(scores)

    times = []
    pairs = 0
    for _ in range(repeats):
        start = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            pairs = sum(pool.map(compare, parts))
        times.append(time.perf_counter() - start)
    sys.stdout.write(json.dumps({"seconds": sorted(times)[len(times) // 2], "pairs": pairs}) + "\n")


main()
