"""Comparing two registers of one office, as `wasl merge` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wasl.desk.merge_decisions import read_decisions
from wasl.desk.pair_review import DoubtfulPair, PairReview, key_of_files
from wasl.desk.register_work import record
from wasl.facade import merge as merge_registers
from wasl.holder.comparable import comparable_labels
from wasl.locale import Language
from wasl.registers.exchange.whole_files import whole_file, write_whole
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema
from wasl.workflow.merge import Decision

__all__ = ["MergeCase", "labels_of", "merge"]


@dataclass(slots=True)
class MergeCase:
    """Two registers on their way through the desk.

    Attributes:
        folder: Where their files lie.
        first, second: File and schema of each.
        decisions: The workbook of an earlier comparison with its decisions filled in, or None.
        review: The decisions taken at the desk, or None before the first comparison.
        counts: What was found, or None.
        rejected: Rows that could not be read, by file.
        files: Files to download.
    """

    folder: Path
    first: tuple[Path, RegisterSchema]
    second: tuple[Path, RegisterSchema]
    decisions: Path | None = None
    review: PairReview | None = None
    counts: Mapping[str, Any] | None = None
    rejected: dict[str, int] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


def merge(case: MergeCase, home: Path, report: Callable[[int, int], None], language: Language = "fr") -> None:
    """Compare the two registers; workbook, table and report are in the case.

    Raises:
        RegisterError: A file cannot be read as its schema says.
        InputError: A decision is neither ``same`` nor ``different``.
    """
    (one, left), (other, right) = case.first, case.second
    if case.review is None:
        case.review = PairReview(home, key_of_files([one, other]))
    decided = {record_pair(d): d for d in (read_decisions(case.decisions) if case.decisions is not None else [])}
    here = case.review.decisions()
    decided |= {record_pair(d): d for d in here}
    sides = (case.first, case.second)
    tables = [read_register(path, schema.for_merge(), with_dropped=True, progress=report) for path, schema in sides]
    act = merge_registers(
        tables[0], tables[1], (left, right), decisions=list(decided.values()), progress=report, language=language
    )
    for name, artifact in act.artifacts.items():
        case.files[name] = case.folder / name
        if isinstance(artifact, pa.Table):
            with whole_file(case.files[name], mode=0o600) as partial:
                pq.write_table(artifact, partial)
        else:
            write_whole(case.files[name], artifact, mode=0o600)
    record(home, act.event, subject=f"{left.register_id}, {right.register_id}")
    case.review.taken_over = len(here)
    rows = act.result.doubtful.itertuples(index=False, name=None)
    case.review.show(
        [DoubtfulPair(row[:4], row[4], values) for row, values in zip(rows, act.result.shown, strict=True)]
    )
    case.counts = act.report["merge"]
    case.rejected = {one.name: tables[0].rows_rejected, other.name: tables[1].rows_rejected}


def record_pair(decision: Decision) -> tuple[str, str, str, str]:
    """The two records that a decision is on."""
    return decision.register_a, decision.record_a, decision.register_b, decision.record_b


def labels_of(case: MergeCase, language: Language) -> dict[str, str]:
    """The label of each variable of the two registers."""
    return {**comparable_labels(case.second[1], language), **comparable_labels(case.first[1], language)}
