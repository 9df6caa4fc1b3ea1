"""Standard codes for what registers write in words: countries and demonyms, provinces, activities, occupations.

A code list is a CSV file under ``config/classifications``: a first comment line with title and version, then
``code,label,label_fr,parent,spellings`` with spellings separated by ``|``. A spelling found under several codes is
ambiguous ("congolais") and stands for all of them. Arabic labels lie beside, in ``config/classifications/arabic``: they
are no part of the list's digest. A cell with an Arabic label means its code where no spelling says otherwise.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import SchemaError
from wasl.registers.codes.country_words import of_country
from wasl.registers.documents import config_dir
from wasl.registers.exchange.digests import digest_json
from wasl.registers.reading.cells import map_distinct
from wasl.registers.reading.marks import fold_digits, without_marks
from wasl.registers.schema import CodeSpellings, RegisterSchema

__all__ = ["CodeEntry", "CodeList", "Harmonized", "code_list", "harmonize", "spelling_key"]


SAID_BESIDE = frozenset(
    """
    NATIONALITE NATIONALITY NACIONALIDAD SEXE SEX SEXO GENRE CITOYEN CITOYENNE CITIZEN CITIZENSHIP RESSORTISSANT
    RESSORTISSANTE ORIGINE PAYS COUNTRY CODE DE D الجنسيه جنسيه الجنس جنس
    """.split()  # noqa: SIM905
)
"""Words beside a code that do not change it."""
COUNTRIES = "nationality"
"""The list whose spellings are also known in another order of words, abbreviated and inflected."""
BESIDE = {"sex": (("H", "HOMBRE", "HOMBRES"), "M", "F")}
"""Of a list: spellings, a letter that stands beside one of them, and the code of this letter in a column that says it
in no other way. *H* and *M* without a word for women are *hombre* and *mujer*. Read as *homme* and *masculin*, all
persons would be men."""
NUMBERED = re.compile(r"0*(\d)(?: 0+)?")
"""A spelling key that is a number of one digit. A column of 0 and 1 says whether a person is a woman, or a man: nobody
knows which. Only a column with 1 and 2 has the numbers of ISO/IEC 5218."""
SEPARATORS = re.compile(r"(?<!\s)\s+[-–—]\s*|[-–—]\s+|[/|:=;()\[\]]|(?<=\d)\s*[-.]\s*(?=[^\W\d])")
BRACKETS = re.compile(r"\([^()]*\)?")
SEVERAL = re.compile(r"[/;,+&|]|\b(?:et|and|ou|or)\b|\sو", re.IGNORECASE)
"""Marks and words between several things in one cell."""
NOT_ALPHANUMERIC = re.compile(r"[^A-Z0-9]+")
DECIMAL_ZEROS = re.compile(r"[.,]0+$")
LONGEST_SHORT = 4
"""Digits of the numbers that ``N*4`` begins."""
CODE_OF_DIGITS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


LETTERS = str.maketrans(
    {"Œ": "OE", "Æ": "AE", "Đ": "D", "Ð": "D", "Ø": "O", "Ł": "L", "ẞ": "SS", "İ": "I", "'": " ", "أ": "ا", "إ": "ا",
     "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ـ": None}
)  # fmt: skip
"""Letters that decomposition leaves alone, and the letters of Arabic that spellings confuse."""


def spelling_key(text: str) -> str:
    """A value without case, accents, marks and punctuation: how spellings are matched."""
    if text.isascii():
        return " ".join(NOT_ALPHANUMERIC.sub(" ", text.upper()).split())
    upper = fold_digits(without_marks(text)).upper().translate(LETTERS)
    flat = unicodedata.normalize("NFKD", upper)
    bare = "".join(c if c.isalnum() else " " for c in flat if not unicodedata.combining(c))
    return " ".join(bare.replace("ٔ", "").split())


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One code, its labels and its parent in the hierarchy (or empty)."""

    code: str
    label: str
    label_fr: str
    parent: str
    label_ar: str = ""


