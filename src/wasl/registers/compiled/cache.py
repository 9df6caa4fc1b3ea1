"""Where compiled kernels are kept between runs, and how old ones are recognized.

numba keeps a compiled function on disk as long as the *file* of its source is the same. A function of another file
that it calls, or a constant that it takes from there, is compiled into it. After an update of wasl that changes only
the other file, the old machine code would run on, and nobody would be told. A register could be encoded by two rules
at once. So a kernel is kept here under a stamp of everything that it is made of.

*Source:* numba documentation, "Notes on caching" and ``NUMBA_CACHE_LOCATOR_CLASSES``.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numba
import numpy as np
from numba.core import caching

__all__ = ["njit", "stamp_of"]

PACKAGE = "wasl"


@cache
def _digest_of_file(path: str) -> bytes:
    return hashlib.sha256(Path(path).read_bytes()).digest()


def _names(code: CodeType) -> Iterator[str]:
    """Names that a function looks up outside itself, those of functions inside it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _function_behind(value: object) -> Callable[..., Any] | None:
    """The Python function that numba compiles for a value: of a kernel, an intrinsic or a plain function."""
    for attribute in ("py_func", "_defn"):
        found = getattr(value, attribute, None)
        if isinstance(found, FunctionType):
            return found
    return value if isinstance(value, FunctionType) else None


def _parts(function: Callable[..., Any], seen: set[Callable[..., Any]]) -> Iterator[bytes]:
    """The bytes a compiled function is made of: files of functions it calls, and values it takes from outside."""
    if function in seen:
        return
    seen.add(function)
    yield _digest_of_file(inspect.getfile(function))
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    closed = {name: cell.cell_contents for name, cell in cells}
    outside = {**function.__globals__, **closed}
    names = sorted({*_names(function.__code__), *closed})
    values = [(name, outside[name]) for name in names if name in outside]
    for module in [value for _, value in values if isinstance(value, ModuleType)]:
        if module.__name__.partition(".")[0] == PACKAGE:
            values += [(name, getattr(module, name)) for name in names if hasattr(module, name)]
    for name, value in values:
        called = _function_behind(value)
        if called is not None:
            if called.__module__.partition(".")[0] == PACKAGE:
                yield from _parts(called, seen)
        elif isinstance(value, np.ndarray):
            yield b"%s %s %s" % (name.encode(), repr((value.dtype.str, value.shape)).encode(), value.tobytes())
        elif isinstance(value, bool | int | float | str | bytes | tuple | np.generic):
            yield f"{name} {value!r}".encode()


def stamp_of(function: Callable[..., Any]) -> str:
    """A digest of everything that the machine code of a function is made of, within wasl."""
    digest = hashlib.sha256()
    for part in _parts(function, set()):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


class _Stamped:
    """A place of numba's for kept functions, for those of wasl only, under the stamp of this module."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        super().__init__(py_func, py_file)  # type: ignore[call-arg]  # a class of numba's comes after this one
        self._function = py_func

    def get_source_stamp(self) -> str:
        return stamp_of(self._function)

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        if py_func.__module__.partition(".")[0] != PACKAGE:
            return None
        return super().from_function(py_func, py_file)  # type: ignore[misc]


class FolderOfTheUser(_Stamped, caching.UserProvidedCacheLocator):
    """The folder that ``NUMBA_CACHE_DIR`` names."""


class FolderOfTheSource(_Stamped, caching.InTreeCacheLocator):
    """Beside the source, where that can be written."""


class FolderOfThePerson(_Stamped, caching.UserWideCacheLocator):
    """The folder of the person who runs the program."""


OWN = [FolderOfTheUser, FolderOfTheSource, FolderOfThePerson]
NUMBAS = [
    "UserProvidedCacheLocator",
    "InTreeCacheLocator",
    "UserWideCacheLocator",
    "IPythonCacheLocator",
    "ZipCacheLocator",
]
"""What numba itself tries, for functions that are not of wasl."""

_config: Any = numba.config
_others = _config.CACHE_LOCATOR_CLASSES or ",".join(NUMBAS)
_config.CACHE_LOCATOR_CLASSES = ",".join([*(f"{each.__module__}.{each.__name__}" for each in OWN), _others])

njit = numba.njit
"""numba's decorator, for kernels that are kept as said above."""
