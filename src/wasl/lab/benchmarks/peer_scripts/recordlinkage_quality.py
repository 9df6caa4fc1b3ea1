# mypy: ignore-errors
"""Runs in recordlinkage's own environment: two classifiers on the cleartext of a laboratory sample.

Usage: python recordlinkage_quality.py ROWS.csv PAIRS.npz METHOD

METHOD is ``ecm``, recordlinkage's own classifier, or ``fastlink``, the model of fastLink on the same pairs. That model
has two classes, comparisons with three levels at Jaro-Winkler .92 and .88, and EM on pattern counts. Missing
comparisons are left out. Rows and pairs as for ``splink_quality.py``; prints the seconds as JSON.

Source: T. Enamorado, B. Fifield, K. Imai, American Political Science Review 113 (2019).
"""

import json
import sys
import time

import numpy as np
import pandas as pd
import recordlinkage

LEVELS = (0.88, 0.92)


def main() -> None:
    """Block, compare, classify, write the pairs."""
    rows = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False).replace("", None)
    rows["birth_year"], rows["birth_days"] = rows["birth"].str[:4], rows["birth"].str[5:]
    rows["birth_month"], rows["birth_day"] = rows["birth"].str[5:7], rows["birth"].str[8:]
    rows["initials"] = rows["given"].str[:1] + rows["surname"].str[:1]
    frames = [frame for _, frame in rows.groupby("register", sort=True)]
    texts = [name for name in ("given", "surname", "street", "locality") if name in rows]
    codes = [name for name in ("birth_year", "birth_month", "birth_day", "sex", "nationality", "street_number",
                               "postcode") if name in rows]  # fmt: skip
    start = time.perf_counter()
    index = recordlinkage.Index()
    keys = [["birth"], ["surname", "given"], ["birth_year", "initials"], ["birth_days", "initials"],
            ["surname", "birth_year"], ["given", "birth_days"]]  # fmt: skip
    if "postcode" in rows:
        keys += [["postcode", "surname"], ["street", "street_number"], ["postcode", "given"]]
    for key in keys:
        index.block(key)
    pairs = index.index(*frames)
    compare = recordlinkage.Compare()
    for name in texts:
        compare.string(name, name, method="jarowinkler", label=name, missing_value=np.nan)
    for name in codes:
        compare.exact(name, name, label=name, missing_value=np.nan)
    vectors = compare.compute(pairs, *frames)
    if sys.argv[3] == "ecm":
        vectors[texts] = (vectors[texts] >= LEVELS[0]).astype(float)
        classifier = recordlinkage.ECMClassifier(binarize=0.5)
        vectors = vectors.fillna(0.0)
        classifier.fit(vectors)
        probability = classifier.prob(vectors).to_numpy(float)
    else:
        probability = _fastlink(vectors)
    seconds = time.perf_counter() - start
    left, right = (vectors.index.get_level_values(k).to_numpy(np.int64) for k in (0, 1))
    np.savez(sys.argv[2], left=left, right=right, score=probability)
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


def _fastlink(vectors: pd.DataFrame) -> np.ndarray:
    """Match probabilities of pairs by EM on patterns of three levels."""
    values = vectors.to_numpy(float)
    states = np.where(np.isnan(values), 0, 1 + (values >= LEVELS[0]).astype(int) + (values >= LEVELS[1]).astype(int))
    patterns, place, counts = np.unique(states, axis=0, return_inverse=True, return_counts=True)
    share = 0.1
    m, u = np.array([1.0, 0.1, 0.1, 0.8]), np.array([1.0, 0.8, 0.1, 0.1])
    tables = np.stack([np.tile(m, (states.shape[1], 1)), np.tile(u, (states.shape[1], 1))])
    columns = np.arange(states.shape[1])
    posterior = np.zeros(len(patterns))
    for _ in range(1000):
        logs = np.log(np.maximum(tables[:, columns, patterns], 1e-12)).sum(axis=2)
        odds = np.log(share) - np.log1p(-share) + logs[0] - logs[1]
        before, posterior = posterior, 1.0 / (1.0 + np.exp(-np.clip(odds, -500, 500)))
        if np.abs(posterior - before).max() < 1e-6:
            break
        share = float((counts * posterior).sum() / counts.sum())
        for k, weight in enumerate((posterior, 1.0 - posterior)):
            for c in columns:
                held = np.bincount(patterns[:, c], weights=counts * weight, minlength=4)[1:] + 1e-3
                tables[k, c, 1:] = held / held.sum()
    return posterior[place.reshape(-1)]


main()