@dataclass(frozen=True, slots=True)
class CodeList:
    """A classification.

    Attributes:
        name, title: What it is; the title carries version and source.
        entries: By code, in the order of the file.
        spellings: Codes by spelling key.
        digest: Of its content.
    """

    name: str
    title: str
    entries: dict[str, CodeEntry] = field(repr=False)
    spellings: dict[str, tuple[str, ...]] = field(repr=False)
    digest: str = ""

    @classmethod
    def load(cls, name: str) -> CodeList:
        """The shipped code list of that name.

        Raises:
            SchemaError: There is none, or it does not hold together.
        """
        return _load(name)

    def told_by(self, cells: Iterable[str | None]) -> CodeList:
        """The list as one column means it: the letters beside a letter can decide what it means.

        A schema's own list means what it says.

        Args:
            cells: The distinct cells of the column.
        """
        if self.name not in BESIDE or self.digest != CodeList.load(self.name).digest:
            return self
        beside, letter, code = BESIDE[self.name]
        keys = {spelling_key(cell) for cell in cells if cell}
        numbers = {found[1] for key in keys if (found := NUMBERED.fullmatch(key)) is not None}
        if self.name == "sex" and numbers == {"0", "1"}:
            both = tuple(self.entries)
            return replace(self, spellings={**self.spellings, **dict.fromkeys(("0", "1", "00", "01"), both)})
        if letter not in keys or not keys.intersection(beside) or any(self.codes(key) == (code,) for key in keys):
            return self
        return replace(self, spellings={**self.spellings, letter: (code,)})

    def codes(self, text: str) -> tuple[str, ...]:
        """The codes a spelling may mean; empty when it is unknown."""
        found = self.spellings.get(text) or self.spellings.get(spelling_key(text), ())
        found = found or (of_country(spelling_key(text), self.digest, self.spellings) if self.name == COUNTRIES else ())
        if not found and "(" in text:  # Sénégalais(e), Guinée (République de)
            found = self.spellings.get(spelling_key(BRACKETS.sub(" ", text)), ())
            for inside in BRACKETS.findall(text):  # congolaise (RDC): what both may mean
                other = self.spellings.get(spelling_key(inside), ())
                found = tuple(code for code in found if code in other) if other else found
        return found or self._by_prefix(text) or self._in_other_words(text) or self._by_some_words(text)

    def _in_other_words(self, text: str) -> tuple[str, ...]:
        """The codes of a cell that says more: ``SN - Sénégal``, ``Nationalité malienne``, ``C.I.``, ``1.0``.

        Every part must mean the same: ``H/F`` and ``FR/MA`` stay unknown.
        """
        key = spelling_key(text)
        bare = " ".join(word for word in key.split() if word not in SAID_BESIDE) if " " in key else key
        if bare != key and bare:
            return self.spellings.get(bare, ())
        if re.fullmatch(r"\d+[.,]0+", text.strip()):
            return self.spellings.get(re.split("[.,]", text.strip())[0], ())
        joined = self.spellings.get(key.replace(" ", ""), ()) if re.fullmatch(r"\w( \w)+", key) else ()
        if joined:
            return joined
        parts = [part for part in SEPARATORS.split(text) if spelling_key(part)]
        if len(parts) < 2:
            return ()
        meant = {self.spellings.get(spelling_key(part), ()) for part in parts}
        return meant.pop() if len(meant) == 1 else ()

    def _by_prefix(self, text: str) -> tuple[str, ...]:
        """The code whose numeric spelling ``NN*`` starts a longer numeric code (NMA classes to sections).

        ``N*4`` starts numbers of four digits at most: an occupation of five digits is none of ISCO.
        """
        plain = fold_digits(text).strip()
        digits, whole = plain.replace(".", ""), DECIMAL_ZEROS.sub("", plain)
        for length in (3, 2, 1):
            found = self.spellings.get(f"{digits[:length]}*") if digits.isdigit() else None
            if found and len(digits) >= length:
                return found
        short = whole.isdigit() and len(whole) <= LONGEST_SHORT
        return self.spellings.get(f"{whole[:1]}*{LONGEST_SHORT}", ()) if short else ()

    def _by_some_words(self, text: str) -> tuple[str, ...]:
        """The code of a cell with more words than its spelling; unknown where a further part means another code.

        *Ingénieur études et développement* is an engineer, *ingénieur et commerçant* is unknown.
        """
        parts = [part for part in SEVERAL.split(text) if spelling_key(part)]
        found = self._of_phrase(parts[0]) if parts else ()
        return found if found and all(self.codes(part) in ((), found) for part in parts[1:]) else ()

    def _of_phrase(self, text: str) -> tuple[str, ...]:
        """The code of the longest spelling ``WORDS *`` that the text begins with, or ``* WORDS`` that it ends with.

        *Ingénieur en génie civil* is an engineer. Longer spellings come first: a *technicien de surface* is none of
        the technicians.
        """
        words = spelling_key(text).split()
        for count in range(len(words) - 1, 0, -1):
            for key in (f"{' '.join(words[:count])} *", f"* {' '.join(words[-count:])}"):
                if found := self.spellings.get(key):
                    return found
        return ()

    def comparable(self, text: str) -> str | None:
        """One code under which spellings that registers confuse meet, for linkage.

        None when unknown, and where the codes it may mean meet under no common one.
        """
        parents = {self.entries[code].parent or code for code in self.codes(text)}
        return parents.pop() if len(parents) == 1 else None


@lru_cache(maxsize=64)
def _load(name: str) -> CodeList:
    path = config_dir() / "classifications" / f"{name}.csv"
    if not path.is_file():
        shipped = ", ".join(sorted(p.stem for p in path.parent.glob("*.csv")))
        raise SchemaError(f"no classification {name!r}.", remedy=f"Shipped: {shipped}.")
    lines = path.read_text(encoding="utf-8").splitlines()
    title = lines[0].lstrip("# ") if lines and lines[0].startswith("#") else name
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return _from_rows(name, title, str(path), rows, _arabic_rows(path.parent / "arabic" / path.name))


