"""The spelling of a person in an office: names, dates, nationality, numbers, each with its style and its errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from hijridate import Gregorian

from wasl.population.damage import Rates, blank, mistype, mojibake, strip_zeros
from wasl.population.draws import Draws
from wasl.population.figures import Figures
from wasl.population.lexicon import Lexicon
from wasl.population.people import People, day_number
from wasl.population.spelling import without_accents

__all__ = [
    "Hand",
    "WrittenNames",
    "numbered",
    "patterned",
    "pick",
    "write_births",
    "write_days",
    "write_identifiers",
    "write_names",
    "write_nationalities",
]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

FIRST_DAY, LAST_DAY = -21_000, 23_000  # 1912 to 2032


@dataclass(frozen=True, slots=True)
class Hand:
    """The style of an office.

    Attributes:
        upper: Names in capitals.
        accents: Diacritics kept.
        second_given: How often a second given name is written, where there is one.
        one_field: Surname and given name share a field.
        surname_first: Their order there.
        width: Longest text of that field.
    """

    upper: bool
    accents: bool
    second_given: float
    one_field: bool = False
    surname_first: bool = True
    width: int = 60


@dataclass(frozen=True, slots=True)
class WrittenNames:
    """Names of records as written: in two fields or in one, the surname before marriage, and in Arabic script."""

    surname: Texts
    given: Texts
    full: Texts
    maiden: Texts
    surname_arabic: Texts
    given_arabic: Texts


def write_names(people: People, person: Ints, lexicon: Lexicon, hand: Hand, rates: Rates, draws: Draws) -> WrittenNames:
    """Names of the records' persons in the style of ``hand`` with errors at ``rates``."""
    n = len(person)
    spelled = _styled(lexicon, hand.upper, hand.accents)
    differs = draws.happens(rates.variant, n)
    which = draws.uniform(n)
    in_surname = differs & (which < rates.in_surname)
    in_given = differs & (which >= 1 - rates.in_given)

    def spell(names: Ints, differently: Bools) -> Texts:
        limit = lexicon.variants[names] if rates.rare_spellings else np.minimum(lexicon.variants[names], 6)
        column = np.where(differently, draws.integers(np.minimum(1, limit - 1), limit - 1, n), 0)
        return np.asarray(spelled[names, column], object)

    second = people.surname_second[person]
    second = np.where(draws.happens(rates.truncated, n), -1, second)
    birth_surname = _joined(spell(people.surname[person], in_surname), spell(second, in_surname), second >= 0)
    surname, maiden = _marry(people, person, birth_surname, spelled, hand, rates, draws)

    second = people.given_second[person]
    second = np.where(draws.happens(hand.second_given, n), second, -1)
    given = _joined(spell(people.given[person], in_given), spell(second, in_given), second >= 0)

    mistyped, where = draws.happens(rates.typo, n), draws.happens(rates.typo_in_surname, n)
    surname = mistype(surname, mistyped & where, draws)
    given = mistype(given, mistyped & ~where, draws)
    surname = blank(surname, draws.happens(rates.surname_missing, n))
    given = blank(given, draws.happens(rates.given_missing, n) & (surname != ""))
    broken = draws.happens(rates.mojibake, n)
    surname, given = mojibake(surname, broken), mojibake(given, broken)

    swapped = draws.happens(rates.swapped, n)
    unsplit = draws.happens(rates.unsplit, n) & ~swapped & (given != "") & (surname != "")
    surname_first = swapped != hand.surname_first
    first, last = np.where(surname_first, surname, given), np.where(surname_first, given, surname)
    full = _joined(first.astype(object), last.astype(object), (surname != "") & (given != ""))
    full = np.where(surname == "", given, np.where(given == "", surname, full))
    full = full.astype(f"U{hand.width}").astype(object)
    both = _joined(surname, given, unsplit)
    careless = draws.integers(0, 1, n)
    return WrittenNames(
        surname=np.where(swapped, given, np.where(unsplit, both, surname)).astype(object),
        given=np.where(swapped, surname, np.where(unsplit, "", given)).astype(object),
        full=full,
        maiden=maiden,
        surname_arabic=np.asarray(lexicon.arabic[people.surname[person], careless], object),
        given_arabic=np.asarray(lexicon.arabic[people.given[person], careless], object),
    )


