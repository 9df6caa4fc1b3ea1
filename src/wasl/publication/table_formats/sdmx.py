"""A table in SDMX: structures and data as SDMX-ML 3.0 and 2.1 and data as SDMX-CSV 2.0, written by pysdmx.

*Source:* SDMX 3.0; content-oriented guidelines for ``_T`` (total), ``_U`` (unknown), FREQ, OBS_STATUS, CONF_STATUS.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from wasl.errors import InputError
from wasl.publication.table_formats.cube import Cube, CubeDimension
from wasl.publication.table_formats.identifiers import code_ids, component_ids

__all__ = ["sdmx_files"]

PERIOD = re.compile(r"(\d{4})(-(Q[1-4]|S[12]|(0[1-9]|1[0-2])))?")
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

    match = PERIOD.fullmatch(cube.period)
    if match is None:
        raise InputError(
            f"table {cube.name!r}: SDMX needs a reference period.",
            remedy='State period in the specification: "2024", "2024-Q1", "2024-S2" or "2024-03".',
        )
    part = match[3] or ""
    frequency = FREQUENCIES.get(part[:1], "M")
    structures, schema, columns = _structures(cube)
    data = _observations(cube, columns, frequency)
    dataset = PandasDataset(structure=schema, data=data)
    structure_formats = {
        "structure.sdmx-3.0.xml": Format.STRUCTURE_SDMX_ML_3_0,
        "structure.sdmx-2.1.xml": Format.STRUCTURE_SDMX_ML_2_1,
    }
    data_formats = {
        "data.sdmx-3.0.xml": Format.DATA_SDMX_ML_3_0,
        "data.sdmx-2.1.xml": Format.DATA_SDMX_ML_2_1_STR,
        "data.sdmx.csv": Format.DATA_SDMX_CSV_2_0_0,
    }
    sender = Organisation(id=_agency_id(cube.agency), name=cube.agency)
    header = Header(id=f"{sender.id}_{created:%Y%m%d%H%M%S}", prepared=created, sender=sender)
    files = {name: write_sdmx(structures, form, header=header) for name, form in structure_formats.items()}
    for name, form in data_formats.items():
        more: dict[str, Any] = {} if name.endswith(".csv") else {"header": header}
        files[name] = write_sdmx([dataset], form, **more)
    return {name: (text or "").encode() for name, text in files.items()}


def _structures(cube: Cube) -> tuple[list[Any], Any, dict[str, tuple[str, Mapping[str, str]]]]:
    """Code lists, concepts, structure and data flow; the schema; and for each dimension its id and its codes' ids."""
    from pysdmx.model import (
        Agency,
        AgencyScheme,
        Code,
        Codelist,
        Component,
        Components,
        Concept,
        ConceptScheme,
        Dataflow,
        DataStructureDefinition,
        DataType,
        ItemReference,
        Role,
    )

    agency = _agency_id(cube.agency)
    stem = re.sub(r"[^A-Za-z0-9_\-]", "_", cube.name).upper()
    stem = stem.lower() if "URN" in stem else stem  # pysdmx 1.21 reads an id with these letters as a URN
    wanted = [dimension.concept or dimension.name for dimension in cube.dimensions]
    keys = [d.name if wanted.count(key) > 1 else key for d, key in zip(cube.dimensions, wanted, strict=True)]
    ids = component_ids(keys)
    lists: dict[str, Any] = {}
    concepts: list[Any] = []
    columns: dict[str, tuple[str, Mapping[str, str]]] = {}

    def coded(identifier: str, label: str, codes: list[Any]) -> None:
        lists[identifier] = Codelist(id=f"CL_{identifier}", name=label, agency=agency, version="1.0", items=codes)
        concepts.append(Concept(id=identifier, name=label, dtype=DataType.STRING, codes=lists[identifier]))

    for identifier, (label, codes) in _FIXED_LISTS.items():
        coded(identifier, label, [Code(id=code, name=name) for code, name in codes.items()])
    for dimension, key in zip(cube.dimensions, keys, strict=True):
        code_id = code_ids(dimension.codes, {dimension.codes[0]: "_T"})
        columns[dimension.name] = (ids[key], code_id)
        coded(ids[key], dimension.label("en"), [_code(dimension, code, code_id) for code in dimension.codes])
    concepts.append(Concept(id="TIME_PERIOD", name="Reference period", dtype=DataType.PERIOD))
    concepts.append(Concept(id="OBS_VALUE", name=cube.title("en"), dtype=DataType.DOUBLE))
    scheme = ConceptScheme(id=f"CS_{stem}", name=cube.title("en"), agency=agency, version="1.0", items=concepts)

    def component(
        identifier: str, role: Role, dtype: DataType = DataType.STRING, level: str | None = None
    ) -> Component:
        concept = ItemReference(sdmx_type="Concept", agency=agency, id=f"CS_{stem}", version="1.0", item_id=identifier)
        return Component(
            id=identifier,
            required=role is Role.DIMENSION,
            role=role,
            concept=concept,
            local_dtype=dtype,
            local_codes=lists.get(identifier),
            attachment_level=level,
        )

    components = [component("FREQ", Role.DIMENSION)]
    components += [component(identifier, Role.DIMENSION) for identifier, _ in columns.values()]
    components += [
        component("TIME_PERIOD", Role.DIMENSION, DataType.PERIOD),
        component("OBS_VALUE", Role.MEASURE, DataType.DOUBLE),
        component("OBS_STATUS", Role.ATTRIBUTE, level="O"),
        component("CONF_STATUS", Role.ATTRIBUTE, level="O"),
    ]
    named: dict[str, Any] = {"name": cube.title("en"), "agency": agency, "version": "1.0"}
    structure = DataStructureDefinition(id=f"DSD_{stem}", components=Components(components), **named)
    flow = Dataflow(id=f"DF_{stem}", structure=structure, **named)
    agencies = AgencyScheme(agency="SDMX", items=[Agency(id=agency, name=cube.agency)])
    return [agencies, *lists.values(), scheme, structure, flow], structure.to_schema(), columns


_FIXED_LISTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "FREQ": ("Frequency", {"A": "Annual", "S": "Half-yearly", "Q": "Quarterly", "M": "Monthly"}),
    "OBS_STATUS": ("Observation status", {"A": "Normal value", "E": "Estimated value", "Q": "Suppressed value"}),
    "CONF_STATUS": ("Confidentiality", {"F": "Free", "C": "Confidential", "D": "Secondary confidentiality"}),
}


def _code(dimension: CubeDimension, code: str, ids: Mapping[str, str]) -> Any:
    from pysdmx.model import Code

    meaning = dimension.meaning(code, "en")
    note = None if ids[code] in (code, "_T") else f"In the other files of the table: {code}"
    return Code(id=ids[code], name=meaning, description=note)


def _agency_id(text: str) -> str:
    identifier = re.sub(r"[^A-Za-z0-9_\-]", "_", text).strip("_-")
    return identifier if identifier[:1].isalpha() else f"A_{identifier}"


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
