"""Documents by name, frames and warnings: the two ends of every function of the library."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

import pandas as pd
import pyarrow as pa

from wasl.errors import DataWarning

if TYPE_CHECKING:
    from typing import Self

    from wasl.registers.reading.reader import ReadingNote

__all__ = ["Frame", "as_arrow", "as_pandas", "document", "quietly", "register_notes", "tell"]

Frame: TypeAlias = "pa.Table | pd.DataFrame"


class Document(Protocol):
    """A document that can be loaded from a TOML file or by its shipped name."""

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """The document of that name or in that file."""
        ...


D = TypeVar("D", bound=Document)


def document(kind: type[D], given: D | str | Path) -> D:
    """The document itself, or the one in a file or shipped under a name.

    Raises:
        SchemaError: Names the file, the key and the reason.
    """
    return kind.load(given) if isinstance(given, str | Path) else given


def register_notes(register: str, rejected: int, invalid: int, notes: Sequence[ReadingNote]) -> list[str]:
    """Losses, assumptions and doubts about a register, in sentences without any value.

    Args:
        register: Its name.
        rejected: Rows that could not be read.
        invalid: Cells that could not be read, in rows that were.
        notes: Counts by check and column.
    """
    from wasl.holder.quality.finding_texts import CHECKS

    said = []
    if rejected or invalid:
        rows, cells = "row" if rejected == 1 else "rows", "cell" if invalid == 1 else "cells"
        said.append(f"{register}: {rejected:,} {rows} and {invalid:,} {cells} could not be read; `rejects` lists them.")
    if notes:
        listed = "; ".join(f"{note.column}: {CHECKS[note.check]['en'][0]} ({note.count:,})" for note in notes)
        said.append(f"{register}: {listed}.")
    return said


def tell(sentences: Sequence[str], *, above: int = 1) -> None:
    """Warn the caller of the library's function.

    Args:
        sentences: What to say, a warning each.
        above: How many functions of the library are above the one that calls this.
    """
    for sentence in sentences:
        warnings.warn(sentence, DataWarning, stacklevel=2 + above)


@contextmanager
def quietly() -> Iterator[None]:
    """No `DataWarning` inside: for verbs of wasl's own, which show these counts themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        yield


def as_pandas(frame: Frame) -> pd.DataFrame:
    """The frame as pandas has it."""
    return frame.to_pandas() if isinstance(frame, pa.Table) else frame


def as_arrow(frame: Frame) -> pa.Table:
    """The frame as Arrow has it, without the index."""
    return frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
