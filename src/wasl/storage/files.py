"""Content-addressed files: named by their SHA-256, written beside their place and renamed, one folder per area."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from wasl.errors import InputError, NotFoundError
from wasl.service.ports import Area, StoredFile

__all__ = ["FileStore", "IncomingFile", "Sweep"]

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
CHUNK_BYTES = 1 << 20
INCOMING = ".incoming"
QUARANTINE = ".quarantine"
HALF_NAME = re.compile(r"[0-9a-f]{32}")
KEPT_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Sweep:
    """Files that a sweep set aside, restored and deleted, by digest.

    Attributes:
        quarantined: Set aside, as no record names them.
        restored: Brought back, as a record names them again.
        deleted: Deleted, as the log shows them as discarded.
    """

    quarantined: list[str]
    restored: list[str]
    deleted: list[str]


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

    def sweep(
        self, named: Iterable[str], discarded: Iterable[str] = (), *, older_than_seconds: float = 86_400
    ) -> Sweep:
        """Set aside what a crash left behind, bring back what is named again, and delete what the log discarded.

        Only files that wasl made are touched: half-received ones by their place and name, kept ones whose content has
        the digest they are named by. A file no record names goes into quarantine; nothing leaves the quarantine for
        good but what the log shows as discarded.

        Args:
            named: Digests that records name.
            discarded: Digests the log shows as discarded; one that is named all the same is kept.
            older_than_seconds: Younger files are spared: their transaction may be about to commit.
        """
        known = set(named)
        gone = set(discarded) - known
        limit = time.time() - older_than_seconds
        swept = Sweep([], [], [])
        for folder in self.folders.values():
            for path in _own_files(folder):
                digest = "sha256:" + path.name
                if path.parent.name == QUARANTINE:
                    if digest in known:
                        _settle(path, _place(folder, digest))
                        swept.restored.append(digest)
                    elif digest in gone:
                        path.unlink(missing_ok=True)
                        swept.deleted.append(digest)
                elif path.parent.name == INCOMING:
                    if path.stat().st_mtime < limit:
                        _settle(path, folder / QUARANTINE / path.name)
                elif digest in gone:
                    path.unlink(missing_ok=True)
                    swept.deleted.append(digest)
                elif digest not in known and path.stat().st_mtime < limit and _has_digest(path, digest):
                    _settle(path, folder / QUARANTINE / path.name)
                    swept.quarantined.append(digest)
        return swept

    def erase(self, area: Area, digest: str) -> None:
        """Delete a kept file, in its place and in quarantine; the caller has committed that it is discarded."""
        if DIGEST.fullmatch(digest) is not None:
            folder = self.folders[area]
            _place(folder, digest).unlink(missing_ok=True)
            (folder / QUARANTINE / digest.removeprefix("sha256:")).unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """The room left on the fullest of the disks."""
        return min(shutil.disk_usage(folder).free for folder in self.folders.values())


def _place(folder: Path, digest: str) -> Path:
    name = digest.removeprefix("sha256:")
    return folder / name[:2] / name


def _own_files(folder: Path) -> Iterator[Path]:
    """The files of an area that have the place and the name wasl gives."""
    for path in sorted(folder.glob("*/*")):
        parent, name = path.parent.name, path.name
        half = parent == INCOMING and HALF_NAME.fullmatch(name)
        kept = KEPT_NAME.fullmatch(name) and parent in (name[:2], QUARANTINE)
        if (half or kept) and path.is_file() and not path.is_symlink():
            yield path


def _has_digest(path: Path, digest: str) -> bool:
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest() == digest


def _settle(path: Path, place: Path) -> None:
    """Rename into place and flush the folder, so that the name survives a power cut too."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o600)
    path.replace(place)
    place.touch()
    for folder in (place.parent, place.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
