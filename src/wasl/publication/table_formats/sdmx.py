"""A table in SDMX: structures and data as SDMX-ML 3.0 and 2.1 and data as SDMX-CSV 2.0, written by pysdmx.

*Source:* SDMX 3.0; content-oriented guidelines for ``_T`` (total), ``_U`` (unknown), FREQ, OBS_STATUS, CONF_STATUS.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from wasl.errors import InputError
from wasl.publication.table_formats.cube import Cube
from wasl.publication.table_formats.identifiers import agency_id
from wasl.publication.table_formats.sdmx_structures import structure_of, with_translations
from wasl.registers.exchange.plain_text import xml_text

__all__ = ["sdmx_files"]

PERIOD = re.compile(r"\d{4}(?P<part>-(Q[1-4]|S[12]|(0[1-9]|1[0-2])))?")
OTHER_PERIOD = re.compile(r"\d{4}-\d{2}-\d{2}(?P<range>/P[1-9]\d*[YMD])?")
FREQUENCIES = {"": "A", "Q": "Q", "S": "S"}
CONFIDENTIALITY = {"primary": "C", "secondary": "D"}
"""CL_CONF_STATUS: C confidential, D withheld to protect another cell, F free for publication."""
OBS_STATUS = {"primary": "Q", "secondary": "Q", "perturbed": "E"}
"""CL_OBS_STATUS: A normal, E estimated (the figure carries noise or is rounded), Q suppressed."""


def sdmx_files(cube: Cube, *, created: dt.datetime) -> dict[str, bytes]:
    """The messages by file name.

    Args:
        cube: The table.
        created: Time of publication, UTC; stands in the headers.

    Raises:
        InputError: The table has no reference period, or one that is not in SDMX notation.
    """
    from pysdmx.io import write_sdmx
    from pysdmx.io.format import Format
    from pysdmx.io.pd import PandasDataset
    from pysdmx.model import Organisation
    from pysdmx.model.message import Header

    frequency = _frequency(cube)
    structure = structure_of(cube)
    dataset = PandasDataset(structure=structure.schema, data=_observations(cube, structure.columns, frequency))
    # pysdmx writes the name of a sender without escapes and changes its apostrophes; it escapes every other text.
    sender = Organisation(id=agency_id(cube.agency), name=escape(xml_text(cube.agency), {"'": "&apos;"}))
    header = Header(id=f"{sender.id}_{created:%Y%m%d%H%M%S}", prepared=created, sender=sender)
    files = {}
    for name, form in (
        ("structure.sdmx-3.0.xml", Format.STRUCTURE_SDMX_ML_3_0),
        ("structure.sdmx-2.1.xml", Format.STRUCTURE_SDMX_ML_2_1),
    ):
        message = (write_sdmx(structure.artefacts, form, header=header) or "").encode()
        files[name] = with_translations(message, structure.names)
    for name, form in (
        ("data.sdmx-3.0.xml", Format.DATA_SDMX_ML_3_0),
        ("data.sdmx-2.1.xml", Format.DATA_SDMX_ML_2_1_STR),
        ("data.sdmx.csv", Format.DATA_SDMX_CSV_2_0_0),
    ):
        more: dict[str, Any] = {} if name.endswith(".csv") else {"header": header}
        files[name] = (write_sdmx([dataset], form, **more) or "").encode()
    return files


def _frequency(cube: Cube) -> str:
    """The code of the frequency of a table's reference period."""
    match = PERIOD.fullmatch(cube.period)
    if match is not None:
        return FREQUENCIES.get((match["part"] or "")[1:2], "M")
    other = OTHER_PERIOD.fullmatch(cube.period)
    if other is None:
        raise InputError(
            f"table {cube.name!r}: SDMX needs a reference period.",
            remedy='State period in the specification: "2024", "2024-Q1", "2024-S2", "2024-03" or "2020-01-01/P5Y".',
        )
    return "_O" if other["range"] else "D"


def _observations(cube: Cube, columns: Mapping[str, tuple[str, Mapping[str, str]]], frequency: str) -> pd.DataFrame:
    data: dict[str, Any] = {"FREQ": np.full(len(cube.values), frequency)}
    for d, dimension in enumerate(cube.dimensions):
        identifier, ids = columns[dimension.name]
        data[identifier] = np.array([ids[code] for code in dimension.codes], dtype=object)[cube.places[:, d]]
    form = "{:.0f}" if cube.whole else "{!r}"
    data["TIME_PERIOD"] = np.full(len(cube.values), cube.period)
    data["OBS_VALUE"] = ["" if np.isnan(value) else form.format(value) for value in cube.values.tolist()]
    data["OBS_STATUS"] = [OBS_STATUS.get(str(status), "A") for status in cube.statuses]
    data["CONF_STATUS"] = [CONFIDENTIALITY.get(str(status), "F") for status in cube.statuses]
    return pd.DataFrame(data)
