"""A table as JSON-stat 2.0.

*Source:* json-stat.org, format version 2.0.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np

from wasl.publication.table_formats.cube import Cube, CubeDimension

__all__ = ["json_stat_bytes"]

STATUS_LABELS = {"primary": "confidential", "secondary": "confidential", "perturbed": "perturbed", "zero": "zero"}


def json_stat_bytes(cube: Cube, *, created: dt.datetime, language: str = "en") -> bytes:
    """The file: values in the order of the dimensions, null where not published, the status of each cell beside."""
    size = int(np.prod(cube.shape))
    values: list[float | int | None] = [None] * size
    status: dict[str, str] = {}
    for position, value, state in zip(cube.positions().tolist(), cube.values.tolist(), cube.statuses, strict=True):
        values[position] = None if np.isnan(value) else (int(value) if cube.whole else value)
        if state != "published":
            status[str(position)] = str(state)
    document: dict[str, Any] = {
        "version": "2.0",
        "class": "dataset",
        "label": cube.title(language),
        "source": cube.agency,
        "updated": created.isoformat(timespec="seconds"),
        "id": [dimension.name for dimension in cube.dimensions],
        "size": list(cube.shape),
        "dimension": {dimension.name: _dimension(dimension, language) for dimension in cube.dimensions},
        "value": values,
        "status": status,
        **({"note": [cube.note(language)]} if cube.note(language) else {}),
        "extension": {
            "period": cube.period,
            "unit": cube.unit,
            "status": {"label": {key: label for key, label in STATUS_LABELS.items() if key in set(status.values())}},
        },
    }
    return (json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _dimension(dimension: CubeDimension, language: str) -> dict[str, Any]:
    children: dict[str, list[str]] = {}
    for code, parent in zip(dimension.codes, dimension.parents, strict=True):
        if parent >= 0:
            children.setdefault(dimension.codes[parent], []).append(code)
    return {
        "label": dimension.label(language),
        "category": {
            "index": list(dimension.codes),
            "label": {code: dimension.meaning(code, language) for code in dimension.codes},
            "child": children,
        },
    }
