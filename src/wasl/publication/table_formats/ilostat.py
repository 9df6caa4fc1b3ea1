"""A table that feeds an ILOSTAT indicator, as rows in ILOSTAT's own classes: ``SEX_T``, ``AGE_10YRBANDS_Y15-24``.

*Source:* the classes of ILOSTAT's data files; sections of NMA 2010 are those of ISIC Rev. 4, whose letters they bear.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

import numpy as np

from wasl.publication.table_formats.cube import Cube, CubeDimension

__all__ = ["ilostat_bytes", "ilostat_classes"]

STATUS = {"published": "", "zero": "", "perturbed": "E", "primary": "Q", "secondary": "Q"}
"""Observation status as in the SDMX files: estimated, suppressed."""

_BAND = re.compile(r"(\d+)-(\d+)|<(\d+)|(\d+)\+")
_STEMS: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "ECONOMIC_ACTIVITY": ("ECO_ISIC4", re.compile(r"[A-U]|X")),
    "OCCUPATION": ("OCU_ISCO08", re.compile(r"[0-9X]")),
}


def ilostat_classes(dimension: CubeDimension) -> dict[str, str]:
    """The ILOSTAT class of each code of a dimension that has one.

    Empty where the dimension's concept has no classes there, or where a class of ages is none of ILOSTAT's.
    """
    total = dimension.codes[0]
    if dimension.concept == "SEX":
        return {total: "SEX_T", **{code: f"SEX_{code}" for code in dimension.codes[1:] if code in ("M", "F")}}
    if dimension.concept == "AGE":
        return _ages(dimension)
    if dimension.concept not in _STEMS:
        return {}
    stem, pattern = _STEMS[dimension.concept]
    unknown = {"_U": f"{stem}_X"} if "_U" in dimension.codes and "X" not in dimension.codes else {}
    known = {code: f"{stem}_{code}" for code in dimension.codes[1:] if pattern.fullmatch(code)}
    return {total: f"{stem}_TOTAL", **known, **unknown} if known else {}


def _ages(dimension: CubeDimension) -> dict[str, str]:
    found = {dimension.codes[0]: "AGE_10YRBANDS_TOTAL"}
    for code in dimension.codes[1:]:
        if code == "_U":
            continue
        band = _BAND.fullmatch(code)
        if band is None:
            return {}
        if band[1]:
            low, high = int(band[1]), int(band[2])
            if (low, high) not in {(start, start + 9) for start in range(15, 65, 10)}:
                return {}
            found[code] = f"AGE_10YRBANDS_Y{low}-{high}"
        elif code == "<15":
            found[code] = "AGE_10YRBANDS_YLT15"
        elif code == "65+":
            found[code] = "AGE_10YRBANDS_YGE65"
        else:
            return {}
    return found


def ilostat_bytes(cube: Cube, indicator: str, *, area: str = "MAR") -> tuple[bytes, int] | None:
    """The rows of a table in ILOSTAT's classes, and how many cells have no class there.

    Args:
        cube: The published table.
        indicator: ILOSTAT indicator that it feeds.
        area: Reference area (ISO 3166 alpha-3).

    Returns:
        None where a dimension has no classes in ILOSTAT.
    """
    classes = [ilostat_classes(dimension) for dimension in cube.dimensions]
    if not all(classes):
        return None
    others = [d for d, dimension in enumerate(cube.dimensions) if dimension.concept != "SEX"]
    sexes = [d for d, dimension in enumerate(cube.dimensions) if dimension.concept == "SEX"]
    rows, left_out = [], 0
    for places, value, status in zip(cube.places.tolist(), cube.values.tolist(), cube.statuses.tolist(), strict=True):
        own = [
            known.get(dimension.codes[place])
            for known, dimension, place in zip(classes, cube.dimensions, places, strict=True)
        ]
        if None in own:
            left_out += 1
            continue
        sex = own[sexes[0]] if sexes else "SEX_T"
        shown = "" if np.isnan(value) else f"{value:.15g}"
        rows.append([area, indicator, sex, *(own[d] for d in others), cube.period, shown, STATUS[status]])
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    names = [f"classif{number + 1}" for number in range(len(others))]
    writer.writerow(["ref_area", "indicator", "sex", *names, "time", "obs_value", "obs_status"])
    writer.writerows(rows)
    return target.getvalue().encode(), left_out
