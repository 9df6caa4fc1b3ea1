# mypy: ignore-errors
"""Runs in Splink's own environment: links or deduplicates cleartext FEBRL columns.

Usage: python splink_febrl.py ROWS.csv PAIRS.npz

Rows have a column ``register`` besides; with two registers they are linked, with one deduplicated. Writes scored pairs
(row numbers ``left, right`` and ``score``) and prints the seconds as JSON.
"""

import json
import sys
import time

import duckdb
import numpy as np
import pandas as pd
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on


def main() -> None:
    """Train, predict, write the pairs."""
    rows = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False).replace("", None)
    rows["unique_id"] = np.arange(len(rows))
    frames = [frame for _, frame in rows.groupby("register", sort=True)]
    rules = [
        block_on("date_of_birth", "surname"),
        block_on("date_of_birth", "given_name"),
        block_on("surname", "given_name"),
        block_on("postcode", "surname"),
        block_on("date_of_birth", "postcode"),
        block_on("address_1", "street_number"),
        block_on("given_name", "postcode"),
        block_on("suburb", "street_number"),
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
    database = DuckDBAPI(duckdb.connect(config={"memory_limit": "5GB", "threads": 2}))
    tables = [database.register(frame.drop(columns=["register", "rec_id"])) for frame in frames]
    linker = Linker(tables if len(tables) > 1 else tables[0], settings)
    linker.training.estimate_probability_two_random_records_match(rules[:2], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("date_of_birth"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("surname", "postcode"))
    pairs = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    seconds = time.perf_counter() - start
    left, right = (pairs[f"unique_id_{side}"].to_numpy(np.int64) for side in "lr")
    np.savez(sys.argv[2], left=left, right=right, score=pairs["match_probability"].to_numpy(float))
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


main()
