"""Pairs of records compared in the clear, by an office that holds both: words of names one by one, dates by parts.

An encoding of all words of a name cannot tell one word that is another altogether from two misspelled words. Here the
words of the shorter name are laid beside those of the longer, each at most once. The same canonical words come first,
then the same skeletons, then words a letter or two apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wasl.holder.clear_addresses import ADDRESS_LEVELS, ADDRESSES, ClearAddresses, clear_addresses
from wasl.holder.normalize import Persons, describe_persons
from wasl.holder.spelled_words import same_roughly, spelled
from wasl.registers.compiled import njit
from wasl.registers.schema import RegisterSchema

__all__ = ["BIRTH_LEVELS", "NAME_LEVELS", "ClearPersons", "clear_persons"]

TRAITS_OF = ("sex", "nationality")
NOT_NUMBERS = (*TRAITS_OF, "phone")

NAME_LEVELS = (
    "missing", "no word", "one word roughly", "one word of several", "two words and another", "the only word",
    "all words, none but roughly", "all words, some roughly", "all words, frequent", "all words", "all words, rare",
)  # fmt: skip
"""Levels of agreement of names."""
BIRTH_LEVELS = (
    "missing", "equal", "day or month", "the next year", "another year", "day and month", "more than one part",
    "day for month", "day for month, another year", "year only, of one", "year only, of both", "year only, the next",
    "year only, another",
)  # fmt: skip
"""Levels of agreement of birth dates: equal, or what differs."""
ALL_WORDS = NAME_LEVELS.index("all words, none but roughly")
"""From this level on names are one person's and not only one household's."""
EQUAL = BIRTH_LEVELS.index("equal")
NEARLY_EQUAL = [
    BIRTH_LEVELS.index(level) for level in ("missing", "equal", "day or month", "day for month", "year only, of one")
]
"""Births that can be one person's: those of brothers differ in more."""
ANOTHER = ADDRESS_LEVELS.index("another")
AGREEMENT = ("missing", "equal", "different")
NAMES = (0.02, 0.03, 0.02, 0.15, 0.10, 0.20, 0.03, 0.40, 1.35, 1.35, 1.35)
WOMENS_NAMES = (0.02, 0.03, 0.03, 0.50, 0.10, 0.20, 0.03, 0.40, 1.23, 1.23, 1.23)
"""Pairs of opinion on how names of one person agree, by `NAME_LEVELS`; women may be under their husband's surname."""
BIRTHS = (0.05, 4.00, 0.15, 0.10, 0.05, 0.05, 0.03, 0.10, 0.02, 0.15, 0.20, 0.05, 0.05)
"""The same on birth dates, by `BIRTH_LEVELS`."""
NUMBERS = (2.5, 1.5, 1.0)
"""The same on numbers, by `AGREEMENT`: none in both, one equal, all different."""
PHONES = (0.0, 1.5, 1.0)
"""The same on telephones, by `AGREEMENT`; without weight where one is missing, or is equal and may be a relative's."""
TRAITS = (0.05, 0.05, 0.02, 0.05, 4.60, 0.05, 0.02, 0.10, 0.01)
"""The same on traits: 3 · nationality + sex, each by `AGREEMENT`. An opinion is of some five pairs: two registers that
share 20 persons do not show how often a clerk mistakes a year."""
MOST_WORDS = 64
FIRST_JANUARY = 101
PEOPLE_BEHIND = 20.0
"""Records of all nationalities behind the shares of words among the records of one."""
FREQUENT, RARE = 1e-4, 1e-5
"""Limits of the product of the shares of records that have each word: names above are frequent, below they are rare."""


