"""A birth of which one part is known has blocks and no filter; two known parts are compared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.holder.encoding.grams import group_grams
from wasl.holder.normalize import Persons
from wasl.holder.profile import Group

BIRTH = Group.model_validate({"name": "birth", "parts": [{"feature": "birth_date", "kind": "date", "required": True}]})


def sizes(*codes: int) -> list[int]:
    """Grams of each birth, given as ``yyyymmdd`` with 0 for unknown parts; -1 where it has no filter."""
    births = np.array(codes, np.int32)
    found = group_grams(Persons(len(births), {}, {}, None, births), BIRTH)
    assert found is not None
    counts = np.diff(found.offsets).tolist()
    return [count if here else -1 for count, here in zip(counts, found.present.tolist(), strict=True)]


@pytest.mark.parametrize("code", [19850000, 300, 12, 0, 19850101])
def test_one_known_part_is_no_date(code: int) -> None:
    assert sizes(19850312, code)[1] == -1


@pytest.mark.parametrize("code", [19850300, 19850012, 312])
def test_two_known_parts_are_compared(code: int) -> None:
    whole, partial = sizes(19850312, code)
    assert 0 < partial < whole


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1900, 1985, 2003]), st.integers(0, 12), st.integers(0, 28)),
        min_size=1,
        max_size=30,
    )
)
def test_a_birth_has_a_filter_if_two_parts_are_known_and_it_is_not_1_january(parts: list[tuple[int, int, int]]) -> None:
    codes = [10_000 * year + 100 * month + day for year, month, day in parts]
    found = sizes(19850312, *codes)[1:]
    for (year, month, day), size in zip(parts, found, strict=True):
        known = (year > 0) + (month > 0) + (day > 0)
        assert (size > 0) == (known >= 2 and (month, day) != (1, 1))
