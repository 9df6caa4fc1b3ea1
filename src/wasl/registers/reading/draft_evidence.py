"""The evidence on each column of a file nobody has described: dates, numbers, codes, names, in counts and shares."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.locale import Messages, messages
from wasl.registers.codes.classification import CodeList, harmonize
from wasl.registers.documents import config_dir
from wasl.registers.known_names import known_as
from wasl.registers.reading.cells import DEFAULT_DATES, DEFAULT_MONTHS, birth_pivot
from wasl.registers.reading.counted_dates import number_dates
from wasl.registers.reading.date_text import tidy_date
from wasl.registers.reading.dates import DateNote, DateRule, parse_month, read_date
from wasl.registers.reading.headers import is_free_text, known_features, speaks_of_another, words_key
from wasl.registers.reading.headings import AMOUNT, PAYLOAD_HEADINGS, WORK
from wasl.registers.reading.marks import drop_equals, drop_marks, drop_quotes, fold_digits
from wasl.registers.reading.numbers import has_decimals, read_numbers
from wasl.registers.schema import Field

__all__ = ["DraftColumn", "examine_column"]

ENOUGH = 0.8
"""Share of a column's cells that must be of a kind for the kind to be proposed."""
COVERED = 0.9
"""The same for a code list, whose spellings a draft cannot complete."""
DOUBTFUL = 0.05
"""Share of cells with several meanings from which on a draft says so."""
MOST_READ = 100_000
"""Distinct cells of a column that are looked at."""
CENTURY = Field.model_fields["century_pivot"].default
"""The pivot of two-digit years in a schema that states none."""
MANY = 20
"""Different values of a code list's column, from which on they repeat in a file of any size."""
LISTS = ("sex", "nationality", "province", "region", "city", "activity", "occupation", "education", "permit-type",
         "permit-motive", "contract-type", "legal-status", "labour-status", "pension-type", "area")  # fmt: skip
STANDARDS = {"province": "province", "region": "region", "city": "work_province", "activity": "activity_section",
             "occupation": "occupation_group", "education": "education", "permit-type": "permit_type",
             "permit-motive": "permit_motive", "contract-type": "contract_type", "legal-status": "legal_status",
             "labour-status": "labour_status", "pension-type": "pension_type", "area": "area",
             "isco-08": "occupation_group"}  # fmt: skip
ENGLISH = messages("en")
FEW_CODES = 12
CODE_WORDS = frozenset(("code", "cod", "codes", "num", "variable", "var", "رمز"))
QUESTION = re.compile(r"[a-z]{0,3}\d{1,3}[a-z]?(?:[a-z]\d{1,3}[a-z]?)*|[a-z]")
"""The number of a question in a questionnaire: q12, s1q3, b2a."""
ARABIC = r"[\x{0620}-\x{064A}\x{066E}-\x{06D3}\x{06FA}-\x{06FF}]"
"""A letter; digits and marks of the Arabic script are none."""
GROUPED = r"\d[ '’\x{00A0}\x{202F}\x{066C}]\d{3}(?:\D|$)"
"""A mark between thousands that is no decimal mark."""
MONTH_CELL = r"\p{L}[\p{L}.]*[ /.\-]*\d{4}|^\d{1,2}[/.\-]\d{4}$|^\d{4}[/.\-]\d{1,2}$"


@dataclass(slots=True)
class DraftColumn:
    """A column of the file and what is proposed for it.

    Attributes:
        heading: As the file has it.
        cells, missing, distinct: Counts.
        free_text: Whether anybody may be named in it, by its heading.
        evidence: What was found, in words.
    """

    heading: str
    cells: int
    missing: int
    distinct: int
    name: str = ""
    type: str = "string"
    role: str = "drop"
    feature: str | None = None
    classification: str | None = None
    standard: str | None = None
    formats: tuple[str, ...] = ()
    calendar: str | None = None
    earliest: int | None = None
    required: bool = False
    free_text: bool = False
    evidence: list[str] = field(default_factory=list)


