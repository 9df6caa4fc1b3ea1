"""Persons who stand in a register more than once, found on the cleartext, which is the holder's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wasl.holder.names.normalizer import normalize
from wasl.registers.schema import Feature, RegisterSchema

__all__ = ["duplicate_rows"]

SIMILAR = 0.9
"""Jaro–Winkler similarity of canonical names from which two records may be one person."""


def duplicate_rows(table: pa.Table, schema: RegisterSchema) -> NDArray[np.bool_] | None:
    """Which rows look like another row's person, or None where names or births are not in the register.

    Candidates share the birth date, or the skeletons of all name words and the birth year; they are one person when
    their canonical names are similar and their birth dates equal (or day and month swapped). 1 January is no birth
    date here.

    *Source:* indexing and comparison by the Record Linkage Toolkit (recordlinkage).
    """
    names = [
        schema.by_feature[f].name for f in (Feature.FULL_NAME, Feature.SURNAME, Feature.GIVEN) if f in schema.by_feature
    ]
    birth = schema.by_feature.get(Feature.BIRTH_DATE)
    if not names or birth is None:
        return None
    frame = _frame(table, names, birth.name)
    known = frame[frame["birth"].ne("") & frame["name"].ne("")]
    found = np.zeros(len(frame), dtype=bool)
    if len(known) < 2:
        return found
    for pair in _duplicates(known):
        found[list(pair)] = True
    return found


def _frame(table: pa.Table, names: list[str], birth: str) -> pd.DataFrame:
    """Canonical name (words sorted), skeletons, birth date, its year, and the date with day and month swapped."""
    cells = [table[name].to_pylist() for name in names]
    words = [[normalize(text) for text in row if text] for row in zip(*cells, strict=True)]
    dates = pd.Series(table[birth].to_pandas())
    stamps = pd.to_datetime(dates)
    usable = stamps.notna() & ~((stamps.dt.day == 1) & (stamps.dt.month == 1))
    return pd.DataFrame(
        {
            "name": [" ".join(sorted(word for name in row for word in name.words)) for row in words],
            "bones": [" ".join(sorted(bone for name in row for bone in name.skeletons)) for row in words],
            "birth": stamps.dt.strftime("%Y-%m-%d").where(usable, ""),
            "year": stamps.dt.strftime("%Y").where(usable, ""),
            "swapped": stamps.dt.strftime("%Y-%d-%m").where(usable, ""),
        }
    )


def _duplicates(known: pd.DataFrame) -> list[tuple[int, int]]:
    import recordlinkage

    indexer = recordlinkage.Index()
    indexer.block("birth")
    indexer.block(["bones", "year"])
    pairs = indexer.index(known)
    if not len(pairs):
        return []
    compare = recordlinkage.Compare()
    compare.string("name", "name", method="jarowinkler", threshold=SIMILAR, label="name")
    compare.exact("birth", "birth", label="birth")
    compare.exact("birth", "swapped", label="swapped")
    features = compare.compute(pairs, known)
    alike = features[(features["name"] > 0) & ((features["birth"] > 0) | (features["swapped"] > 0))]
    return [(int(left), int(right)) for left, right in alike.index]
