# mypy: ignore-errors
"""Runs in recordlinkage's own environment: its ECM classifier on cleartext FEBRL columns; prints seconds and F1.

Usage: python recordlinkage_febrl.py LEFT.csv [RIGHT.csv]
"""

import json
import sys
import time

import pandas as pd
import recordlinkage


def main() -> None:
    """Block on five keys, compare, classify, and compare with the record numbers."""
    frames = [pd.read_csv(path, dtype=str).set_index("rec_id") for path in sys.argv[1:]]
    start = time.perf_counter()
    index = recordlinkage.Index()
    for keys in (["date_of_birth"], ["surname", "given_name"], ["surname", "postcode"], ["given_name", "suburb"],
                 ["address_1", "street_number"]):  # fmt: skip
        index.block(keys)
    pairs = index.index(*frames)
    compare = recordlinkage.Compare()
    for column in ("given_name", "surname", "address_1", "suburb"):
        compare.string(column, column, method="jarowinkler", threshold=0.85, label=column)
    for column in ("date_of_birth", "postcode", "street_number", "state"):
        compare.exact(column, column, label=column)
    vectors = compare.compute(pairs, *frames)
    found = recordlinkage.ECMClassifier(binarize=0.8).fit_predict(vectors)
    seconds = time.perf_counter() - start
    person = [found.get_level_values(k).str.split("-").str[1] for k in (0, 1)]
    counts = pd.concat([pd.Series(f.index.str.split("-").str[1]) for f in frames]).value_counts()
    true = int((counts * (counts - 1) // 2).sum())
    f1 = 2 * int((person[0] == person[1]).sum()) / (len(found) + true)
    sys.stdout.write(json.dumps({"seconds": seconds, "f1": f1}) + "\n")


main()
