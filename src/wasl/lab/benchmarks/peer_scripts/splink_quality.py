# mypy: ignore-errors
"""Runs in Splink's own environment: links or deduplicates the cleartext of a laboratory sample.

Usage: python splink_quality.py ROWS.csv PAIRS.npz

Rows have the columns of the sample and ``register``; with two registers they are linked, with one deduplicated. Writes
scored pairs (row numbers ``left, right`` and ``score``) and prints the seconds as JSON.
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
    rows["birth_year"], rows["birth_days"] = rows["birth"].str[:4], rows["birth"].str[5:]
    rows["initials"] = rows["given"].str[:1] + rows["surname"].str[:1]
    frames = [frame for _, frame in rows.groupby("register", sort=True)]
    has = [name for name in ("sex", "nationality", "street", "street_number", "locality", "postcode") if name in rows]
    rules = [
        block_on("birth"),
        block_on("surname", "given"),
        block_on("birth_year", "initials"),
        block_on("birth_days", "initials"),
        block_on("surname", "birth_year"),
        block_on("given", "birth_days"),
    ]
    if "postcode" in has:
        rules += [block_on("postcode", "surname"), block_on("street", "street_number"), block_on("postcode", "given")]
    elif "locality" in has:
        rules += [block_on("locality", "surname"), block_on("locality", "given")]
    comparisons = [
        cl.JaroWinklerAtThresholds("given", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("surname", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("birth", [1, 2]),
        *(cl.JaroWinklerAtThresholds(name, [0.9]) for name in ("street", "locality") if name in has),
        *(cl.ExactMatch(name) for name in ("sex", "nationality", "street_number", "postcode") if name in has),
    ]
    start = time.perf_counter()
    settings = SettingsCreator(
        link_type="dedupe_only" if len(frames) == 1 else "link_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=rules,
        retain_intermediate_calculation_columns=False,
    )
    database = DuckDBAPI(duckdb.connect(config={"memory_limit": "3GB", "threads": 1}))
    tables = [database.register(frame.drop(columns=["register", "record"])) for frame in frames]
    linker = Linker(tables if len(tables) > 1 else tables[0], settings)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("birth", "surname"), block_on("birth", "given"), block_on("given", "surname", "birth_year")],
        recall=0.7,
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("birth"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("surname", "given"))
    pairs = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    seconds = time.perf_counter() - start
    left, right = (pairs[f"unique_id_{side}"].to_numpy(np.int64) for side in "lr")
    np.savez(sys.argv[2], left=left, right=right, score=pairs["match_probability"].to_numpy(float))
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


main()
