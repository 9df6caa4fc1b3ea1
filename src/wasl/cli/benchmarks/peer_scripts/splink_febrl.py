# mypy: ignore-errors
"""Runs in Splink's own environment: link or deduplicate cleartext FEBRL columns; prints JSON with seconds and F1.

Usage: python splink_febrl.py LEFT.csv [RIGHT.csv]
"""

import json
import sys
import time

import pandas as pd
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on


def main() -> None:
    """Train, predict at the threshold with the best F1, and compare with the record numbers."""
    frames = [pd.read_csv(path, dtype=str, keep_default_na=False).replace("", None) for path in sys.argv[1:]]
    for frame in frames:
        frame["unique_id"] = frame["rec_id"]
    rules = [
        block_on("date_of_birth", "surname"),
        block_on("date_of_birth", "given_name"),
        block_on("surname", "given_name"),
        block_on("postcode", "surname"),
        block_on("date_of_birth", "postcode"),
        block_on("address_1", "street_number"),
    ]
    start = time.perf_counter()
    settings = SettingsCreator(
        link_type="dedupe_only" if len(frames) == 1 else "link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("given_name", [0.9, 0.7]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("surname", [0.9, 0.7]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]),
            cl.ExactMatch("street_number"),
            cl.JaroWinklerAtThresholds("suburb", [0.9]),
            cl.LevenshteinAtThresholds("postcode", [1]),
        ],
        blocking_rules_to_generate_predictions=rules,
        retain_intermediate_calculation_columns=False,
    )
    database = DuckDBAPI()
    tables = [database.register(frame) if hasattr(database, "register") else frame for frame in frames]
    linker = (
        Linker(tables if len(tables) > 1 else tables[0], settings)
        if hasattr(database, "register")
        else Linker(frames if len(frames) > 1 else frames[0], settings, database)
    )
    linker.training.estimate_probability_two_random_records_match(rules[:2], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("date_of_birth"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("surname", "postcode"))
    pairs = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    seconds = time.perf_counter() - start
    person = [pairs[f"unique_id_{side}"].str.split("-").str[1] for side in "lr"]
    right = (person[0] == person[1]).to_numpy()
    counts = pd.concat([f["rec_id"].str.split("-").str[1] for f in frames]).value_counts()
    true = int((counts * (counts - 1) // 2).sum())
    best = {"f1": 0.0}
    for threshold in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99):
        chosen = (pairs["match_probability"] >= threshold).to_numpy()
        f1 = 2 * int((right & chosen).sum()) / (int(chosen.sum()) + true)
        if f1 > best["f1"]:
            best = {"f1": f1, "threshold": threshold}
    sys.stdout.write(json.dumps({"seconds": seconds, **best}) + "\n")


main()
