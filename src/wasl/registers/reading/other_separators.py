"""Separators of columns besides the usual ones: the Arabic semicolon and comma, and what programs write.

The reader of CSV takes separators of one byte only. Another one is replaced while the file is read.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

__all__ = ["OTHER_SEPARATORS", "PLAIN", "cut_mark", "opened"]

OTHER_SEPARATORS = ("؛", "،", "\x1f", "\x01", "§", ":", "¦", "·", "#", "/")
"""Tried where none of the usual ones makes several known columns."""
PLAIN = "\x1f"
"""The separator of units in ASCII, in place of one that is no single byte."""
PIECE = 1 << 20


def cut_mark(separator: str) -> str:
    """The separator by which the reader cuts: the same one, or `PLAIN` for one that is no single byte."""
    return separator if separator.isascii() else PLAIN


def opened(path: Path, encoding: str, separator: str, *, spaced: bool = False) -> tuple[Any, str]:
    """The file for the reader of CSV and its encoding: the path, or a stream of UTF-8 with the separator replaced.

    Args:
        path: The file.
        encoding: How it is written.
        separator: What divides its columns.
        spaced: Whether to leave out the space between separators and quotation marks.
    """
    if separator.isascii() and not spaced:
        return path, encoding
    changes = [] if separator.isascii() else [(separator, PLAIN)]
    if spaced:
        changes.append((f'{cut_mark(separator)} "', f'{cut_mark(separator)}"'))
    return io.BufferedReader(_Replaced(path, encoding, changes)), "utf-8"


class _Replaced(io.RawIOBase):
    """The bytes of a text file in UTF-8 with some texts replaced."""

    def __init__(self, path: Path, encoding: str, changes: Sequence[tuple[str, str]]) -> None:
        self._pieces = _pieces(path, encoding, changes)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _pieces(path: Path, encoding: str, changes: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    """The text of a file in UTF-8, piece by piece, without a byte order mark.

    Raises:
        UnicodeError: The file is not in this encoding throughout.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)()
    overlap = max(len(old) for old, _new in changes) - 1
    rest = ""
    with path.open("rb") as stream:
        while data := stream.read(PIECE):
            text = _changed(rest + decoder.decode(data), changes)
            cut = max(0, len(text) - overlap)
            rest = text[cut:]
            yield text[:cut].encode()
    yield _changed(rest + decoder.decode(b"", final=True), changes).encode()


def _changed(text: str, changes: Sequence[tuple[str, str]]) -> str:
    for old, new in changes:
        text = text.replace(old, new)
    return text
