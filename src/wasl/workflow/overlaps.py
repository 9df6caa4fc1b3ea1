"""When two records of one person hold: at the same time, or one before the other."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

__all__ = ["OVERLAP_COLUMNS", "date_overlaps"]

OVERLAP_COLUMNS = ("register_a", "record_a", "register_b", "record_b", "relation", "from", "until")
ENDLESS = "9999-12"


def date_overlaps(same: pd.DataFrame, spells: Mapping[str, pa.Table | None]) -> pd.DataFrame:
    """Date the pairs of records of one person across two registers.

    Args:
        same: ``register_a, record_a, register_b, record_b`` of pairs of one person.
        spells: By register ``record, from, until`` (months as YYYY-MM; null: holds on), several rows per record.

    Returns:
        Rows of ``OVERLAP_COLUMNS``. Relation ``both``: the two records hold from ``from`` until ``until`` (empty where
        both hold on), one row for each common stretch. Relation ``first_before`` or ``second_before``: at no time both;
        ``from`` is the last month of the earlier spell and ``until`` the first month of the later one that follows.
        Pairs of which one record is not dated have no row.
    """
    keys = ["register_a", "record_a", "register_b", "record_b"]
    across = same[same["register_a"] != same["register_b"]][keys]
    parts = []
    for (left, right), pairs in across.groupby(["register_a", "register_b"]):
        first, second = spells.get(str(left)), spells.get(str(right))
        if first is None or second is None:
            continue
        dated = pairs.merge(_frame(first, "_a"), on="record_a").merge(_frame(second, "_b"), on="record_b")
        parts.append(_related(dated, keys))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(OVERLAP_COLUMNS), dtype=object)
    rows: pd.DataFrame = found[list(OVERLAP_COLUMNS)].sort_values([*keys, "from"], ignore_index=True)
    return rows


def _frame(spells: pa.Table, side: str) -> pd.DataFrame:
    frame = spells.to_pandas().astype({"record": str})
    frame["until"] = frame["until"].fillna(ENDLESS)
    renamed: pd.DataFrame = frame.rename(columns={name: name + side for name in ("record", "from", "until")})
    return renamed


def _related(dated: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The relation of each pair of spells, and for pairs that are never both the nearest two spells."""
    both = dated.copy()
    both["relation"] = "both"
    both["from"] = dated[["from_a", "from_b"]].max(axis=1)
    both["until"] = dated[["until_a", "until_b"]].min(axis=1)
    both = both[both["from"] <= both["until"]]
    known = pd.MultiIndex.from_frame(both[keys])
    apart = dated[~pd.MultiIndex.from_frame(dated[keys]).isin(known)].copy()
    earlier = apart["until_a"] < apart["from_b"]
    apart["relation"] = earlier.map({True: "first_before", False: "second_before"}).astype(object)
    apart["from"] = apart["until_a"].where(earlier, apart["until_b"])
    apart["until"] = apart["from_b"].where(earlier, apart["from_a"])
    nearest = apart.sort_values("from").drop_duplicates([*keys, "relation"], keep="last")
    found = pd.concat([both, nearest], ignore_index=True)
    found["until"] = found["until"].where(found["until"] != ENDLESS, "")
    return found
