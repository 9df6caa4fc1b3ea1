"""The payload alone: which persons its columns make unique.

The adversary holds a payload: it is the release desk, or a thief of its files. It knows sex, nationality, birth year
and a date of the persons it looks for, and needs no encodings.

*Source:* Sweeney, "Simple demographics often identify people uniquely", Carnegie Mellon Data Privacy Working Paper 3,
2000.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wasl.attack.claims import Claims

__all__ = ["ENTRY", "PERSONAL", "column_values", "match_payload"]

Ints = npt.NDArray[np.int64]

PERSONAL = ("sex", "nationality", "birth_year")
"""Columns that most acquaintances of a person know."""

ENTRY = ("entry_date", "permit_start", "request_date", "certificate_date")
"""Dates of entry into the country or the register, the first that a payload has."""


def column_values(payload: pa.Table, columns: Sequence[str]) -> list[tuple[object, ...]]:
    """The values of some columns, record by record; a column the payload lacks is None."""
    found = [payload[name].to_pylist() if name in payload.column_names else [None] * len(payload) for name in columns]
    return list(zip(*found, strict=True)) if found else [()] * len(payload)


def match_payload(payload: pa.Table, own: pa.Table, columns: Sequence[str], rng: np.random.Generator) -> Claims:
    """Records of a payload and own records with equal values; each of k equal own records has the posterior 1/k."""
    number: dict[tuple[object, ...], int] = {}
    left, right = (
        np.array([number.setdefault(value, len(number)) for value in column_values(side, columns)], np.int64)
        for side in (payload, own)
    )
    order = rng.permutation(len(right))
    order = order[np.argsort(right[order], kind="stable")]
    starts = np.searchsorted(right[order], np.arange(len(number) + 1))
    counts = np.diff(starts)
    # The k-th observed record of a class is taken for the k-th own record, in random order.
    rows = np.argsort(left, kind="stable")
    turn = np.arange(len(rows)) - np.searchsorted(left[rows], left[rows])
    has = turn < counts[left[rows]]
    rows, turn = rows[has], turn[has]
    return Claims(rows, order[starts[left[rows]] + turn], 1.0 / counts[left[rows]])
