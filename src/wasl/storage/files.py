"""Content-addressed files: named by their SHA-256, written beside their place and renamed, one folder per area."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Self

from wasl.errors import InputError, NotFoundError
from wasl.service.ports import Area, StoredFile

__all__ = ["FileStore", "IncomingFile"]

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
CHUNK_BYTES = 1 << 20
INCOMING = ".incoming"


class IncomingFile:
    """A file being received: hashed as it is written, kept only when somebody says so.

    As a context manager it removes what was not kept.
    """

    def __init__(self, folder: Path, *, max_bytes: int | None = None) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self.path = folder / INCOMING / secrets.token_hex(16)
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._hasher = hashlib.sha256()
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Append bytes.

        Raises:
            InputError: More than ``max_bytes``.
            OSError: The disk is full or broken.
        """
        self._size += len(chunk)
        if self._max_bytes is not None and self._size > self._max_bytes:
            raise InputError(f"the file is larger than the {self._max_bytes:,} bytes this service takes.")
        view = memoryview(chunk)
        while view:
            view = view[self._file.write(view) :]
        self._hasher.update(chunk)

    @property
    def stored(self) -> StoredFile:
        """The digest and size of what was written so far."""
        return StoredFile("sha256:" + self._hasher.hexdigest(), self._size)

    def keep(self) -> StoredFile:
        """Flush, and move to the place the digest names; a second keep of the same bytes changes nothing."""
        os.fsync(self._file.fileno())
        self._file.close()
        stored = self.stored
        _settle(self.path, _place(self._folder, stored.digest))
        return stored


class FileStore:
    """The areas and their folders.

    Attributes:
        folders: One folder per area; roles of strong mode and separate disks are a matter of configuration.
    """

    def __init__(self, folders: Mapping[Area, Path]) -> None:
        self.folders = dict(folders)
        for folder in self.folders.values():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def receive(self, area: Area, *, max_bytes: int | None = None) -> IncomingFile:
        """A file to be written chunk by chunk."""
        return IncomingFile(self.folders[area], max_bytes=max_bytes)

    def path(self, area: Area, digest: str) -> Path:
        """Where a kept file lies.

        Raises:
            NotFoundError: There is none, or the digest is not one.
        """
        if DIGEST.fullmatch(digest) is None:
            raise NotFoundError("there is no such file.")
        place = _place(self.folders[area], digest)
        if not place.is_file():
            raise NotFoundError(f"the file {digest} is not in the area {area}.")
        return place

    def make(self, area: Area, write: Callable[[Path], None]) -> StoredFile:
        """Keep what ``write`` puts into the path it is given."""
        folder = self.folders[area]
        draft = folder / INCOMING / secrets.token_hex(16)
        draft.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            write(draft)
            hasher = hashlib.sha256()
            with draft.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    hasher.update(chunk)
                os.fsync(file.fileno())
            stored = StoredFile("sha256:" + hasher.hexdigest(), draft.stat().st_size)
            _settle(draft, _place(folder, stored.digest))
        finally:
            draft.unlink(missing_ok=True)
        return stored

    def sweep(self, known: Iterable[str], *, older_than_seconds: float = 86_400) -> int:
        """Remove what a crash left behind: half-received files, and kept ones that no record names.

        Args:
            known: Digests that records name.
            older_than_seconds: Younger files are spared: their transaction may be about to commit.

        Returns:
            How many files were removed.
        """
        named = set(known)
        limit = time.time() - older_than_seconds
        removed = 0
        for folder in self.folders.values():
            for path in folder.rglob("*"):
                if path.is_file() and path.stat().st_mtime < limit:
                    unnamed = path.parent.name == INCOMING or "sha256:" + path.name not in named
                    if unnamed:
                        path.unlink(missing_ok=True)
                        removed += 1
        return removed

    def free_bytes(self) -> int:
        """The room left on the fullest of the disks."""
        return min(shutil.disk_usage(folder).free for folder in self.folders.values())


def _place(folder: Path, digest: str) -> Path:
    name = digest.removeprefix("sha256:")
    return folder / name[:2] / name


def _settle(path: Path, place: Path) -> None:
    """Rename into place and flush the folder, so that the name survives a power cut too."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.replace(place)
    place.touch()
    for folder in (place.parent, place.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
