"""Dated pairs: every month in which both records hold is in an overlap, and no other."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.workflow.overlaps import OVERLAP_COLUMNS, date_overlaps

MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024) for month in range(1, 13)]
SAME = pd.DataFrame([("a", "1", "b", "9")], columns=["register_a", "record_a", "register_b", "record_b"])


def spells(record, stretches):
    rows = [(record, MONTHS[x], None if y is None else MONTHS[y]) for x, y in stretches]
    return pa.table(
        {name: pa.array([row[k] for row in rows], pa.string()) for k, name in enumerate(("record", "from", "until"))}
    )


def months_of(stretches):
    found = set()
    for x, y in stretches:
        found |= set(range(x, len(MONTHS) if y is None else y + 1))
    return found


@st.composite
def stretch_lists(draw):
    """Stretches that follow one another with at least one month between them; the last may hold on."""
    cuts = sorted(draw(st.sets(st.integers(0, 23), min_size=2, max_size=6)))
    pairs = [(cuts[k], max(cuts[k], cuts[k + 1] - 2)) for k in range(0, len(cuts) - 1, 2)]
    if draw(st.booleans()):
        pairs[-1] = (pairs[-1][0], None)
    return pairs


@settings(max_examples=150, deadline=None)
@given(stretch_lists(), stretch_lists())
def test_the_months_of_overlaps_are_those_of_both(first, second):
    found = date_overlaps(SAME, {"a": spells("1", first), "b": spells("9", second)})
    together = months_of(first) & months_of(second)
    told = set()
    for _, row in found[found["relation"] == "both"].iterrows():
        until = len(MONTHS) - 1 if row["until"] == "" else MONTHS.index(row["until"])
        told |= set(range(MONTHS.index(row["from"]), until + 1))
    assert told == together
    assert bool(together) == (set(found["relation"]) == {"both"})
    for _, row in found[found["relation"] != "both"].iterrows():
        assert row["from"] < row["until"]


def test_one_after_the_other():
    found = date_overlaps(SAME, {"a": spells("1", [(0, 4)]), "b": spells("9", [(6, None)])})
    assert found[["relation", "from", "until"]].to_numpy().tolist() == [["first_before", "2023-05", "2023-07"]]
    found = date_overlaps(SAME, {"a": spells("1", [(8, 9)]), "b": spells("9", [(2, 3)])})
    assert found[["relation", "from", "until"]].to_numpy().tolist() == [["second_before", "2023-04", "2023-09"]]


def test_without_dates_nothing_is_told():
    found = date_overlaps(SAME, {"a": spells("1", [(0, 1)]), "b": None})
    assert list(found.columns) == list(OVERLAP_COLUMNS)
    assert found.empty
    assert date_overlaps(SAME, {"a": spells("2", [(0, 1)]), "b": spells("9", [(0, 1)])}).empty