@dataclass(frozen=True, slots=True)
class ClearPersons:
    """Records of several registers, one after the other.

    Attributes:
        offsets, words: Words of the names, record after record, as numbers.
        letters, lengths: (words, letters) and (words) how each word is spelled.
        skeletons: (words) a number per skeleton.
        shares: (nationalities + 1, skeletons) the share of the records of a nationality that have it in their names;
            the last row is of all records.
        birth: (records) ``yyyymmdd``, 0 for unknown parts.
        codes: Sex, nationality and numbers: (records) a number per value, -1 where missing.
        addresses: Their words; None where not every register has addresses.
        woman: (records) whether the sex is written and is that of women.
    """

    offsets: NDArray[np.int64] = field(repr=False)
    words: NDArray[np.int64] = field(repr=False)
    letters: NDArray[np.uint8] = field(repr=False)
    lengths: NDArray[np.int64] = field(repr=False)
    skeletons: NDArray[np.int64] = field(repr=False)
    shares: NDArray[np.float64] = field(repr=False)
    birth: NDArray[np.int64] = field(repr=False)
    codes: Mapping[str, NDArray[np.int64]] = field(repr=False)
    woman: NDArray[np.bool_] = field(repr=False)
    addresses: ClearAddresses | None = field(repr=False, default=None)

    def __len__(self) -> int:
        return len(self.birth)

    @property
    def opinions(self) -> tuple[NDArray[np.float64], ...]:
        """Of each comparison of `levels`, the pairs of opinion by level."""
        return tuple(np.array(pairs) for pairs in ([*NAMES, *WOMENS_NAMES], BIRTHS, NUMBERS, ADDRESSES, PHONES))

    @property
    def opinion_on_traits(self) -> NDArray[np.float64]:
        """The pairs of opinion by `traits`."""
        return np.array(TRAITS)

    @property
    def alike(self) -> NDArray[np.int64]:
        """(records) a number that those share who agree in the traits, -1 where one is not known."""
        known = [self.codes[feature] for feature in TRAITS_OF if feature in self.codes]
        if not known:
            return np.full(len(self), -1, np.int64)
        _, number = np.unique(np.stack(known), axis=1, return_inverse=True)
        return np.where(np.min(known, axis=0) >= 0, number.reshape(-1), -1).astype(np.int64)

    def levels(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """Of each comparison, (pairs) the level: names (women's apart), births, numbers, addresses, telephones."""
        women = self.woman[left] & self.woman[right]
        numbers = np.zeros(len(left), np.int64)
        for feature in self.codes:
            if feature not in NOT_NUMBERS:
                found = self.agreement(feature, left, right)
                numbers = np.where((numbers == 1) | (found == 1), 1, np.maximum(numbers, found))
        return (
            self.names(left, right) + len(NAME_LEVELS) * women,
            self.births(left, right),
            numbers,
            np.zeros(len(left), np.int64) if self.addresses is None else self.addresses.levels(left, right),
            self.agreement("phone", left, right),
        )

    def apart(self, levels: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], ...]:
        """The levels of candidates, without the agreement of a household where names and birth do not agree.

        Args:
            levels: As `levels` gives them.
        """
        names, births, numbers, addresses, phones = levels
        whole = (names % len(NAME_LEVELS) >= ALL_WORDS) & np.isin(births, NEARLY_EQUAL)
        person = whole | (births == EQUAL)
        return (
            names,
            births,
            numbers,
            np.where(person | (addresses <= ANOTHER), addresses, 0),
            np.where(person | (phones != AGREEMENT.index("equal")), phones, 0),
        )

    def traits(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """(pairs) how nationality and sex agree."""
        return 3 * self.agreement("nationality", left, right) + self.agreement("sex", left, right)

    def names(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """(pairs) into ``NAME_LEVELS``."""
        nationality = self.codes.get("nationality", np.full(len(self), -1, np.int64))
        people = np.where(nationality[left] == nationality[right], nationality[left], -1)
        return _names(
            left, right, self.offsets, self.words, self.letters, self.lengths, self.skeletons,
            self.shares, people,
        )  # fmt: skip

    def births(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """(pairs) into ``BIRTH_LEVELS``."""
        return _births(self.birth[left], self.birth[right])

    def agreement(self, feature: str, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """(pairs) into ``AGREEMENT``; missing where no register has the feature."""
        values = self.codes.get(feature)
        if values is None:
            return np.zeros(len(left), np.int64)
        known = (values[left] >= 0) & (values[right] >= 0)
        return np.where(known, np.where(values[left] == values[right], 1, 2), 0).astype(np.int64)


WOMAN = "F"
"""Code of women in the shipped classification of sexes."""


def clear_persons(tables: Sequence[pa.Table], schemas: Sequence[RegisterSchema]) -> ClearPersons:
    """What typed registers say of persons, in one numbering.

    Args:
        tables: The typed tables.
        schemas: What their columns are.
    """
    described = [describe_persons(table, schema, set()) for table, schema in zip(tables, schemas, strict=True)]
    vocabulary: dict[str, int] = {}
    bones: dict[str, int] = {}
    skeletons: list[int] = []
    words, counts = [], []
    for one in described:
        held = one.names.get("names")
        if held is None:
            counts.append(np.zeros(one.count, np.int64))
            continue
        own = np.zeros(len(held.vocabulary), np.int64)
        for place, (word, skeleton) in enumerate(zip(held.vocabulary, held.skeletons, strict=True)):
            own[place] = vocabulary.setdefault(word, len(vocabulary))
            if len(vocabulary) > len(skeletons):
                skeletons.append(bones.setdefault(skeleton, len(bones)))
        words.append(own[held.words])
        counts.append(np.diff(held.offsets).astype(np.int64))
    letters, lengths = spelled(list(vocabulary))
    births = [
        np.zeros(one.count, np.int64) if one.birth_codes is None else _with_known_day(one.birth_codes.astype(np.int64))
        for one in described
    ]
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64)
    held_words = np.concatenate(words) if words else np.empty(0, np.int64)
    numbered = np.array(skeletons, np.int64)
    features = sorted({feature for one in described for feature in one.codes})
    sexes = _texts("sex", described)
    codes = {feature: pd.factorize(_texts(feature, described))[0].astype(np.int64) for feature in features}
    return ClearPersons(
        offsets,
        held_words,
        letters,
        lengths,
        numbered,
        _shares(numbered[held_words], offsets, codes.get("nationality"), len(bones)),
        np.concatenate(births),
        codes,
        np.asarray(sexes == WOMAN, np.bool_),
        clear_addresses(tables, schemas),
    )


def _shares(
    skeleton: NDArray[np.int64], offsets: NDArray[np.int64], nationality: NDArray[np.int64] | None, count: int
) -> NDArray[np.float64]:
    """(nationalities + 1, skeletons) share of the records of each nationality, and of all, that have a word."""
    records = max(len(offsets) - 1, 1)
    overall = np.bincount(skeleton, minlength=count) / records
    if nationality is None:
        return overall[None, :]
    peoples = int(nationality.max(initial=-1)) + 1
    of_word = np.repeat(nationality, np.diff(offsets))
    known = of_word >= 0
    seen = np.bincount(of_word[known] * count + skeleton[known], minlength=peoples * count).reshape(peoples, count)
    held = np.bincount(nationality[nationality >= 0], minlength=peoples)[:, None]
    mixed = (seen + PEOPLE_BEHIND * overall) / (held + PEOPLE_BEHIND)
    return np.vstack([mixed, overall])


def _with_known_day(birth: NDArray[np.int64]) -> NDArray[np.int64]:
    """Births ``yyyymmdd`` with 0 for an unknown day: 1 January is what clerks write then, as encodings take it."""
    return np.where(birth % 10_000 == FIRST_JANUARY, birth - FIRST_JANUARY, birth)


def _texts(feature: str, described: Sequence[Persons]) -> NDArray[np.object_]:
    """(records) the values of a feature; None where missing or where the register has no such column."""
    columns = []
    for one in described:
        column = one.codes.get(feature)
        columns.append(np.full(one.count, None, object) if column is None else column.to_pandas().to_numpy(object))
    return np.concatenate(columns)


@njit(cache=True, nogil=True)
def _names(
    left: np.ndarray,
    right: np.ndarray,
    offsets: np.ndarray,
    words: np.ndarray,
    letters: np.ndarray,
    lengths: np.ndarray,
    skeletons: np.ndarray,
    shares: np.ndarray,
    people: np.ndarray,
) -> np.ndarray:
    """(pairs) level of agreement of two names; see the head of this module."""
    level = np.zeros(len(left), np.int64)
    taken = np.zeros(MOST_WORDS, np.bool_)
    found = np.zeros(MOST_WORDS, np.int64)
    for k in range(len(left)):
        a, a_end, b, b_end = offsets[left[k]], offsets[left[k] + 1], offsets[right[k]], offsets[right[k] + 1]
        if a_end - a > b_end - b:
            a, a_end, b, b_end = b, b_end, a, a_end
        short, long = min(a_end - a, MOST_WORDS), min(b_end - b, MOST_WORDS)
        if short == 0:
            continue
        taken[:long] = False
        found[:short] = 0
        for closeness in range(1, 4):
            for i in range(short):
                for j in range(long):
                    if found[i] or taken[j]:
                        continue
                    x, y = words[a + i], words[b + j]
                    if closeness == 1:
                        same = x == y
                    elif closeness == 2:
                        same = skeletons[x] == skeletons[y]
                    else:
                        same = same_roughly(letters[x], letters[y], lengths[x], lengths[y])
                    if same:
                        found[i] = closeness
                        taken[j] = True
        good, rough = 0, 0
        for i in range(short):
            good += 0 < found[i] < 3
            rough += found[i] == 3
        if good + rough == short:
            chance = 1.0
            for i in range(short):
                chance *= shares[people[k], skeletons[words[a + i]]]
            if short == 1:
                level[k] = 5
            elif rough:
                level[k] = 7 if good else 6
            else:
                level[k] = 8 if chance >= FREQUENT else (9 if chance >= RARE else 10)
        elif good + rough > 1:
            level[k] = 4
        elif good:
            level[k] = 3
        else:
            level[k] = 2 if rough else 1
    return level


def _births(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """(pairs) level of agreement of birth dates ``yyyymmdd`` with 0 for unknown parts."""
    (year, month, day), (other_year, other_month, other_day) = (
        (date // 10_000, date // 100 % 100, date % 100) for date in (first, second)
    )
    whole = (day > 0) & (other_day > 0)
    known = (year > 0) & (other_year > 0)
    apart = np.abs(year - other_year)
    same_day, same_month = day == other_day, month == other_month
    exchanged = (day == other_month) & (month == other_day) & ~(same_day & same_month)
    return np.select(
        [
            ~known,
            whole & exchanged,
            whole & (apart == 0),
            whole & same_day & same_month,
            whole,
            apart > 1,
            apart == 1,
            (month > 0) | (other_month > 0),
        ],
        [
            0,
            np.where(apart == 0, 7, 8),
            np.where(same_day & same_month, 1, np.where(same_day | same_month, 2, 5)),
            np.where(apart == 1, 3, 4),
            6,
            12,
            11,
            9,
        ],
        10,
    ).astype(np.int64)
