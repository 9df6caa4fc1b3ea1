"""Harmonized variables of the microdata: bands of age, arrival and stay, coarser codes, residence, ICLS category."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import model_validator

from wasl.errors import InputError
from wasl.registers.codes.classification import CodeList
from wasl.registers.codes.elapsed import whole_years
from wasl.registers.documents import Document

__all__ = ["DerivedSpec", "band_labels", "derived_values"]

BREAKS: dict[str, tuple[int, ...]] = {
    "age-group": (15, 25, 35, 45, 55, 65),  # the bands of the ILO's labour-migration tables
    "arrival-cohort": (2000, 2010, 2015, 2020),
    "stay": (1, 5, 10),
}
"""Lower ends of the bands, by rule, where the specification does not state them. Years."""
OF_A_VALUE = ("age-group", "arrival-cohort", "stay", "code", "parent")
"""Rules that follow from the value of one variable."""


class DerivedSpec(Document):
    """One variable made from others.

    Attributes:
        name: Its name in the microdata.
        rule: ``age-group`` (age reached in the year of the reference date, from a year of birth), ``arrival-cohort``
            (from a date or year of arrival), ``stay`` (whole years from arrival to the reference date), ``code``
            (a code through a coarser code list), ``parent`` (a code's parent in its own list, such as the region of a
            province), ``resident`` (whether the stay lasts ``months``), ``icls-category``
            and ``icls-rule`` (20th ICLS, with the rule that decided), ``records`` (a person's records in
            ``of_register``), ``any`` (whether one of a person's records has one of ``values``).
        source: The variable it is made from; for ``any`` a variable of the payloads.
        of_register: For ``records`` and ``any``: the register whose records count; for ``any`` empty: all.
        months: For ``resident`` and the ICLS rules: the residence test.
        breaks: Lower ends of the bands, ascending; by default those of ``BREAKS``.
        classification: For ``code``: the coarser code list, whose spellings are the finer codes; for ``parent``: the
            list of the source.
        values: For ``any``: the values that count.
        optional: Whether it is left out, with a warning, where its source is.
    """

    name: str
    rule: Literal[
        "age-group",
        "arrival-cohort",
        "stay",
        "code",
        "parent",
        "resident",
        "icls-category",
        "icls-rule",
        "records",
        "any",
    ]
    source: str = ""
    of_register: str = ""
    months: Literal[6, 12] = 12
    breaks: tuple[int, ...] = ()
    classification: str = ""
    values: tuple[str, ...] = ()
    optional: bool = False

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.rule in (*OF_A_VALUE, "any")) != bool(self.source):
            raise ValueError(f"{self.name}: the rules {', '.join((*OF_A_VALUE, 'any'))}, and no other, need a source")
        if (self.rule in ("code", "parent")) != bool(self.classification):
            raise ValueError(f"{self.name}: the rules 'code' and 'parent', and no other, need a classification")
        if self.breaks and self.rule not in BREAKS:
            raise ValueError(f"{self.name}: the rule {self.rule!r} has no bands")
        if any(low >= high for low, high in pairwise(self.breaks)):
            raise ValueError(f"{self.name}: breaks must ascend, without repeats")
        if (self.rule == "any") != bool(self.values):
            raise ValueError(f"{self.name}: the rule 'any', and no other, needs values")
        if self.rule == "records" and not self.of_register:
            raise ValueError(f"{self.name}: the rule 'records' needs a register")
        return self

    @property
    def of_a_value(self) -> bool:
        """Whether it follows from the value of its source alone."""
        return self.rule in OF_A_VALUE

    @property
    def needs_date(self) -> bool:
        """Whether it depends on the reference date."""
        return self.rule in ("age-group", "stay", "resident", "icls-category", "icls-rule")


def derived_values(spec: DerivedSpec, values: pa.Array, on: dt.date | None) -> pa.Array:
    """The variable from the values of its source, one for one; missing stays missing.

    Args:
        spec: A rule that follows from one value.
        values: Values of the source.
        on: The reference date.

    Raises:
        InputError: The source has values of another kind than the rule asks for.
    """
    if spec.classification:
        return _coded(spec, values)
    numbers = _years(spec, values, on)
    return band_labels(numbers, spec.breaks or BREAKS[spec.rule])


def _coded(spec: DerivedSpec, values: pa.Array) -> pa.Array:
    known = CodeList.load(spec.classification)
    texts = values.cast(pa.string()).dictionary_encode()
    distinct = texts.dictionary.to_pylist()
    if spec.rule == "parent":
        parents = [known.entries[text].parent if text in known.entries else "" for text in distinct]
        return pa.array([parent or None for parent in parents], pa.string()).take(texts.indices)
    found = [known.codes(text) for text in distinct]
    codes = pa.array([one[0] if len(one) == 1 else None for one in found], pa.string())
    return codes.take(texts.indices)


def _years(spec: DerivedSpec, values: pa.Array, on: dt.date | None) -> NDArray[np.float64]:
    """Age, year of arrival or years of stay of each value; NaN where missing."""
    kind = values.type
    dated = pa.types.is_date(kind) or pa.types.is_timestamp(kind)
    if not (dated or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        raise InputError(
            f"variable {spec.name!r}: its source {spec.source!r} holds neither dates nor years.",
            remedy="Name a variable of dates or years as its source.",
        )
    if spec.rule == "stay" and not dated and not pa.types.is_null(kind):
        raise InputError(f"variable {spec.name!r}: the rule 'stay' needs dates, and {spec.source!r} holds years.")
    if spec.rule == "stay":
        if on is None:
            raise InputError(f"variable {spec.name!r} needs a reference date.")
        days = values.cast(pa.date32()).cast(pa.int32()).cast(pa.float64())
        start = _numbers(days)
        stay = whole_years(start, np.full(len(start), (on - dt.date(1970, 1, 1)).days, np.float64))
        return np.where(stay < 0, np.nan, stay)
    years = _numbers(pc.year(values).cast(pa.float64()) if dated else values.cast(pa.float64()))
    if spec.rule == "arrival-cohort":
        return years
    if on is None:
        raise InputError(f"variable {spec.name!r} needs a reference date.")
    age = on.year - years
    return np.where(age < 0, np.nan, age)


def _numbers(values: pa.Array) -> NDArray[np.float64]:
    return np.asarray(values.fill_null(float("nan")).to_numpy(zero_copy_only=False), np.float64)


def band_labels(numbers: NDArray[np.float64], breaks: tuple[int, ...]) -> pa.Array:
    """The band of each number, ``<15``, ``15-24``, ``25+``; NaN is missing.

    Args:
        numbers: Numbers, NaN where missing.
        breaks: Lower ends of the bands but the first, ascending.
    """
    inner = [f"{low}-{high - 1}" if high - low > 1 else str(low) for low, high in pairwise(breaks)]
    labels = pa.array([f"<{breaks[0]}", *inner, f"{breaks[-1]}+"])
    place = np.searchsorted(np.asarray(breaks, np.float64), numbers, side="right")
    return labels.take(pa.array(np.where(np.isnan(numbers), 0, place), mask=np.isnan(numbers)))
