"""Opening what came back after a linkage, as `wasl open` does."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from wasl.audit.events import ReturnOpened
from wasl.desk.register_work import record
from wasl.errors import InputError
from wasl.holder.returned import OpenedReturn, open_return, return_workbook
from wasl.locale import Language
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.holder_return import HolderReturn
from wasl.registers.exchange.whole_files import write_whole

__all__ = ["ReturnCase", "open_case"]


@dataclass(slots=True)
class ReturnCase:
    """A return on its way through the desk.

    Attributes:
        folder: Where its files lie.
        returned, keep_map: The return, and the keep map of its delivery.
        opened: The return by own record numbers, or None.
        files: Files to download.
    """

    folder: Path
    returned: Path
    keep_map: Path
    opened: OpenedReturn | None = field(default=None, repr=False)
    files: dict[str, Path] = field(default_factory=dict)


def open_case(case: ReturnCase, home: Path, language: Language) -> None:
    """Open the return; the workbook is in the case.

    Raises:
        DeliveryError: It is no return, or was changed.
        InputError: The keep map is not readable, or belongs to another delivery.
    """
    returned = HolderReturn.read(case.returned)
    try:
        keep_map = pd.read_csv(case.keep_map, dtype=str, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{case.keep_map.name}: not a keep map.", remedy="Choose the file you kept.") from error
    case.opened = open_return(returned, keep_map)
    case.files["result.xlsx"] = case.folder / "result.xlsx"
    write_whole(case.files["result.xlsx"], return_workbook(case.opened, language), mode=0o600)
    happening = ReturnOpened(
        run=returned.run,
        return_digest=digest_table(returned.rows),
        records=case.opened.rows.num_rows,
        unknown_records=case.opened.unknown_records,
    )
    record(home, happening, project=returned.project, subject=returned.register)
