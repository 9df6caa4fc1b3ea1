# mypy: ignore-errors
"""Runs in recordlinkage's own environment: its ECM classifier on cleartext FEBRL columns.

Usage: python recordlinkage_febrl.py ROWS.csv PAIRS.npz

Rows and pairs as for ``splink_febrl.py``; prints the seconds as JSON.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
import recordlinkage


def main() -> None:
    """Block on six keys, compare, classify, write the pairs."""
    rows = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False).replace("", None)
    frames = [frame for _, frame in rows.groupby("register", sort=True)]
    start = time.perf_counter()
    index = recordlinkage.Index()
    for keys in (["date_of_birth"], ["surname", "given_name"], ["surname", "postcode"], ["given_name", "suburb"],
                 ["given_name", "postcode"], ["address_1", "street_number"]):  # fmt: skip
        index.block(keys)
    pairs = index.index(*frames)
    compare = recordlinkage.Compare()
    for column in ("given_name", "surname", "address_1", "suburb"):
        compare.string(column, column, method="jarowinkler", threshold=0.85, label=column)
    for column in ("date_of_birth", "postcode", "street_number", "state"):
        compare.exact(column, column, label=column)
    vectors = compare.compute(pairs, *frames)
    classifier = recordlinkage.ECMClassifier(binarize=0.8)
    classifier.fit(vectors)
    probability = classifier.prob(vectors)
    seconds = time.perf_counter() - start
    left, right = (probability.index.get_level_values(k).to_numpy(np.int64) for k in (0, 1))
    np.savez(sys.argv[2], left=left, right=right, score=probability.to_numpy(float))
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


main()
