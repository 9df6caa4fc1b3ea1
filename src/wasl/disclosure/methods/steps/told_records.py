"""Removes records whose suppressed cells a reader fills in from other columns, where a threshold then breaks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.methods.steps.apply import apply_method
from wasl.disclosure.methods.steps.step import Change
from wasl.disclosure.policy import method_documents as m
from wasl.disclosure.risk.followed_cells import FollowedCells, fill_followed
from wasl.errors import PolicyError

__all__ = ["without_told_records"]


def without_told_records(
    original: WorkingFile,
    file: WorkingFile,
    kept: NDArray[np.int64],
    rng: np.random.Generator,
    population: pa.Table | None,
) -> tuple[WorkingFile, NDArray[np.int64], FollowedCells, Change | None]:
    """The file without the records that are at risk once their suppressed cells are filled in from other columns.

    They are removed as the policy's method ``suppress_records`` removes others, within its share. A file without that
    method, or with too many such records, stays as it is, and is refused.

    Returns:
        The file, the rows of the original that it keeps, the cells that still follow, and what was done.
    """
    method = next((one for one in reversed(file.policy.methods) if isinstance(one, m.SuppressRecords)), None)
    before, follows = file.rows, fill_followed(original, file, kept)
    while method is not None and follows.cells:
        try:
            removed = original.rows - file.rows
            _, rows, _ = apply_method(follows.file, method, rng, removed=removed, population=population)
        except PolicyError:
            break
        if rows is None or len(rows) == file.rows:
            break
        file, kept = file.with_rows(pa.array(rows)), kept[rows]
        if file.rows == 0:
            break
        follows = fill_followed(original, file, kept)
    if file.rows == before:
        return file, kept, follows, None
    sentence = "Records at risk once other columns tell their suppressed values are removed."
    return file, kept, follows, Change("suppress_records", (), {}, {"rows": before - file.rows}, sentence)
