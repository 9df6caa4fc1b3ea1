"""Registers of which one column went wrong as a whole: it slipped by a row, every date is late, or dates are coarse.

The parts of these draws are those of ``unusual.py``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

__all__ = ["SLIPS", "slipped"]

Rng = np.random.Generator
Change = Callable[[pd.DataFrame, Rng], pd.DataFrame]


def slipped(column: str, share: float) -> Change:
    """A change of rows: sorted by surname, in a first share of them a column has the value of the row before.

    Args:
        column: The column.
        share: Of the rows.
    """

    def change(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
        del rng
        ordered = rows.sort_values("surname", kind="stable").reset_index(drop=True)
        last = int(share * len(ordered))
        values = ordered[column].to_numpy(object, copy=True)
        values[:last] = np.roll(values[:last], 1)
        return ordered.assign(**{column: values})

    return change


def _a_day_later(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Every date is a day late, as midnight in another time zone makes it."""
    del rng
    born = rows["birth"].to_numpy(object).astype("datetime64[D]") + np.timedelta64(1, "D")
    return rows.assign(birth=born.astype(str).astype(object))


def _a_month_later(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Every month is one too high, as months that are counted from 0 become."""
    del rng
    later = []
    for date in rows["birth"].tolist():
        year, month, day = (int(part) for part in date.split("-"))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        later.append(f"{year:04}-{month:02}-{min(day, 28):02}")
    return rows.assign(birth=np.array(later, object))


def _coarse(rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Half of the births are the first of their month, the others the first of January of their year."""
    month, year = rows["birth"].str[:8] + "01", rows["birth"].str[:4] + "-01-01"
    return rows.assign(birth=np.where(rng.random(len(rows)) < 0.5, month, year).astype(object))


SLIPS: dict[str, tuple[str, Change]] = {
    "slipped-births": ("births slipped by a row", slipped("birth", 1.0)),
    "slipped-third": ("births of a third slipped by a row", slipped("birth", 1 / 3)),
    "slipped-sex": ("codes of sex slipped by a row", slipped("sex", 1.0)),
    "slipped-given": ("given names slipped by a row", slipped("given", 1.0)),
    "day-later": ("dates a day late", _a_day_later),
    "month-later": ("dates a month late", _a_month_later),
    "coarse-births": ("births by month or year", _coarse),
}
"""By name: title, and what is done to the rows of the second register."""
