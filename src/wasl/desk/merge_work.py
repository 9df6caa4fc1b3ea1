"""Comparing two registers of one office, as `wasl merge` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wasl.desk.merge_decisions import read_decisions
from wasl.desk.register_work import record
from wasl.facade import merge as merge_registers
from wasl.registers.exchange.whole_files import whole_file, write_whole
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

__all__ = ["MergeCase", "merge"]


@dataclass(slots=True)
class MergeCase:
    """Two registers on their way through the desk.

    Attributes:
        folder: Where their files lie.
        first, second: File and schema of each.
        decisions: The workbook of an earlier comparison with its decisions filled in, or None.
        counts: What was found, or None.
        rejected: Rows that could not be read, by file.
        files: Files to download.
    """

    folder: Path
    first: tuple[Path, RegisterSchema]
    second: tuple[Path, RegisterSchema]
    decisions: Path | None = None
    counts: Mapping[str, Any] | None = None
    rejected: dict[str, int] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


def merge(case: MergeCase, home: Path, report: Callable[[int, int], None]) -> None:
    """Compare the two registers; workbook, table and report are in the case.

    Raises:
        RegisterError: A file cannot be read as its schema says.
        InputError: A decision is neither ``same`` nor ``different``.
    """
    (one, left), (other, right) = case.first, case.second
    decided = read_decisions(case.decisions) if case.decisions is not None else []
    sides = (case.first, case.second)
    tables = [read_register(path, schema, with_dropped=True, progress=report) for path, schema in sides]
    act = merge_registers(tables[0], tables[1], (left, right), decisions=decided, progress=report)
    for name, artifact in act.artifacts.items():
        case.files[name] = case.folder / name
        if isinstance(artifact, pa.Table):
            with whole_file(case.files[name], mode=0o600) as partial:
                pq.write_table(artifact, partial)
        else:
            write_whole(case.files[name], artifact, mode=0o600)
    record(home, act.event, subject=f"{left.register_id}, {right.register_id}")
    case.counts = act.report["merge"]
    case.rejected = {one.name: tables[0].rows_rejected, other.name: tables[1].rows_rejected}
