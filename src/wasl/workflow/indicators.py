"""The act that makes the indicators of a period: tables protected together, their index, and regional profiles."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.audit.events import TablesProtected
from wasl.errors import InputError
from wasl.publication.regional_profile import profile_pages
from wasl.publication.table_formats.ilostat import ilostat_bytes
from wasl.registers.codes.classification import CodeList
from wasl.registers.exchange.plain_json import json_bytes
from wasl.registers.reading.reference_periods import required_period
from wasl.tables.earlier import EarlierTable
from wasl.tables.earlier_file import EarlierFile
from wasl.tables.protect import ProtectedTables
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import Act, Artifact, RunOptions
from wasl.workflow.indicator_notes import indicator_notes, withheld
from wasl.workflow.tabulate import cube_of, tabulate

__all__ = ["for_period", "indicators", "with_derived_columns"]

PROFILE_TABLES = ("sex-by-province", "region-by-age", "region-by-activity")
"""Tables a regional profile draws from, by name."""


def indicators(
    spec: TablesSpec,
    data: pa.Table,
    hierarchies: Mapping[str, pa.Table],
    options: RunOptions,
    *,
    period: str,
    earlier: Sequence[EarlierTable | EarlierFile] = (),
    secret: bytes = b"",
    stop: Callable[[], bool] | None = None,
) -> Act[ProtectedTables, TablesProtected]:
    """Make the tables of a set for a period, protected together.

    Args:
        spec: The set.
        data: Linked microdata, one row a person. Ages, regions and returns are derived where their columns are missing.
        hierarchies: The levels of each hierarchy file named.
        options: As for `tabulate`.
        period: Reference period, in SDMX notation or as people write it.
        earlier: Tables and microdata files published before.
        secret: Secret of the record keys (cell-key method).
        stop: Asked now and then whether to end with the best answer so far.

    Returns:
        The artifacts of `tabulate`, ``indicators.json`` (the index, public), and ``TABLE.ilostat.csv`` of each table
        whose classes ILOSTAT has. Where the set has the tables for it, also ``profile-REGION.LANGUAGE.html``.
        ``left_out`` of the report names tables whose columns the data lack.

    Raises:
        InputError: The period is none, or the data have the columns of none of the tables or do not fit the
            specification.
        ThresholdError: An unsafe cell cannot be protected, or is public already.
        AuthorizationError: The authorization in the options does not cover the variables of the tables.
    """
    period = required_period(period)
    complete = with_derived_columns(data, period)
    wanted = for_period(spec, complete.column_names, period)
    made = tabulate(
        wanted, [complete], hierarchies, options, earlier=earlier, secret=secret, stop=stop, act="indicators"
    )
    names = {table.name for table in wanted.tables}
    left_out = [table.name for table in spec.tables if table.name not in names]
    index = []
    exchange: dict[str, Artifact] = {}
    for table in made.result.tables:
        hidden, cells = withheld(table)
        classed = ilostat_bytes(cube_of(table), table.spec.ilo) if table.spec.ilo else None
        if classed is not None:
            exchange[f"{table.spec.name}.ilostat.csv"] = classed[0]
        index.append(
            {
                "name": table.spec.name,
                "title": {"en": table.spec.title, "fr": table.spec.title_fr, "ar": table.spec.title_ar},
                "ilo": table.spec.ilo,
                "ilostat_file": f"{table.spec.name}.ilostat.csv" if classed is not None else "",
                "cells_without_ilostat_class": 0 if classed is None else classed[1],
                "concept": table.spec.concept,
                "source": table.spec.source,
                "reference_period": period,
                "residence": table.spec.residence,
                "cells": cells,
                "confidential": hidden,
                "notes": indicator_notes(table),
            }
        )
    cubes = {table.spec.name: cube_of(table) for table in made.result.tables if table.spec.name in PROFILE_TABLES}
    artifacts: dict[str, Artifact] = {
        **made.artifacts,
        **exchange,
        "indicators.json": json_bytes({"set": spec.name, "period": period, "tables": index, "left_out": left_out}),
        **profile_pages(cubes),
    }
    return dataclasses.replace(made, artifacts=artifacts, report={**made.report, "left_out": left_out})


def for_period(spec: TablesSpec, columns: Sequence[str], period: str) -> TablesSpec:
    """The specification for a period, without the tables whose columns the data lack.

    Raises:
        InputError: No table is left.
    """
    known = [table for table in spec.tables if {dimension.source for dimension in table.dimensions} <= set(columns)]
    if not known:
        needed = {dimension.source for table in spec.tables for dimension in table.dimensions}
        raise InputError(
            f"the data have the columns of none of the tables of {spec.name!r}: of {', '.join(sorted(needed))} "
            f"they have {', '.join(sorted(needed & set(columns))) or '–'}; their columns are {', '.join(columns)}.",
            remedy="Rename the columns, give the microdata of this set, or name another set with --spec.",
        )
    tables = [table.model_copy(update={"period": period}).model_dump(mode="json") for table in known]
    return TablesSpec.model_validate({"name": spec.name, "tables": tables})


def with_derived_columns(data: pa.Table, period: str) -> pa.Table:
    """The data with ``age``, ``region`` and ``has_returned`` where they lack them and have what they follow from.

    Flags become the codes ``1`` and ``0``. Age is the one reached in the year of the period (its first year, where it
    has several).
    """
    for place, column in enumerate(data.schema):
        if pa.types.is_boolean(column.type):
            data = data.set_column(place, column.name, data.column(place).cast(pa.int8()).cast(pa.string()))
    names = set(data.column_names)
    if "age" not in names and "birth_year" in names:
        born = data.column("birth_year")
        if not (pa.types.is_integer(born.type) or pa.types.is_floating(born.type)):
            texts = born.cast(pa.string())
            born = pc.if_else(pc.match_substring_regex(texts, r"^\d{4}$"), texts, None)
        age = pc.subtract(int(period[:4]), born.cast(pa.int64()))
        data = data.append_column("age", pc.if_else(pc.greater_equal(age, 0), age, None))
    if "region" not in names and "province" in names:
        entries = CodeList.load("province").entries
        coded = data.column("province").cast(pa.string()).combine_chunks().dictionary_encode()
        coded = coded if isinstance(coded, pa.DictionaryArray) else coded.combine_chunks()
        parents = [entries[code].parent if code in entries else None for code in coded.dictionary.to_pylist()]
        data = data.append_column("region", pa.array(parents, pa.string()).take(coded.indices))
    if "has_returned" not in names and "return_date" in names:
        returned = pc.is_valid(data.column("return_date")).to_numpy()
        data = data.append_column("has_returned", pa.array(np.where(returned, "1", "0")))
    return data
