"""Characters that nobody sees or that stand for others: format characters, spaces, digits of other scripts."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "drop_equals",
    "drop_marks",
    "drop_quotes",
    "fold_digits",
    "repaired",
    "without_apostrophe",
    "without_equals",
    "without_marks",
]

MARKS = r"[\p{Cf}\p{Cc}\x{034F}\x{115F}\x{1160}\x{17B4}\x{17B5}\x{180B}-\x{180D}\x{FE00}-\x{FE0F}\x{FFF9}-\x{FFFD}]"
"""RE2 class: format and control characters (ZWNJ, ZWJ, LRM, BOM, soft hyphen), variation selectors, U+FFFD."""
SPACES = r"[\t\n\x{0B}\f\r\x{85}\p{Z}]+"
"""RE2 class: every kind of space, the no-break ones of spreadsheets included."""


def drop_marks(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """A column of text without format characters, every run of spaces as one; and how many cells held a mark.

    Columns of plain ASCII without control characters are returned as they are.
    """
    if pc.all(pc.string_is_ascii(column)).as_py() is not False and not _any(column, r"[\x00-\x1F\x7F]|  "):
        return column, 0
    if not _any(column, rf"{MARKS}|[\x{{85}}\x{{A0}}\x{{1680}}\x{{2000}}-\x{{200A}}\x{{202F}}\x{{205F}}\x{{3000}}]|  "):
        return column, 0
    spaced = pc.replace_substring_regex(column, SPACES, " ")
    bare = pc.replace_substring_regex(spaced, MARKS, "")
    changed = pc.sum(pc.not_equal(bare, spaced)).as_py() or 0
    return bare, int(changed)


EQUALS_QUOTES = r'^=\s*"((?s:.*))"$'
"""RE2 and Python: a text that a program wrote as a formula, so that Excel keeps its zeros: ``="00123"``."""


def drop_equals(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """A column of text without the formula around texts (``="00123"``), and how many cells had one."""
    if not pc.any(pc.starts_with(column, "=")).as_py():
        return column, 0
    bare = pc.replace_substring_regex(column, EQUALS_QUOTES, r"\1")
    return bare, int(pc.sum(pc.not_equal(bare, column)).as_py() or 0)


QUOTED = (
    r"^(?:'(?s:(.*))'|“(?s:(.*))”|«\s*(?s:(.*?))\s*»|‘(?s:(.*))’|`(?s:(.*))`|„(?s:(.*))[“”]|\"(?s:(.*))\"|'(?s:(.*)))$"
)
"""RE2: a text in quotation marks that are no separators of CSV, or after the apostrophe of spreadsheets."""
MOST = 0.9
"""Share of a column's cells that must be quoted: one name alone may begin with an apostrophe."""
TEXT_OF_DIGITS = r"^'(\+?[0-9][0-9\s./-]*)$"
"""RE2: a number that a spreadsheet keeps as text by an apostrophe."""


def drop_quotes(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """A column of text without the quotation marks around its cells, and how many cells had some.

    They are dropped where nearly all cells have them. An apostrophe before a number is dropped everywhere.
    """
    quoted = pc.match_substring_regex(column, "^['“«‘`„\"]")
    count = pc.sum(quoted).as_py() or 0
    if not count:
        return column, 0
    all_quoted = count > 1 and count >= MOST * (len(column) - column.null_count)
    pattern = QUOTED if all_quoted else TEXT_OF_DIGITS
    groups = "".join(rf"\{place}" for place in range(1, 9)) if all_quoted else r"\1"
    bare = pc.replace_substring_regex(column, pattern, groups)
    return pc.utf8_trim_whitespace(bare), int(pc.sum(pc.not_equal(bare, column)).as_py() or 0)


def without_equals(text: str) -> str:
    """One text without the formula around it."""
    found = _EQUALS_QUOTES.match(text) if text.startswith("=") else None
    return found[1].strip() if found else text


def without_apostrophe(text: str) -> str:
    """One text without the apostrophe by which a spreadsheet keeps a code as text."""
    bare = text[1:].rstrip("'") if text.startswith("'") else text
    return bare if any(map(str.isdigit, bare)) else text


def _any(column: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(column, pattern)).as_py())


def without_marks(text: str) -> str:
    """One text without format characters, every run of spaces as one, nothing around it."""
    spaced = " ".join(text.split())
    if spaced.isascii() and spaced.isprintable():
        return spaced
    bare = "".join(c for c in spaced if unicodedata.category(c) not in ("Cf", "Cc") and not _VARIATION.match(c))
    return bare if bare == spaced else " ".join(bare.split())  # a mark may have stood between two spaces


_EQUALS_QUOTES = re.compile(EQUALS_QUOTES)
_VARIATION = re.compile("[\u034f\ufe00-\ufe0f\ufffd]")


def fold_digits(text: str) -> str:
    """The digits of any script (Arabic, Persian, full-width) as ASCII digits."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if unicodedata.category(c) == "Nd" else c for c in text)


MOJIBAKE = re.compile("[ÃÂâØÙ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]")
"""A UTF-8 lead byte read as Windows-1252, followed by what a continuation byte turns into."""


def repaired(text: str) -> str:
    """A text without the damage of UTF-8 that was once read as Windows-1252."""
    if not MOJIBAKE.search(text):
        return text
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    import ftfy

    return ftfy.fix_encoding(text)