def _marry(
    people: People, person: Ints, surname: Texts, spelled: Texts, hand: Hand, rates: Rates, draws: Draws
) -> tuple[Texts, Texts]:
    """Surnames with some women under their husband's, and the surname before marriage where it was replaced."""
    n = len(person)
    husband = people.married_surname[person]
    women = float(np.count_nonzero(~people.man[person]))
    chance = rates.married * women / max(float(np.count_nonzero(husband >= 0)), 1.0)
    married = (husband >= 0) & draws.happens(chance, n)
    alone = married & draws.happens(0.6, n)
    words = np.array([" EPOUSE ", " EP ", " EPSE "] if hand.upper else [" épouse ", " ép. ", " Epse "], object)
    after = surname + words[draws.integers(0, 2, n)] + spelled[husband, 0]
    written = np.where(alone, spelled[husband, 0], np.where(married, after, surname)).astype(object)
    return written, np.where(alone, surname, "").astype(object)


def _joined(first: Texts, second: Texts, both: Bools) -> Texts:
    return np.where(both, first + " " + second, first).astype(object)


@lru_cache(maxsize=8)
def _styled(lexicon: Lexicon, upper: bool, accents: bool) -> Texts:
    """Every spelling of the lexicon in a style."""
    found = np.empty(lexicon.latin.shape, object)
    for number, row in enumerate(lexicon.latin):
        words = row if accents else [without_accents(word) for word in row]
        found[number] = [word.upper() for word in words] if upper else words
    return found


@lru_cache(maxsize=8)
def _calendar(pattern: str) -> Texts:
    """Every day from ``FIRST_DAY`` to ``LAST_DAY`` written by a pattern of ``%d``, ``%m`` and ``%Y``."""
    template = pattern.replace("%d", "{2:02d}").replace("%m", "{1:02d}").replace("%Y", "{0:04d}")
    year, month, day = civil(np.arange(FIRST_DAY, LAST_DAY))
    dates = zip(year.tolist(), month.tolist(), day.tolist(), strict=True)
    return np.array([template.format(*date) for date in dates], object)


def civil(days: Ints) -> tuple[Ints, Ints, Ints]:
    """Year, month and day of days since 1970."""
    date = days.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    number = month.astype(np.int64)
    return number // 12 + 1970, number % 12 + 1, (date - month).astype(np.int64) + 1


def write_days(days: Ints, pattern: str) -> Texts:
    """Days since 1970 as text."""
    return np.asarray(_calendar(pattern)[np.clip(days, FIRST_DAY, LAST_DAY - 1) - FIRST_DAY], object)