def examine_column(heading: str, raw: pa.ChunkedArray, words: Messages = ENGLISH) -> DraftColumn:
    """Counts of what a column of text holds, and a proposal for it; its evidence is said in a language."""
    _ = words.text
    text, _marks = drop_marks(raw)
    text, _formulas = drop_equals(pc.utf8_trim_whitespace(text))
    text, _quotes = drop_quotes(text)
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    counts = pc.value_counts(text.drop_null())
    distinct = len(counts)
    column = DraftColumn(heading, len(text), text.null_count, distinct)
    present = len(text) - text.null_count
    column.evidence.append(
        _(
            "{present} cells, {missing} missing, {distinct} distinct",
            present=present,
            missing=text.null_count,
            distinct=distinct,
        )
    )
    values = pa.array([fold_digits(text) for text in counts.field("values")[:MOST_READ].to_pylist()], pa.string())
    weights = np.asarray(counts.field("counts"), dtype=np.int64)[:MOST_READ]
    known = known_features(heading) or known_features(_without_numbering(heading, distinct))
    column.feature = known[0] if known else None
    if column.feature is not None:
        column.evidence.append(_("the heading is in use for {feature}", feature=known_as(column.feature, words)))
    if not present:
        return column
    _months(column, values, weights, words)
    if column.type == "string":
        _dates(column, values, weights, words)
    if column.type == "string":
        _numbers(column, values, weights, words)
    if column.type not in ("date", "month"):
        _codes(column, text, words)
    if column.type == "string":
        _texts(column, values, weights, words)
    if column.feature in ("sex", "nationality") and speaks_of_another(heading):
        column.feature = None
        column.evidence.append(_("the heading speaks of another person"))
    if column.type == "string" and is_free_text(heading):
        column.feature, column.free_text = None, True
    if column.type == "string" and speaks_of_another(heading):
        column.feature, column.free_text = None, True
        column.evidence.append(_("the heading speaks of another person"))
    return column


def _without_numbering(heading: str, distinct: int) -> str:
    """The heading of a column of few codes without *code* and a question's number: s1q3_sexe, code_sexe."""
    if distinct > FEW_CODES:
        return ""
    words = words_key(heading)
    rest = [word for word in words if word not in CODE_WORDS and not QUESTION.fullmatch(word)]
    return rest[0] if len(rest) == 1 and len(words) > 1 else ""


def _share(flags: Sequence[bool] | np.ndarray, weights: np.ndarray) -> float:
    return float(np.dot(np.asarray(flags, dtype=np.float64), weights) / max(1, weights.sum()))


def _months(column: DraftColumn, values: pa.Array, weights: np.ndarray, words: Messages) -> None:
    """Recognize months of a year: *mars 2024*, *03/2024*, and *202403* under a heading that says month."""
    _ = words.text
    if column.feature is not None:
        return
    said = _says(column.heading, PAYLOAD_HEADINGS["month"])
    looks = np.asarray(pc.match_substring_regex(values, r"^\d{6}$" if said else MONTH_CELL))
    looks |= np.asarray(pc.match_substring_regex(values, MONTH_CELL))
    if _share(looks, weights) < ENOUGH:
        return
    share = _share([parse_month(text, DEFAULT_MONTHS) is not None for text in values.to_pylist()], weights)
    if share >= ENOUGH:
        column.type = "month"
        column.evidence.append(_("{share} are months of a year", share=words.percent(share)))


def _says(heading: str, texts: Sequence[str] | frozenset[str]) -> bool:
    """Whether a heading has all words of one of the texts."""
    own = {word.removeprefix("ال") for word in words_key(heading)}
    return any(said and {word.removeprefix("ال") for word in said} <= own for said in map(words_key, texts))