def _arabic_rows(path: Path) -> dict[str, tuple[str, ...]]:
    """Arabic label by code, and after it other Arabic spellings; empty where the list has none."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {row["code"]: (row["label_ar"], *filter(None, (row.get("spellings") or "").split("|"))) for row in rows}


def _from_rows(
    name: str, title: str, where: str, rows: list[dict[str, str]], arabic: Mapping[str, tuple[str, ...]] | None = None
) -> CodeList:
    entries: dict[str, CodeEntry] = {}
    spellings: dict[str, list[str]] = {}
    for row in rows:
        if row["code"] in entries:
            raise SchemaError(f"{where}: code {row['code']!r} is there twice.")
        label_ar = (arabic or {}).get(row["code"], ("",))[0]
        entries[row["code"]] = CodeEntry(row["code"], row["label"], row["label_fr"], row["parent"], label_ar)
        own = [row["code"], row["label"], row["label_fr"], *filter(None, row["spellings"].split("|"))]
        for spelling in dict.fromkeys(_matched(s) for s in own if s):
            spellings.setdefault(spelling, []).append(row["code"])
    # A code written out is never ambiguous, whatever else is spelled like it.
    final = {spelling: tuple(codes) for spelling, codes in spellings.items()}
    final |= {spelling_key(code): (code,) for code in entries}
    labels: dict[str, list[str]] = {}
    for code in entries:
        for key in {spelling_key(text) for text in (arabic or {}).get(code, ())} - {""}:
            labels.setdefault(key, []).append(code)
    final = _as_numbers(entries) | {label: tuple(codes) for label, codes in labels.items()} | final
    return CodeList(name, title, entries, final, digest_json([rows]))


def _as_numbers(codes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The numbers a spreadsheet makes of codes, as spellings: 06.141 becomes 6.141 and 6141, and 07 becomes 7."""
    numbers: dict[str, list[str]] = {}
    for code in codes:
        if CODE_OF_DIGITS.fullmatch(code):
            numbers.setdefault(repr(float(code)) if "." in code else str(int(code)), []).append(code)
            if "." in code:
                numbers.setdefault(str(int(code.replace(".", ""))), []).append(code)
    return {spelling_key(number): tuple(found) for number, found in numbers.items()}


def _matched(spelling: str) -> str:
    """The key of a spelling: ``NN*`` and ``N*4`` stay, ``WORDS *`` and ``* WORDS`` have the key of their words."""
    words = spelling_key(spelling)
    if spelling.endswith(" *"):
        return f"{words} *"
    if spelling.startswith("* "):
        return f"* {words}"
    return spelling if re.search(r"\*\d?$", spelling) else words


def code_list(schema: RegisterSchema, name: str) -> CodeList:
    """The code list a schema's field names: the schema's own one of that name, else the shipped one.

    Raises:
        SchemaError: There is none.
    """
    own = schema.code_lists.get(name)
    return CodeList.load(name) if own is None else _own_list(schema.register_id, name, own)


@lru_cache(maxsize=64)
def _own_list(register: str, name: str, codes: tuple[CodeSpellings, ...]) -> CodeList:
    rows = [
        {
            "code": code.code,
            "label": code.label,
            "label_fr": code.label_fr,
            "parent": code.parent,
            "spellings": "|".join(code.spellings),
        }
        for code in codes
    ]
    arabic = {code.code: (code.label_ar,) for code in codes if code.label_ar}
    return _from_rows(name, f"{name} of register {register}", f"schema {register}, code list {name}", rows, arabic)


@dataclass(frozen=True, slots=True)
class Harmonized:
    """A column in standard codes.

    Attributes:
        values: Codes; null where missing, unknown or ambiguous.
        present, mapped, ambiguous: Cells that were there, that got one code, that could mean several.
        unmapped: Rows per unknown spelling, most frequent first (values: for the holder's eyes only).
    """

    values: pa.ChunkedArray = field(repr=False)
    present: int
    mapped: int
    ambiguous: int
    unmapped: tuple[tuple[str, int], ...] = field(repr=False)

    @property
    def coverage(self) -> float:
        """Share of present cells that got one code."""
        return self.mapped / self.present if self.present else 1.0


def harmonize(column: pa.ChunkedArray, classification: CodeList) -> Harmonized:
    """A column of words in the codes of a classification."""
    classification = classification.told_by(pc.unique(column).to_pylist())

    def single(text: str) -> str | None:
        codes = classification.codes(text)
        return codes[0] if len(codes) == 1 else None

    values = map_distinct(column, single, pa.string())
    present = len(column) - column.null_count
    mapped = len(values) - values.null_count
    lost = column.filter(pc.and_(pc.is_valid(column), pc.is_null(values)))
    counts = sorted(
        ((item["values"], item["counts"]) for item in pc.value_counts(lost).to_pylist()),
        key=lambda pair: (-pair[1], pair[0]),
    )
    ambiguous = sum(count for text, count in counts if classification.codes(text))
    unmapped = tuple((text, count) for text, count in counts if not classification.codes(text))
    return Harmonized(values, present, mapped, ambiguous, unmapped)
