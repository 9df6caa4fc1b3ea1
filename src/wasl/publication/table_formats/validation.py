"""Reads exchange files back before they are published: a file that its readers refuse is not written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.errors import VerificationError
from wasl.publication.table_formats.cube import Cube
from wasl.publication.table_formats.px import MOST_DECIMALS, read_px
from wasl.publication.table_formats.sdmx_messages import read_message

__all__ = ["require_readable"]


def require_readable(files: Mapping[str, bytes], cube: Cube) -> None:
    """Check SDMX messages against their schemas and every file's figures against the table.

    Args:
        files: File name to bytes; names end as those of `sdmx_files`, or in ``px`` and ``json-stat.json``.
        cube: The table.

    Raises:
        VerificationError: A file is refused by its reader, or holds other figures; names the file.
    """
    from pysdmx.errors import PysdmxError

    for name, data in files.items():
        try:
            if ".sdmx" in name:
                message = read_message(name, data)
                data_sets: Sequence[Any] = message.data or []
                for dataset in data_sets:
                    _require(name, dataset.data["OBS_VALUE"], cube.values)
            elif name.endswith("json"):
                _require(name, json.loads(data)["value"], _full(cube))
            elif name.endswith("px"):
                _require(name, read_px(data).values, _full(cube), half=0.5 * 10.0**-MOST_DECIMALS)
        except (
            PysdmxError,
            SyntaxError,
            ValueError,
            KeyError,
        ) as error:  # lxml reports malformed XML as a syntax error
            raise VerificationError(
                f"{name}: its reader refuses the file ({type(error).__name__}).",
                remedy="Look for names, codes and labels with control characters.",
            ) from error


def _full(cube: Cube) -> NDArray[np.float64]:
    """The values of the full table, the last dimension running fastest; NaN where nothing is published."""
    full = np.full(int(np.prod(cube.shape)), np.nan)
    full[cube.positions()] = cube.values
    return full


def _require(name: str, read: Any, expected: NDArray[np.float64], *, half: float = 0.0) -> None:
    """Compare all figures; those of a format with a largest number of decimals may be half of the last one off."""
    figures = np.array([float("nan") if str(v) in ("", "nan", "None") else float(v) for v in read], dtype=np.float64)
    same = figures.shape == expected.shape and np.allclose(figures, expected, 1e-9, half * 1.001, equal_nan=True)
    if not same:
        raise VerificationError(
            f"{name}: the file holds other figures than the table.", remedy="Report this as a defect."
        )
