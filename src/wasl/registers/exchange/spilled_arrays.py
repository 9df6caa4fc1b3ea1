"""Arrays set aside while they are not used: in memory, or in a file that no other program can open.

Encoding needs what it knows of a register pass by pass, and each pass only some of it. The rest can wait on disk. The
file has no name in any folder (``tempfile.TemporaryFile``): it is gone when the process ends, however it ends.

*Does not protect against:* whoever can read the disk itself. The file holds keyed digests and numbers of grams of the
register, which lies in clear on the same machine.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

__all__ = ["ArrayStore", "ArraysInFile", "ArraysInMemory", "SetAside", "arrays_in_file"]

SMALL = 1 << 16
"""Bytes up to which an array stays in memory."""

Item = TypeVar("Item")


class ArrayStore(Protocol):
    """Where arrays wait."""

    def put(self, values: NDArray[Any]) -> Callable[[], NDArray[Any]]:
        """Set an array aside; what is returned gives it back as often as it is called."""


class ArraysInMemory:
    """Keeps arrays as they are; see :class:`ArrayStore`."""

    def put(self, values: NDArray[Any]) -> Callable[[], NDArray[Any]]:
        """See :class:`ArrayStore`."""
        return lambda: values


class ArraysInFile:
    """Keeps arrays one behind the other in an open file; see :class:`ArrayStore`.

    Args:
        file: Open for reading and writing.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def put(self, values: NDArray[Any]) -> Callable[[], NDArray[Any]]:
        """See :class:`ArrayStore`."""
        if values.nbytes <= SMALL:
            return lambda: values
        place, kind, shape = self._file.seek(0, 2), values.dtype, values.shape
        self._file.write(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)

        def read() -> NDArray[Any]:
            found = np.empty(shape, kind)
            self._file.seek(place)
            # A short read would leave the rest of the array undefined.
            room = found.reshape(-1).view(np.uint8).data
            done = 0
            while done < len(room):
                count = cast(Any, self._file).readinto(room[done:])
                if not count:
                    raise OSError("a temporary file is shorter than what was written to it")
                done += count
            return found

        return read


@contextmanager
def arrays_in_file(folder: Path) -> Iterator[ArraysInFile]:
    """A store in a file without a name, on the disk of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        yield ArraysInFile(cast(IO[bytes], file))


class SetAside(Mapping[str, Item]):
    """Dataclasses by name whose arrays wait in a store; each look gives a dataclass with its arrays read.

    Args:
        store: Where the arrays are.
    """

    def __init__(self, store: ArrayStore) -> None:
        self._store = store
        self._items: dict[str, Callable[[], Item]] = {}

    def put(self, name: str, item: Item) -> None:
        """Set a dataclass aside, with the dataclasses in it."""
        self._items[name] = cast(Callable[[], Item], self._taken(item))

    def _taken(self, item: Any) -> Callable[[], Any]:
        waiting: dict[str, Callable[[], Any]] = {}
        for one in dataclasses.fields(item):
            value = getattr(item, one.name)
            if isinstance(value, np.ndarray):
                waiting[one.name] = self._store.put(value)
            elif dataclasses.is_dataclass(value):
                waiting[one.name] = self._taken(value)
        nothing = dataclasses.replace(item, **dict.fromkeys(waiting))
        return lambda: dataclasses.replace(nothing, **{name: read() for name, read in waiting.items()})

    def __getitem__(self, name: str) -> Item:
        return self._items[name]()

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)
