"""Finds the encoding of a text file from its bytes; a doubtful file is refused.

UTF-8 and UTF-16 are recognized by their form. Otherwise the words with bytes above 127 are read in each
candidate encoding. A reading is good where these words look like words: letters of one script, capitals in the right
places, accents of French, Spanish, Portuguese, German and Turkish names. Windows-1252 and Windows-1256 (Arabic)
share the bytes of é, è, ê, ç, à, so it is the other letters that tell them apart.
"""

from __future__ import annotations

import codecs
import io
import random
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import BinaryIO

from wasl.errors import RegisterError

__all__ = ["detect_encoding", "encoding_of", "known_encoding"]

BLOCK_BYTES = 8 << 20
USUAL = ("cp1252", "cp1256", "iso8859-6", "cp1254")
OLD = ("cp850", "mac_roman")
"""Asked only where none of the usual ones reads well: a word or two may look right in them by chance."""
CANDIDATES = USUAL + OLD
NAMES = {
    "cp1252": "Windows-1252",
    "cp1256": "Windows-1256",
    "iso8859-6": "ISO 8859-6",
    "cp850": "DOS 850",
    "mac_roman": "Mac Roman",
    "cp1254": "Windows-1254",
}
ENOUGH_WORDS = 20_000
SHORTEST_UTF16 = 4
"""Letters below which zero bytes are no evidence of UTF-16."""
MOSTLY = 3
"""A file of which so many times more lines are UTF-8 than are not is UTF-8 with damage. Text in another encoding is
hardly ever valid UTF-8."""
STRAY_ZEROS = 0.5
"""Share of zero bytes up to which a file is text padded with zeros, if it has no other control bytes."""
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x19\x1b-\x1f]{2}")
GOOD = 0.85
"""Share of good words from which a reading is believed. Damaged cells are rarer than this in any register seen."""
TOLERABLE = 0.5
"""The share that is enough where no other encoding comes near: signs and broken cells read badly in all of them."""
MARGIN = 0.05
"""A reading must be better than the others by this share of words."""
CLEAR = 0.5
"""Of the words that two encodings read differently, the share by which one must be better to be believed."""
ACCENTED = frozenset("ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆÁÍÓÚÑÃÕÅØßàâäçéèêëîïôöùûüÿœæáíóúñãõåøìòĞİŞğışªº")
RARE = frozenset(["Å", "å", "Ø", "ø", "ª", "º", "Ÿ", "ß", "ì", "ò", "Æ", "æ", "ı", "ş", "ğ"])
WORD = re.compile(rb"(?<![A-Za-z\x80-\xff'\-])[A-Za-z'\-]*+[\x80-\xff][A-Za-z\x80-\xff'\-]*+")


def known_encoding(name: str, where: str) -> str:
    """The codec of an encoding's name.

    Raises:
        RegisterError: There is none.
    """
    try:
        found = codecs.lookup(name).name
    except LookupError:
        raise RegisterError(
            f"{where}: no encoding is called {name!r}.", remedy="For example utf-8, windows-1252, windows-1256."
        ) from None
    return {"utf-8-sig": "utf-8"}.get(found, found)


def detect_encoding(path: Path) -> str:
    """The encoding of a text file.

    Raises:
        RegisterError: None fits, several fit equally well (both readings are shown by their letters), or the file is
            binary.
    """
    with path.open("rb") as stream:
        return _detect(stream, str(path))


def encoding_of(data: bytes, where: str) -> str:
    """The encoding of a text in memory; ``where`` names its origin in messages.

    Raises:
        RegisterError: As for :func:`detect_encoding`.
    """
    return _detect(io.BytesIO(data), where)


def _detect(stream: BinaryIO, where: str) -> str:
    head = stream.read(65536)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):  # begins as UTF-16 does
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        without_mark = _utf16_without_mark(head)
        if without_mark:
            return without_mark
        stray = head.rstrip(b"\0").count(b"\0") <= STRAY_ZEROS * len(head)
        if not stray or _CONTROL.search(head):
            raise RegisterError(
                f"{where}: not a text file (it holds zero bytes).", remedy="Export the register as CSV in UTF-8."
            )
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := stream.read(BLOCK_BYTES):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        _refuse_mixture(stream, where)
    else:
        return "utf-8"
    stream.seek(0)
    words: Counter[bytes] = Counter()
    while block := stream.read(BLOCK_BYTES):
        words.update(WORD.findall(block))
        if len(words) > ENOUGH_WORDS:
            break
    return _best(where, words)


