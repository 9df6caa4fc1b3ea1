"""Columns that the user chose for a kind of register, kept for the next file: headings only, in the user's own folder.

A heading is kept only after the file was read under it, so a row of persons that stands in place of a header is not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from wasl.registers.exchange.whole_files import write_whole

__all__ = ["FILE", "recall", "remember"]

FILE = "desk-columns.json"
"""Name of the file in the home folder. Deleting it forgets all columns."""

LONGEST_HEADING = 200


def recall(home: Path, register: str) -> dict[str, str]:
    """The heading chosen for each column of a kind of register; empty where nothing is kept, or the file is damaged."""
    found = _read(home).get(register, {})
    return {column: heading for column, heading in found.items() if isinstance(heading, str)}


def remember(home: Path, register: str, chosen: Mapping[str, str]) -> None:
    """Keep headings beside those kept before; a newer one replaces the older of its column."""
    fitting = {column: heading for column, heading in chosen.items() if len(heading) <= LONGEST_HEADING}
    if not fitting:
        return
    kept = _read(home)
    kept[register] = {**recall(home, register), **fitting}
    write_whole(home / FILE, json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True).encode(), mode=0o600)


def _read(home: Path) -> dict[str, dict[str, str]]:
    try:
        value = json.loads((home / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {name: one for name, one in value.items() if isinstance(one, dict)} if isinstance(value, dict) else {}
