"""Rare categories: grouped, or made missing when the group is itself too small."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.methods.recode import group_rare


def column(values: list[str | None]) -> CodedColumn:
    labels = sorted({v for v in values if v is not None})
    codes = np.array([labels.index(v) if v is not None else -1 for v in values], np.int32)
    return CodedColumn("c", codes, pa.array(labels))


def test_rare_categories_become_one_group() -> None:
    values = ["a"] * 5 + ["b"] * 2 + ["c"] * 2 + [None]
    assert group_rare(column(values), 3, "Other").decode().to_pylist() == ["a"] * 5 + ["Other"] * 4 + [None]


def test_a_group_that_is_still_too_small_is_missing() -> None:
    values = ["a"] * 5 + ["b", "c"]
    assert group_rare(column(values), 3, "Other").decode().to_pylist() == ["a"] * 5 + [None, None]


def test_rare_categories_join_a_group_of_that_name() -> None:
    values = ["Other"] * 4 + ["a"] * 4 + ["b"]
    assert group_rare(column(values), 3, "Other").decode().to_pylist() == ["Other"] * 4 + ["a"] * 4 + ["Other"]


def test_nothing_rare_nothing_done() -> None:
    whole = column(["a", "a", "b", "b"])
    assert group_rare(whole, 2, "Other") is whole
