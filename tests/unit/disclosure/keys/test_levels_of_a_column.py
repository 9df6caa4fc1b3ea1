"""What the categories of a recoded column cover, also where a name stands at several levels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.disclosure.attacks.key_match import match_by_keys
from wasl.disclosure.keys.coding import code_column
from wasl.disclosure.keys.hierarchy import Hierarchy, covers
from wasl.errors import InputError

SECTIONS = Hierarchy(
    "section",
    ("A", "B", "C", "F", "G", "P"),
    (
        ("Agriculture", "Industry", "Industry", "Construction", "Trade", "Public"),
        ("Agriculture", "Industry", "Industry", "Industry", "Services", "Services"),
        ("*",) * 6,
    ),
)


@pytest.mark.parametrize(
    ("shown", "industry"),
    [
        (("Agriculture", "Industry", "Services"), "BCF"),
        (("Agriculture", "Industry", "Construction", "Trade"), "BC"),
        (("Industry", "Construction"), "BC"),
        (("Industry", "Construction+Trade"), "BC"),
        (("Industry",), "BCF"),  # at either level: those who can be in it
        (("Industry", "Trade", "Services"), "BCF"),  # no level has all
    ],
)
def test_the_level_of_the_whole_column_decides(shown, industry):
    table = covers(SECTIONS, shown)
    assert "".join(np.array(SECTIONS.leaves)[table[shown.index("Industry")]]) == industry


def test_a_category_that_stands_nowhere_is_refused():
    with pytest.raises(InputError, match="stands nowhere"):
        covers(SECTIONS, ("Industry", "Mining"))
    assert covers(SECTIONS, ()).shape == (0, 6)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_row_of_a_coarsened_file_fits_its_own_person(data):
    """Few names for many groups: the same name stands at several levels."""
    size = data.draw(st.integers(1, 7))
    names = st.sampled_from(["x", "y", "z"])
    first = [data.draw(names) for _ in range(size)]
    joined = {name: data.draw(names) for name in "xyz"}
    hierarchy = Hierarchy("v", tuple("abcdefg"[:size]), (tuple(first), tuple(joined[name] for name in first)))
    level = data.draw(st.integers(0, 2))
    rows = data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=12))
    groups = (hierarchy.leaves, *hierarchy.levels)[level]
    before = code_column("v", pa.array([hierarchy.leaves[row] for row in rows]))
    shown = [groups[row] if data.draw(st.booleans()) else None for row in rows]
    after = code_column("v", pa.array(shown, pa.string()))
    found = match_by_keys({"v": before}, {"v": after}, {"v": hierarchy}, np.random.default_rng(0), targets=20)
    assert found.without_row == 0
