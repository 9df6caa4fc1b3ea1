"""Random policies: from the released file and the public report, no masked cell and no dropped record follows.

Whoever has both could try each other value in the place of a masked one. The report is the same for all of them.
"""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import _utility, protect
from wasl.registers.documents import validate_document

VARIABLES = [
    {"name": "sex", "role": "key"},
    {"name": "zone", "role": "key"},
    {"name": "age", "role": "key", "hierarchy": {"levels": [{"width": 10, "bottom": 20, "top": 70}, {"width": 25}]}},
    {"name": "pay", "role": "sensitive"},
    {"name": "rent", "role": "free"},
]


def random_file(rng):
    n = int(rng.integers(40, 300))
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], n),
            "zone": rng.choice(list("abcdef"), n, p=[0.4, 0.3, 0.15, 0.1, 0.03, 0.02]),
            "age": rng.integers(15, 90, n),
            "pay": np.round(rng.lognormal(8, rng.choice([0.3, 1.2]), n), int(rng.choice([0, 2]))),
            "rent": rng.integers(0, 20, n) * 100.0,
        }
    )
    if rng.random() < 0.3:
        frame.loc[rng.choice(n, 3, replace=False), "pay"] = np.nan
    return frame


def random_policy(rng, frame):
    pay = np.sort(frame.pay.dropna())
    coded = {"kind": "top_bottom", "variable": "pay", "top": float(pay[-int(rng.choice([2, 3, 6]))])}
    if rng.random() < 0.7:
        coded["top_value"] = coded["top"] * float(rng.choice([1, 1.1]))
    if rng.random() < 0.4:
        coded["bottom"] = float(pay[int(rng.choice([1, 3]))])
    methods = [coded, {"kind": "recode", "variable": "age", "level": int(rng.choice([1, 2]))}]
    if rng.random() < 0.4:
        methods.append({"kind": "round", "variable": "rent", "base": 500})
    if rng.random() < 0.3:
        methods.append({"kind": "group_rare", "variable": "zone", "below": 10, "into": "rest"})
    if rng.random() < 0.3:
        methods.append({"kind": "pram", "variables": ["sex"], "retain": 0.9})
    if rng.random() < 0.8:
        methods.append({"kind": "local_suppression"})
    document = {
        "name": "random",
        "variables": VARIABLES,
        "thresholds": {"k": int(rng.choice([2, 3]))},
        "methods": [*methods, {"kind": "suppress_records", "max_share": 1.0}],
    }
    return validate_document(DisclosurePolicy, document, "test"), coded


def report_with(done, name, row, value):
    """The public report if one cell of the original had been another, the released file being the same."""
    column = done.prepared.table.column(name)
    cells = column.to_pylist()
    cells[row] = value
    place = done.prepared.table.column_names.index(name)
    table = done.prepared.table.set_column(place, name, pa.array(cells, column.type))
    original = replace(done.prepared, table=table)
    utility = _utility(original, replace(done.prepared, table=done.table), done.origin)
    return json.dumps(replace(done, prepared=original, utility=utility).public_report(), sort_keys=True)


def masked_cells(done, name):
    before = done.prepared.table.column(name).take(pa.array(done.origin)).to_pylist()
    after = done.table.column(name).to_pylist()
    return [
        (int(done.origin[i]), before[i], after[i])
        for i in range(len(after))
        if before[i] is not None and before[i] != after[i]
    ]


@pytest.mark.parametrize("seed", range(24))
def test_no_masked_cell_follows_from_file_and_report(seed):
    rng = np.random.default_rng(seed)
    frame = random_file(rng)
    policy, coded = random_policy(rng, frame)
    done = protect(frame, policy, seed=seed)
    told = json.dumps(done.public_report(), sort_keys=True)
    for name in ("sex", "zone"):
        masked = [cell for cell in masked_cells(done, name) if cell[2] is None]
        for place in rng.permutation(len(masked))[:2]:
            row, value, _ = masked[place]
            for other in sorted(set(frame[name]) - {value}):
                assert report_with(done, name, row, other) == told
    mean_kept = done.public_report()["information_loss"]["numbers"]["pay"]["mean_shift"] is not None
    masked = masked_cells(done, "pay")
    for place in rng.permutation(len(masked))[:2]:
        row, value, after = masked[place]
        high = value > coded["top"]
        assert after != value
        for factor in (0.5, 0.8, 0.97, 1.03, 1.2, 40.0):
            other = value * factor
            beyond = other > coded["top"] if high else other < coded.get("bottom", 0.0)
            # Where the coded values become their mean, the file itself shows their sum.
            if beyond and not mean_kept:
                assert report_with(done, "pay", row, other) == told
    dropped = sorted(set(range(len(frame))) - set(done.origin.tolist()))
    for row in dropped[:2]:
        assert report_with(done, "pay", row, 9e6) == told
        assert report_with(done, "zone", row, "a") == told


@pytest.mark.usefixtures("same_draws")
@pytest.mark.parametrize("wage", np.geomspace(31_000, 3_000_000, 12))
def test_an_outlier_of_any_height_leaves_the_report_as_it_is(wage):
    """A band that is withheld near its edge would show where the wage lies."""
    rng = np.random.default_rng(5)
    frame = random_file(rng).assign(pay=lambda f: np.minimum(f.pay.fillna(100.0), 29_000.0))
    methods = [{"kind": "top_bottom", "variable": "pay", "top": 30_000, "top_value": 30_000}]
    policy = validate_document(
        DisclosurePolicy, {"name": "p", "variables": VARIABLES, "thresholds": {"removed_rows": 1.0},
                           "no_thresholds": "a test of the report", "methods": methods}, "test",
    )  # fmt: skip
    told = set()
    for one in (30_500.0, wage):
        frame.loc[7, "pay"] = one
        told.add(json.dumps(protect(frame, policy, seed=1).public_report(), sort_keys=True))
    assert len(told) == 1