def _dates(column: DraftColumn, values: pa.Array, weights: np.ndarray, words: Messages) -> None:
    """Recognize dates, with their layouts, calendar and years."""
    _ = words.text
    looks = np.asarray(
        pc.match_substring_regex(values, r"\d{1,4}[/\-. ]|^(?:18|19|20)\d{6}$|\p{L}+ \d{4}|^(?:19|20)\d{2}$")
    )
    said = column.feature == "birth_date" or "date" in words_key(column.heading)
    if _share(looks, weights) < ENOUGH and not said:
        return
    texts = values.to_pylist()
    pivot = birth_pivot(CENTURY) if column.feature == "birth_date" else CENTURY
    rule = DateRule(DEFAULT_DATES, earliest=1700, calendar="mixed", pivot=pivot)
    counted = number_dates(
        [tidy_date(text) for text in texts],
        weights,
        rule,
        dt.datetime.now(dt.UTC).date(),
        births=column.feature == "birth_date",
    )
    if counted.unclear is not None and said:
        column.evidence.append(_("days counted from a day that the file does not tell: write it in `format`"))
    read = [read_date(text, rule) for text in counted.texts]
    share = _share([code > 0 for code, _note in read], weights)
    whole = _share([code > 0 and code % 100 > 0 for code, _note in read], weights)
    if share < ENOUGH or (whole < 0.2 and not said):
        return
    column.type = "date"
    column.evidence.append(
        _(
            "{share} are dates, {part} without day or month",
            share=words.percent(share),
            part=words.percent(share - whole),
        )
    )
    months_first = sum(bool(note & DateNote.MONTH_FIRST) for _code, note in read)
    layouts: tuple[str, ...] = ("%m/%d/%Y", "%Y-%m-%d") if months_first > len(read) / 20 else DEFAULT_DATES
    if sum(bool(note & DateNote.TWO_DIGITS) for _code, note in read) > len(read) / 2:
        layouts = tuple(layout.replace("%Y", "%y") for layout in layouts if layout.endswith("%Y"))
    shares = {layout: _share([_written(text, layout) for text in texts], weights) for layout in layouts}
    column.formats = tuple(layout for layout, own in sorted(shares.items(), key=lambda item: -item[1]) if own > 0.001)
    column.formats = column.formats or ("%d/%m/%Y",)
    if counted.format:
        column.formats, shares = (counted.format,), {counted.format: share}
    column.evidence.append(
        words.list(
            [_("{share} as {layout}", share=words.percent(shares.get(one, 0)), layout=one) for one in column.formats]
        )
    )
    if any(note & DateNote.HIJRI for _code, note in read):
        column.calendar = "mixed"
        column.evidence.append(_("some years are between 1300 and 1499: read as Hijri"))
    years = sorted(code // 10_000 for code, _note in read if code >= 10_000_000)
    if years:
        column.evidence.append(
            _(
                "years {first} to {last} (middle 98 %)",
                first=str(years[len(years) // 100]),
                last=str(years[-1 - len(years) // 100]),
            )
        )
        if years[len(years) // 20] < 1900:
            column.earliest = years[0] // 10 * 10
    if column.feature is None and years and years[len(years) // 2] < 2005 and years[-1] - years[0] > 30:
        column.feature = "birth_date?"


def _written(text: str, layout: str) -> bool:
    pattern = re.escape(layout).replace("%d", r"\d{1,2}").replace("%m", r"\d{1,2}").replace("%Y", r"\d{4}")
    pattern = pattern.replace("%y", r"\d{2}")
    if layout == "%Y%m%d":
        pattern = r"\d{8}"
    return re.match(pattern + r"(?:\D|$)", text) is not None


def _numbers(column: DraftColumn, values: pa.Array, weights: np.ndarray, words: Messages) -> None:
    """Recognize amounts. Numbers that begin with 0 or are all different are identifiers, not amounts."""
    _ = words.text
    zeros = np.asarray(pc.match_substring_regex(values, r"^0[0-9]"))
    if column.feature is not None or _share(zeros, weights) > 0.001:
        return
    numbers = read_numbers(pa.chunked_array([values])).values
    if _share(np.asarray(pc.is_valid(numbers)), weights) < COVERED:
        return
    money = pc.any(pc.match_substring_regex(values, r"^[^0-9]*\p{L}|\p{L}[^0-9]*$")).as_py()
    if has_decimals(numbers).any() or money:
        column.type = "decimal"
        column.evidence.append(_("numbers with a decimal part") if not money else _("amounts of money"))
    elif column.distinct < 0.5 * (column.cells - column.missing):
        column.type = "integer"
        column.evidence.append(_("whole numbers that repeat"))
    elif _says(column.heading, AMOUNT) or _grouped(values, numbers):
        column.type = "integer"
        column.evidence.append(_("whole numbers: an amount by its heading or by the marks between thousands"))


def _grouped(values: pa.Array, numbers: pa.ChunkedArray) -> bool:
    """Whether thousands are marked in numbers of several lengths; numbers of documents have one length."""
    large = np.asarray(pc.fill_null(numbers, 0.0)) >= 1000
    marked = np.asarray(pc.match_substring_regex(values, GROUPED))
    digits = np.floor(np.log10(np.maximum(np.abs(np.asarray(pc.fill_null(numbers, 1.0))), 1.0)))
    return bool(large.any() and marked[large].mean() >= ENOUGH and len(np.unique(digits)) > 1)


def _codes(column: DraftColumn, text: pa.ChunkedArray, words: Messages) -> None:
    """Find the shipped code list that covers the cells."""
    _ = words.text
    if column.feature not in (None, "sex", "nationality", "region", "locality") or column.distinct > 2000:
        return
    present = column.cells - column.missing
    if column.feature is None and column.distinct > present / 2 and (column.distinct > MANY or _all_digits(text)):
        return  # running numbers, and texts that hardly repeat, are no codes
    numeric = column.type in ("integer", "decimal")
    named = [name for name in LISTS if _says(column.heading, PAYLOAD_HEADINGS.get(STANDARDS.get(name, ""), ()))]
    if words_key(column.heading) & {"isco", "citp"} and _all_digits(text):
        named, numeric = ["isco-08"], True
    if numeric and column.feature is None and not named:
        return  # a number may be any list's code
    names = (
        [column.feature] if column.feature in ("sex", "nationality", "region") else named if numeric else list(LISTS)
    )
    covered: dict[str, float] = {}
    doubtful: dict[str, float] = {}
    for name in names:
        if not (config_dir() / "classifications" / f"{name}.csv").is_file():
            continue
        found = harmonize(text, CodeList.load(name))
        doubtful[name] = found.ambiguous / max(1, found.present)
        covered[name] = (found.mapped + found.ambiguous) / max(1, found.present)
    if not covered:
        return
    best = max(covered, key=lambda name: covered[name])
    if covered[best] < (0.5 if column.feature is not None else COVERED):
        if column.feature is not None:
            column.evidence.append(
                _(
                    "code list {name} covers only {share}: write what each code means into `code_lists`",
                    name=best,
                    share=words.percent(covered[best]),
                )
            )
        return
    column.type, column.classification = "code", best
    column.evidence.append(_("code list {name} covers {share}", name=best, share=words.percent(covered[best])))
    if doubtful[best] > DOUBTFUL:
        share = words.percent(doubtful[best])
        column.evidence.append(_("{share} may mean several codes: write which into `code_lists`", share=share))
    if column.feature is None and best in ("sex", "nationality"):
        column.feature = best
    column.standard = STANDARDS.get(best)
    if best == "city" and not _says(column.heading, WORK):
        column.standard = STANDARDS["province"]


def _all_digits(text: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.match_substring_regex(text.drop_null(), r"^[0-9]+$")).as_py())


def _texts(column: DraftColumn, values: pa.Array, weights: np.ndarray, words: Messages) -> None:
    """Names, numbers of documents, and other texts."""
    _ = words.text
    letters = _share(np.asarray(pc.match_substring_regex(values, r"^[\p{L}\p{M} '’.,/()\"«»\\-]+$")), weights)
    arabic = _share(np.asarray(pc.match_substring_regex(values, ARABIC)), weights)
    digits = _share(np.asarray(pc.match_substring_regex(values, r"[0-9]{3}")), weights)
    column.evidence.append(
        _(
            "{letters} letters only, {arabic} Arabic, {digits} with numbers",
            letters=words.percent(letters),
            arabic=words.percent(arabic),
            digits=words.percent(digits),
        )
    )
    if column.feature in ("surname", "given") and arabic > ENOUGH:
        column.feature += "_arabic"
    unlike = letters < 0.5 if column.feature in ("surname", "given", "full_name") else False
    if unlike:
        column.evidence.append(
            _("not proposed as {feature}: too few cells look like names", feature=known_as(str(column.feature), words))
        )
        column.feature = None
    if column.feature is None and digits > ENOUGH and column.distinct > ENOUGH * (column.cells - column.missing):
        column.role = "identifier"
        column.evidence.append(_("numbers that hardly repeat"))