def _refuse_mixture(stream: BinaryIO, where: str) -> None:
    """Refuse a file that is UTF-8 but for few lines: two exports were joined, or bytes are damaged.

    Raises:
        RegisterError: Names the first line that is not UTF-8.
    """
    stream.seek(0)
    good = bad = first = 0
    for number, line in enumerate(stream, start=1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            good += 1
        except UnicodeDecodeError:
            bad += 1
            first = first or number
        if good + bad >= ENOUGH_WORDS:
            break
    if good > MOSTLY * bad:
        raise RegisterError(
            f"{where}: is UTF-8, but {bad} of its lines with accents are not; the first is line {first}.",
            remedy="Were two exports in different encodings joined? Export all of it as UTF-8, or state --encoding.",
        )


def _utf16_without_mark(head: bytes) -> str:
    """UTF-16 by its zero bytes, which stand at every other place; empty where it is not."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half < SHORTEST_UTF16:
        return ""
    if odd > 0.4 * half and even < 0.02 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.02 * half:
        return "utf-16-be"
    return ""


def _best(where: str, words: Counter[bytes]) -> str:
    chosen = words.most_common()
    if len(chosen) > ENOUGH_WORDS:
        chosen = random.Random(0).sample(chosen, ENOUGH_WORDS // 2)  # noqa: S311 (a sample, nothing secret)
    scores = {encoding: _score(chosen, encoding) for encoding in USUAL}
    if max(scores.values()) < TOLERABLE:
        scores |= {encoding: score for encoding in OLD if (score := _score(chosen, encoding)) >= GOOD}
    ranked = sorted(scores, key=lambda encoding: (-scores[encoding], CANDIDATES.index(encoding)))
    first = ranked[0]
    rivals = [
        encoding
        for encoding in ranked[1:]
        if scores[first] - scores[encoding] < MARGIN
        and {first, encoding} != {"cp1252", "cp1254"}
        and not _settled(chosen, first, encoding)
    ]
    readings = _readings(chosen, [first, *(rivals or ranked[1:])])
    remedy = (
        "Export the register as CSV in UTF-8, or name the encoding (--encoding, or `encoding` in the schema's [file])."
    )
    if scores[first] < (GOOD if rivals else TOLERABLE):
        raise RegisterError(
            f"{where}: neither UTF-8 nor Windows-1252 text, nor surely any other. {readings}", remedy=remedy
        )
    if rivals:
        raise RegisterError(f"{where}: the encoding is in doubt. {readings}", remedy=remedy)
    return first


def _settled(words: list[tuple[bytes, int]], first: str, other: str) -> bool:
    """Whether words that two encodings read differently decide for the first; so do none at all.

    Words that both read in the same way say nothing, however many they are. *é* and *ç* are the same bytes in
    Windows-1252 and Windows-1256. *Âge* in a heading may be the only word that tells them apart.
    """
    telling = [(word, count) for word, count in words if _decoded(word, first) != _decoded(word, other)]
    if not telling:
        return True
    own = _score(telling, first)
    return own >= GOOD and own - _score(telling, other) >= CLEAR


def _decoded(word: bytes, encoding: str) -> str:
    return word.decode(encoding, errors="replace")


def _score(words: list[tuple[bytes, int]], encoding: str) -> float:
    """The share of words that read well in an encoding, each distinct word weighted by the root of its frequency."""
    total = good = 0.0
    for word, count in words:
        weight = count**0.5
        total += weight
        good += weight * _looks_right(word.strip(b"'-"), encoding)
    return good / total if total else 1.0


def _looks_right(word: bytes, encoding: str) -> float:
    text = _decoded(word, encoding)
    if "�" in text:
        return 0.0
    bare = [c for c in text if c not in "'-’‘´`"]
    arabic = sum("ARABIC" in unicodedata.name(c, "") or c in "\u200c\u200d\u200e\u200f" for c in bare)
    if arabic:
        if arabic < len(bare):
            return 0.0
        if arabic == 1:
            return 0.3  # one letter alone is no word
        inner = text[:-1]
        return 0.0 if "ة" in inner or "ى" in inner or set(text) & set("ٹڈڑںھہےپژ،؛؟÷×") else 1.0
    if not all(c.isascii() or c in ACCENTED for c in bare):
        return 0.5 if all(c in "°«»–—…€№ ²" or c.isascii() or c in ACCENTED for c in bare) else 0.0
    letters = [c for c in bare if c.isalpha()]
    capitals = sum(c.isupper() for c in letters)
    if capitals not in (0, len(letters)) and not (capitals <= 2 and letters[0].isupper()):
        return 0.0
    foreign = [c for c in letters if not c.isascii()]
    if len(foreign) > 1 and len(foreign) == len(letters):
        return 0.0  # no word of these languages has accented letters only
    return 0.6 if any(c in RARE for c in foreign) else 1.0


def _readings(words: list[tuple[bytes, int]], ranked: list[str]) -> str:
    """The letters of the two best readings; no word of the file is shown."""
    shown = []
    for encoding in ranked[:2]:
        letters = Counter(c for word, count in words for c in _decoded(word, encoding) if not c.isascii())
        shown.append(f"as {NAMES[encoding]} the file has the letters {' '.join(c for c, _ in letters.most_common(12))}")
    return f"Read {'; '.join(shown)}."
