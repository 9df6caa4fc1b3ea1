"""The folder in which the desk works: readable by its owner only, emptied at the end and before the next start."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from pathlib import Path

from starlette.datastructures import UploadFile

from wasl.errors import InputError

__all__ = ["Workspace"]

CHUNK_BYTES = 1 << 20
MOST_BYTES = 2 << 30
"""Largest form that the desk takes in: about ten million rows. `wasl check` and `wasl encode` take more."""
SPARE_BYTES = 200 << 20
"""Room that is left on the disk."""
PLAIN_NAME = re.compile(r"[^\w. -]", re.UNICODE)


class Workspace:
    """A folder of its own for each case.

    Attributes:
        folder: Where it lies.
        most_bytes: Largest form that is taken in.
    """

    def __init__(self, home: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = home / "desk"
        self.most_bytes = most_bytes
        self.clear()
        self.folder.mkdir(mode=0o700, parents=True)

    def clear(self) -> None:
        """Delete everything, also what a crash left behind."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_case(self) -> Path:
        """An empty folder."""
        case = self.folder / secrets.token_hex(8)
        case.mkdir(mode=0o700)
        return case

    def remove(self, case: Path) -> None:
        """Delete the folder of a case."""
        shutil.rmtree(case, ignore_errors=True)

    def require_room(self, size: int) -> None:
        """Refuse files before they are taken in.

        Args:
            size: Bytes of the form that holds them.

        Raises:
            InputError: They are larger than the limit, or than the room on the disk.
        """
        if size > self.most_bytes:
            raise InputError(
                f"the files are too large for the desk: {_megabytes(size)} MB; the limit is "
                f"{_megabytes(self.most_bytes)} MB.",
                remedy="Split the file, or use the commands `wasl check` and `wasl encode`, which have no such limit.",
            )
        free = shutil.disk_usage(self.folder).free
        if size + SPARE_BYTES > free:
            raise InputError(
                f"there is no room on the disk for the files: {_megabytes(size)} MB; {_megabytes(free)} MB are free.",
                remedy="Make room, then send the form again.",
            )

    async def save(self, case: Path, sent: object, what: str) -> Path:
        """Keep a file that a form sent, under its own name.

        Raises:
            InputError: No file was chosen.
        """
        if not isinstance(sent, UploadFile) or not sent.filename:
            raise InputError(f"no file was chosen: {what}.", remedy="Choose a file and send the form again.")
        name = PLAIN_NAME.sub("_", Path(sent.filename.replace("\\", "/")).name).strip(". ") or "file"
        path = case / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            while data := await sent.read(CHUNK_BYTES):
                file.write(data)
        return path


def _megabytes(size: int) -> int:
    return -(-size // 1_000_000)
