# mypy: ignore-errors
"""Runs in anonlink's own environment: pairs of two files of 1024-bit filters at a Dice threshold.

Usage: python anonlink_dice.py LEFT.npy RIGHT.npy THRESHOLD REPEATS
"""

import json
import sys
import time

import anonlink
import numpy as np
from anonlink.similarities import dice_coefficient_accelerated
from bitarray import bitarray


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
    sides = [_filters(left), _filters(right)]
    times = []
    pairs = 0
    for _ in range(repeats):
        start = time.perf_counter()
        scores, _, _ = anonlink.candidate_generation.find_candidate_pairs(
            sides, dice_coefficient_accelerated, threshold
        )
        times.append(time.perf_counter() - start)
        pairs = len(scores)
    sys.stdout.write(json.dumps({"seconds": sorted(times)[len(times) // 2], "pairs": pairs}) + "\n")


main()
