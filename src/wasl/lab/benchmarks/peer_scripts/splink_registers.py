# mypy: ignore-errors
"""Runs in Splink's own environment: links and deduplicates cleartext rows of several registers.

Usage: python splink_registers.py ROWS.csv PAIRS.npz

The rows have ``register``, ``single`` (``yes`` where the register holds a person once) and the columns compared, with
dates, codes and numbers already harmonized. Writes scored pairs (row numbers ``left, right`` and ``score``) and prints
the seconds as JSON.
"""

import json
import sys
import time

import duckdb
import numpy as np
import pandas as pd
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

IDENTIFIERS = ("passport", "permit", "cnss", "certificate")


def _either(likeness: str, threshold: float, joined: str) -> str:
    """Both names alike, in either order, as SQL."""
    straight = [f"{likeness}(given_l, given_r) >= {threshold}", f"{likeness}(surname_l, surname_r) >= {threshold}"]
    crossed = [f"{likeness}(given_l, surname_r) >= {threshold}", f"{likeness}(surname_l, given_r) >= {threshold}"]
    if joined == "AND":
        return f"({' AND '.join(straight)}) OR ({' AND '.join(crossed)})"
    return " OR ".join(straight + crossed)


def _names() -> object:
    like = "jaro_winkler_similarity"
    return cl.CustomComparison(
        output_column_name="names",
        comparison_levels=[
            cll.NullLevel("sorted_words"),
            cll.ExactMatchLevel("sorted_words"),
            cll.CustomLevel(_either(like, 0.92, "AND"), "both alike"),
            cll.CustomLevel(_either(like, 0.8, "AND"), "both somewhat alike"),
            cll.JaroWinklerLevel("sorted_words", 0.88),
            cll.CustomLevel(_either(like, 0.92, "OR"), "one alike"),
            cll.CustomLevel(_either(like, 0.8, "OR"), "one somewhat alike"),
            cll.ElseLevel(),
        ],
    )


def _birth() -> object:
    month_day = "substr(birth_l, 6, 2) = substr(birth_r, 9, 2) AND substr(birth_l, 9, 2) = substr(birth_r, 6, 2)"
    same_year = "substr(birth_l, 1, 4) = substr(birth_r, 1, 4)"
    return cl.CustomComparison(
        output_column_name="birth",
        comparison_levels=[
            cll.NullLevel("birth"),
            cll.ExactMatchLevel("birth"),
            cll.CustomLevel(f"{same_year} AND {month_day}", "day and month exchanged"),
            cll.DamerauLevenshteinLevel("birth", 1),
            cll.CustomLevel("substr(birth_l, 6) = substr(birth_r, 6)", "same day and month"),
            cll.CustomLevel(same_year, "same year"),
            cll.ElseLevel(),
        ],
    )


def main() -> None:
    """Train, predict, write the pairs."""
    rows = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False).replace("", None)
    rows["unique_id"] = np.arange(len(rows))
    words = rows["surname"].fillna("") + " " + rows["given"].fillna("")
    rows["sorted_words"] = [" ".join(sorted(text.split())) or None for text in words]
    rows["birth_year"], rows["birth_days"] = rows["birth"].str[:4], rows["birth"].str[5:]
    rows["initials"] = ["".join(word[0] for word in sorted(text.split())) or None for text in words]
    start = time.perf_counter()
    rules = [
        *(block_on(name) for name in IDENTIFIERS),
        block_on("birth"),
        block_on("sorted_words"),
        block_on("nationality", "sex", "birth_year"),
        block_on("nationality", "sex", "birth_days"),
        block_on("surname", "nationality"),
        block_on("given", "nationality", "sex"),
        block_on("initials", "nationality", "sex"),
    ]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_names(), _birth(), *(cl.ExactMatch(name) for name in ("sex", "nationality", *IDENTIFIERS))],
        blocking_rules_to_generate_predictions=rules,
        additional_columns_to_retain=["register", "single"],
        retain_intermediate_calculation_columns=False,
    )
    connection = duckdb.connect(config={"memory_limit": "5GB", "threads": 2})
    database = DuckDBAPI(connection)
    linker = Linker(database.register(rows), settings)
    linker.training.estimate_probability_two_random_records_match([rules[k] for k in range(4)], recall=0.3)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    for rule in (block_on("birth"), block_on("nationality", "sex", "birth_year"), block_on("sorted_words")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    pairs = linker.inference.predict(threshold_match_probability=0.001).as_pandas_dataframe()
    seconds = time.perf_counter() - start
    pairs = pairs[(pairs["register_l"] != pairs["register_r"]) | (pairs["single_l"] != "yes")]
    left, right = (pairs[f"unique_id_{side}"].to_numpy(np.int64) for side in "lr")
    np.savez(sys.argv[2], left=left, right=right, score=pairs["match_probability"].to_numpy(float))
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


main()