def write_births(people: People, person: Ints, pattern: str, rates: Rates, draws: Draws) -> Texts:
    """Birth dates of the records' persons by ``pattern``, with errors at ``rates``."""
    n = len(person)
    year, month, day = civil(people.birth[person])
    vague = (~people.birth_known[person] & draws.happens(0.95, n)) | draws.happens(rates.vague_birth, n)
    month, day = np.where(vague, 1, month), np.where(vague, 1, day)
    exchanged = draws.happens(rates.day_month, n) & (day <= 12)
    month, day = np.where(exchanged, day, month), np.where(exchanged, month, day)
    year = year + np.where(draws.happens(rates.year, n), 2 * draws.integers(0, 1, n) - 1, 0)
    wrong, part = draws.happens(rates.wrong_date, n), draws.integers(0, 2, n)
    day = np.where(wrong & (part == 0), draws.integers(1, 28, n), day)
    month = np.where(wrong & (part == 1), draws.integers(1, 12, n), month)
    year = np.where(wrong & (part == 2), year + draws.integers(-5, 5, n), year)
    # A month that is too short for the day takes its last day.
    last = civil(day_number(year + month // 12, month % 12 + 1, np.ones(n, np.int64)) - 1)[2]
    days = day_number(year, month, np.minimum(day, last))
    texts = write_days(days, pattern)
    for row in np.flatnonzero(draws.happens(rates.hijri, n)):
        hijri = Gregorian.fromisoformat(str(days[row].astype("datetime64[D]"))).to_hijri()
        texts[row] = (
            pattern.replace("%d", f"{hijri.day:02d}").replace("%m", f"{hijri.month:02d}").replace("%Y", f"{hijri.year}")
        )
    return texts


def write_nationalities(
    people: People, person: Ints, figures: Figures, style: str, rates: Rates, draws: Draws
) -> Texts:
    """Nationality as ``code``, ``name``, ``NAME`` (a spelling of files), ``demonym`` or ``DEMONYM``."""
    n = len(person)
    nation = people.nationality[person]
    isos = [nat.iso3 for nat in figures.nationalities]
    if style == "code":
        return np.asarray(np.array(isos, object)[nation], object)
    if style == "name":
        return np.asarray(np.array([nat.name for nat in figures.nationalities], object)[nation], object)
    if style == "NAME":
        width = max(len(nat.spellings) for nat in figures.nationalities)
        table = np.array([(nat.spellings * width)[:width] for nat in figures.nationalities], object)
        usual = draws.happens(0.85, n)
        return np.asarray(table[nation, np.where(usual, 0, draws.integers(0, width - 1, n))], object)
    confused = np.arange(len(isos))
    confused[[isos.index("NGA"), isos.index("NER")]] = isos.index("NER"), isos.index("NGA")
    nation = np.where(draws.happens(rates.confused, n), confused[nation], nation)
    table = np.array([nat.demonyms for nat in figures.nationalities], object)
    texts = table[nation, np.where(people.man[person], 0, 1)]
    return np.asarray(np.array([text.upper() for text in texts], object) if style == "DEMONYM" else texts, object)


def write_identifiers(texts: Texts, missing: float, rates: Rates, draws: Draws) -> Texts:
    """Numbers with some missing and some without their leading zeros."""
    n = len(texts)
    stripped = strip_zeros(texts, draws.happens(rates.stripped_zeros, n))
    return blank(stripped, draws.happens(missing, n))


def patterned(patterns: list[str], row_pattern: Ints, draws: Draws) -> Texts:
    """A random number per row after its pattern (``#`` digit, ``@`` letter)."""
    n, width = len(row_pattern), max(map(len, patterns))
    drawn = draws.generator.random((n, width))
    kind = np.array([[ord(c) for c in pattern.ljust(width, " ")] for pattern in patterns], np.uint32)[row_pattern]
    number = np.floor(drawn * 10).astype(np.uint32) + ord("0")
    letter = np.floor(drawn * 26).astype(np.uint32) + ord("A")
    codes = np.where(kind == ord("#"), number, np.where(kind == ord("@"), letter, 0)).astype(np.uint32)
    return np.asarray(np.ascontiguousarray(codes).view(f"<U{width}")[:, 0].astype(object), object)


def numbered(n: int, template: str, draws: Draws) -> Texts:
    """``n`` different record numbers in random order: ``template`` formats a whole number and a letter."""
    step = 7
    numbers = (draws.permutation(n) * step + draws.integers(0, step - 1, n)).tolist()
    return np.array([template.format(number, chr(65 + number % 23)) for number in numbers], object)


def pick(words: tuple[str, ...] | list[str], n: int, draws: Draws) -> Texts:
    """``n`` random ones of ``words``."""
    return np.asarray(np.array(list(words), object)[draws.integers(0, len(words) - 1, n)], object)
