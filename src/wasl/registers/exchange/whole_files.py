"""Files written whole or not at all: beside their place first, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["whole_file", "write_whole"]


@contextmanager
def whole_file(path: Path, *, mode: int = 0o644) -> Iterator[Path]:
    """A place beside ``path`` to write to; it becomes ``path`` when the block ends well, and is removed when not.

    Args:
        path: The file that is meant; its folder is made when missing.
        mode: Who may read it, from the first byte on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes | str, *, mode: int = 0o644) -> None:
    """Write bytes, or text as UTF-8, whole or not at all."""
    with whole_file(path, mode=mode) as partial:
        partial.write_bytes(data.encode() if isinstance(data, str) else data)
