# mypy: ignore-errors
"""Runs in recordlinkage's own environment: its ECM classifier on cleartext rows of several registers.

Usage: python recordlinkage_registers.py ROWS.csv PAIRS.npz

Rows and pairs as for ``splink_registers.py``; prints the seconds as JSON.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
import recordlinkage

IDENTIFIERS = ("passport", "permit", "cnss", "certificate")


def main() -> None:
    """Block, compare, classify, write the pairs."""
    rows = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False).replace("", None)
    words = rows["surname"].fillna("") + " " + rows["given"].fillna("")
    rows["sorted_words"] = [" ".join(sorted(text.split())) for text in words]
    rows["initials"] = ["".join(word[0] for word in sorted(text.split())) for text in words]
    rows["birth_year"], rows["birth_days"] = rows["birth"].str[:4], rows["birth"].str[5:]
    rows["birth_month"], rows["birth_day"] = rows["birth"].str[5:7], rows["birth"].str[8:]
    start = time.perf_counter()
    index = recordlinkage.Index()
    for keys in (*([name] for name in IDENTIFIERS), ["birth"], ["sorted_words"], ["nationality", "sex", "birth_year"],
                 ["nationality", "sex", "birth_days"], ["surname", "nationality"],
                 ["given", "nationality", "sex"], ["initials", "nationality", "sex"]):  # fmt: skip
        index.block(keys)
    pairs = index.index(rows)
    register, single = rows["register"].to_numpy(), rows["single"].to_numpy()
    left, right = (pairs.get_level_values(k).to_numpy() for k in (0, 1))
    pairs = pairs[(register[left] != register[right]) | (single[left] != "yes")]
    compare = recordlinkage.Compare()
    for mine, theirs in (("given", "given"), ("surname", "surname"), ("given", "surname"), ("surname", "given"),
                         ("sorted_words", "sorted_words")):  # fmt: skip
        compare.string(mine, theirs, method="jarowinkler", threshold=0.88, label=f"{mine} {theirs}")
    for name in ("birth_year", "birth_month", "birth_day", "sex", "nationality", *IDENTIFIERS):
        compare.exact(name, name, label=name)
    vectors = compare.compute(pairs, rows)
    classifier = recordlinkage.ECMClassifier(binarize=0.8)
    classifier.fit(vectors)
    probability = classifier.prob(vectors)
    seconds = time.perf_counter() - start
    left, right = (probability.index.get_level_values(k).to_numpy(np.int64) for k in (0, 1))
    np.savez(sys.argv[2], left=left, right=right, score=probability.to_numpy(float))
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


main()
