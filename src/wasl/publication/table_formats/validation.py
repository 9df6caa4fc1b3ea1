"""Reads exchange files back before they are published: a file that its readers refuse is not written."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.errors import VerificationError
from wasl.publication.table_formats.cube import Cube

__all__ = ["require_readable"]


def require_readable(files: Mapping[str, bytes], cube: Cube) -> None:
    """Check SDMX messages against their schemas and every file's figures against the table.

    Args:
        files: File name to bytes; names end as those of `sdmx_files`, or are ``px`` and ``json-stat.json``.
        cube: The table.

    Raises:
        VerificationError: A file is refused by its reader, or holds other figures; names the file.
    """
    from pysdmx.errors import PysdmxError
    from pysdmx.io import read_sdmx

    total = float(np.nansum(cube.values))
    shown = int(np.isfinite(cube.values).sum())
    for name, data in files.items():
        if ".sdmx" in name:
            try:
                message = read_sdmx(io.BytesIO(data), validate=name.endswith(".xml"))
            except (PysdmxError, SyntaxError) as error:  # lxml reports malformed XML as a syntax error
                raise VerificationError(f"{name}: the SDMX message is not valid ({type(error).__name__}).") from error
            data_sets: Sequence[Any] = message.data or []
            for dataset in data_sets:
                figures = np.array([float(v) for v in dataset.data["OBS_VALUE"] if str(v) not in ("", "nan")])
                _require(name, len(dataset.data), len(cube.values), figures, shown, total)
        elif name.endswith("json"):
            values = [value for value in json.loads(data)["value"] if value is not None]
            _require(name, len(cube.values), len(cube.values), np.array(values, dtype=np.float64), shown, total)


def _require(name: str, rows: int, expected: int, figures: NDArray[np.float64], shown: int, total: float) -> None:
    near = abs(float(figures.sum()) - total) <= 1e-6 * max(1.0, abs(total))
    if rows != expected or len(figures) != shown or not near:
        raise VerificationError(
            f"{name}: the file holds other figures than the table.", remedy="Report this as a defect."
        )
