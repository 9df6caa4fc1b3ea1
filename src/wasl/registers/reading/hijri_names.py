# ruff: noqa: E501 (tables of words)
"""The names of the Hijri months, in Arabic script and as French and English write them."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["hijri_month"]

ARABIC: tuple[tuple[str, int], ...] = (
    ("ربيع الاول", 3), ("ربيع الأول", 3), ("ربيع الثاني", 4), ("ربيع الآخر", 4), ("ربيع الاخر", 4),
    ("جمادى الأولى", 5), ("جمادى الاولى", 5), ("جمادي الاولي", 5), ("جمادى الثانية", 6), ("جمادى الآخرة", 6),
    ("جمادى الاخرة", 6), ("جمادي الثانية", 6), ("ذو القعدة", 11), ("ذي القعدة", 11), ("ذو الحجة", 12),
    ("ذي الحجة", 12), ("محرم", 1), ("صفر", 2), ("رجب", 7), ("شعبان", 8), ("رمضان", 9), ("شوال", 10),
)  # fmt: skip
"""Names of two words before their first word alone."""
ARTICLE = r" ?(?:[aeou]{1,2}(?:l|th?|dh?|sh?|z)? ?|l ?)?"
FIRST = rf"(?:{ARTICLE}(?:aw+[ae]l|aou+[ae]l|(?:ou?|u)la)h?| (?:1|i))"
SECOND = rf"(?:{ARTICLE}(?:th?an[iy]+a?h?|akh[ie]ra?h?|akhar)| (?:2|ii))"
LATIN: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(rf"(?<![^\W\d_]){name}(?![^\W_])"), month)
    for name, month in (
        (r"m[ou]+h+ar+[ae]m", 1), (r"s[ae]f[ae]r", 2), (rf"rab[ie]+a?(?: ?u)?{FIRST}", 3), (rf"rab[ie]+a?(?: ?u)?{SECOND}", 4),
        (rf"d?j[ou]+mad[ae]h?{FIRST}", 5), (rf"d?j[ou]+mad[ae]h?{SECOND}", 6), (r"r[ae](?:j|dj|g)[ae]b", 7),
        (r"(?:sh|ch)[ae]? ?[ae]?b[ae]+ne?", 8), (r"ram[ae]dh?[ae]+ne?", 9), (r"(?:sh|ch)a(?:w+|ou|wou)[ae]+l", 10),
        (rf"(?:dh?|z)[ou]+{ARTICLE}(?:[qgk]u?[aei]|[qk]i|ki) ?[ae]?d[ae]h?", 11),
        (rf"(?:dh?|z)[ou]+{ARTICLE}h[ie](?:j+|dj+)[aei]h?", 12),
    )
)  # fmt: skip
"""Letters, digits and single spaces: apostrophes and hyphens are spaces."""


def hijri_month(text: str) -> tuple[str, int]:
    """A lower-case date without the name of a Hijri month, and the month's number; the text as it is, and 0, without one."""
    for name, number in ARABIC:
        if name in text:
            return text.replace(name, " ", 1), number
    flat = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    spaced = " ".join(re.sub(r"['’‘`ʼʿʾ\-_]", " ", flat).split())
    for pattern, number in LATIN:
        if pattern.search(spaced):
            return pattern.sub(" ", spaced, count=1), number
    return text, 0
