"""Separators of columns besides the usual ones: the Arabic semicolon and comma, and what programs write.

The reader of CSV takes separators of one byte only. Another one is replaced while the file is read.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
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


def opened(path: Path, encoding: str, separator: str) -> tuple[Any, str]:
    """The file for the reader of CSV and its encoding: the path, or a stream of UTF-8 with the separator replaced."""
    if separator.isascii():
        return path, encoding
    return io.BufferedReader(_Replaced(path, encoding, separator)), "utf-8"


class _Replaced(io.RawIOBase):
    """The bytes of a text file in UTF-8, one character of it replaced by `PLAIN`."""

    def __init__(self, path: Path, encoding: str, separator: str) -> None:
        self._pieces = _pieces(path, encoding, separator)
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


def _pieces(path: Path, encoding: str, separator: str) -> Iterator[bytes]:
    """The text of a file in UTF-8, piece by piece, without a byte order mark.

    Raises:
        UnicodeError: The file is not in this encoding throughout.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)()
    with path.open("rb") as stream:
        while data := stream.read(PIECE):
            yield decoder.decode(data).replace(separator, PLAIN).encode()
    yield decoder.decode(b"", final=True).replace(separator, PLAIN).encode()
