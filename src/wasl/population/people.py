"""Persons and their households: who lives in this Morocco, before any register writes about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasl.population.draws import Draws
from wasl.population.figures import Figures
from wasl.population.lexicon import Culture, Lexicon

__all__ = ["REFERENCE_YEAR", "People", "day_number", "populate"]

REFERENCE_YEAR = 2025
"""Ages and durations are those of 31 December of this year."""

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ALONE, COUPLE, FAMILY, SINGLE_PARENT, SIBLINGS, FLAT = range(6)
HEAD, SPOUSE, CHILD, SIBLING, MATE = range(5)
SIZES = ((1, 1), (2, 2), (3, 5), (2, 3), (2, 3), (2, 5))


@dataclass(frozen=True, slots=True)
class People:
    """Columns over persons.

    Attributes:
        household: Number of the household.
        nationality: Index into ``Figures.nationalities``.
        man: Whether a man.
        birth: Day of birth (days since 1970).
        age: Completed years at the end of the reference year.
        birth_known: False where papers give only the year (written 01/01).
        birth_place: Index into the nationality's places of birth, −1 for the city of residence.
        surname, surname_second: Names in the lexicon; second −1 where there is none.
        given, given_second: Likewise.
        married_surname: Husband's surname for women who may use it, else −1.
        city: Index into ``Figures.cities``.
        street, street_name, house: Address, the same within a household.
        arrival: Day of arrival.
        refugee: Recognized refugee or asylum seeker.
    """

    household: Ints
    nationality: Ints
    man: Bools
    birth: Ints
    age: Ints
    birth_known: Bools
    birth_place: Ints
    surname: Ints
    surname_second: Ints
    given: Ints
    given_second: Ints
    married_surname: Ints
    city: Ints
    street: Ints
    street_name: Ints
    house: Ints
    arrival: Ints
    refugee: Bools

    def __len__(self) -> int:
        return len(self.household)


def day_number(year: Ints, month: Ints, day: Ints) -> Ints:
    """Days since 1970-01-01 of civil dates (arrays of one length)."""
    months = (np.asarray(year, np.int64) - 1970) * 12 + np.asarray(month, np.int64) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(first + day - 1, np.int64)


def populate(persons: int, seed: int, figures: Figures, lexicon: Lexicon) -> People:
    """``persons`` persons in households; nationality, sex, age, region and arrival as in the figures."""
    draws = Draws(seed, "households")
    kinds = np.array([figures.tables["households"][nat.ages] for nat in figures.nationalities], np.float64)
    mean_size = kinds @ np.array([(low + high) / 2 for low, high in SIZES]) / kinds.sum(axis=1)
    census = figures.of_nationalities("census")
    # More than enough households, cut where the persons are complete.
    nation = draws.choose(census / mean_size, persons)
    kind = draws.choose_by(kinds, nation)
    low, high = np.array(SIZES).T
    size = draws.integers(low[kind], high[kind], persons)
    count = int(np.searchsorted(np.cumsum(size), persons)) + 1
    household = np.repeat(np.arange(count), size[:count])[:persons]
    start = np.concatenate([[0], np.cumsum(size[: count - 1])])
    place = np.arange(persons) - start[household]
    head = start[household]

    kind_of = kind[household]
    role = np.select(
        [place == 0, (place == 1) & np.isin(kind_of, (COUPLE, FAMILY)), kind_of == SIBLINGS, kind_of == FLAT],
        [HEAD, SPOUSE, SIBLING, MATE],
        CHILD,
    )
    stranger = ((role == MATE) & draws.happens(0.3, persons)) | ((role == SPOUSE) & draws.happens(0.06, persons))
    nationality = np.where(stranger, draws.choose(census, persons), nation[household])

    # Spouses and children are nearly balanced, so those who live alone or share a flat carry the surplus of men.
    surplus = figures.of_nationalities("men")[nationality]
    man = draws.happens(
        np.where(np.isin(kind_of, (ALONE, FLAT, SIBLINGS)), surplus + 0.6 * (surplus - 0.5), surplus), persons
    )
    man = np.where((role == HEAD) & (kind_of == SINGLE_PARENT), draws.happens(0.2, persons), man)
    man = np.where((role == HEAD) & np.isin(kind_of, (COUPLE, FAMILY)), draws.happens(0.85, persons), man)
    man = np.where(role == CHILD, draws.happens(0.51, persons), man)
    man = np.where(role == SPOUSE, ~man[head], man)

    age = _ages(draws, figures, nationality, role, kind_of, man, head)
    birth = day_number(np.full(persons, REFERENCE_YEAR + 1), np.ones(persons, np.int64), np.ones(persons, np.int64))
    birth = birth - 1 - (age * 365.2425).astype(np.int64) - draws.integers(0, 364, persons)

    refugees = figures.of_nationalities("refugees") / (census / 100 * 148_152)
    refugee = draws.happens(np.minimum(refugees, 0.9)[nation], persons)[head] & ~stranger
    arrival = _arrivals(draws, figures, age, birth, role, head)
    vague = np.array([nation.iso3 in ("CIV", "GIN", "MLI", "COD") for nation in figures.nationalities])
    birth_known = ~draws.happens(np.where(vague[nationality] | refugee, 0.27, 0.025), persons)
    places = np.array([len(names) for names in figures.births])
    birth_place = np.minimum(
        draws.integers(0, places[nationality] - 1, persons), draws.integers(0, places[nationality] - 1, persons)
    )
    birth_place = np.where((role == CHILD) & (birth > arrival[head]), -1, birth_place)

    city = draws.choose([city.share for city in figures.cities], count)[household]
    addresses = figures.tables["addresses"]
    return People(
        household=household,
        nationality=nationality,
        man=man,
        birth=birth,
        age=age,
        birth_known=birth_known,
        birth_place=birth_place,
        **_names(draws, figures, lexicon, nationality, man, role, kind_of, head, age),
        city=city,
        street=draws.integers(0, len(addresses["streets"]) - 1, count)[household],
        street_name=draws.integers(0, len(addresses["names"]) - 1, count)[household],
        house=draws.integers(1, 240, count)[household],
        arrival=arrival,
        refugee=refugee,
    )


def _ages(draws: Draws, figures: Figures, nationality: Ints, role: Ints, kind: Ints, man: Bools, head: Ints) -> Ints:
    persons = len(role)
    age = np.zeros(persons, np.int64)
    for name, bands in figures.tables["ages"].items():
        member = np.isin(nationality, [k for k, nat in enumerate(figures.nationalities) if nat.ages == name])
        age = np.where(member, draws.bands(bands, persons), age)
    age = np.where((role == HEAD) & np.isin(kind, (FAMILY, SINGLE_PARENT)), np.clip(age, 23, 62), age)
    gap = np.where(man, -1, 1) * draws.integers(-2, 8, persons)
    age = np.where(role == SPOUSE, np.maximum(age[head] - gap, 18), age)
    age = np.where(np.isin(role, (SIBLING, MATE)), np.maximum(age[head] + draws.integers(-8, 8, persons), 18), age)
    return np.where(role == CHILD, draws.integers(0, np.clip(age[head] - 19, 0, 21), persons), age)


def _arrivals(draws: Draws, figures: Figures, age: Ints, birth: Ints, role: Ints, head: Ints) -> Ints:
    persons = len(age)
    year = draws.bands(figures.tables["arrival"]["census"], persons)
    year = np.where(np.isin(role, (SPOUSE, CHILD)) & draws.happens(0.6, persons), year[head], year)
    day = day_number(year, draws.integers(1, 12, persons), draws.integers(1, 28, persons))
    # Children may be born here; those who came alone or married were grown.
    grown = np.minimum(birth + 17 * 365, day_number(*(np.full(persons, k) for k in (REFERENCE_YEAR, 12, 1))))
    return np.maximum(day, np.where(role == CHILD, birth, grown))


def _names(
    draws: Draws,
    figures: Figures,
    lexicon: Lexicon,
    nationality: Ints,
    man: Bools,
    role: Ints,
    kind: Ints,
    head: Ints,
    age: Ints,
) -> dict[str, Ints]:
    """Names of persons; children bear the father's surname, siblings share theirs."""
    persons = len(role)
    codes = list(lexicon.cultures)
    shares = np.array([[nat.cultures.get(code, 0.0) for code in codes] for nat in figures.nationalities])
    culture = draws.choose_by(shares, nationality)
    culture = np.where(np.isin(role, (CHILD, SIBLING)), culture[head], culture)
    drawn = {name: np.full(persons, -1, np.int64) for name in ("surname", "second", "given", "given_second")}
    for number, code in enumerate(codes):
        rows = np.flatnonzero(culture == number)
        for name, values in _names_of(draws, lexicon.cultures[code], man[rows]).items():
            drawn[name][rows] = values
    # In couples the head may be the mother: then the father is the spouse, who follows her in the household.
    spouse = np.minimum(head + 1, persons - 1)
    father = np.where(man[head] | ~np.isin(kind, (COUPLE, FAMILY)), head, spouse)
    mother = np.where(father == head, spouse, head)
    surname, second = drawn["surname"], drawn["second"]
    inherited_second = np.where(second[father] >= 0, np.where(kind == FAMILY, surname[mother], second[father]), -1)
    second = np.where(role == CHILD, inherited_second, np.where(role == SIBLING, second[head], second))
    surname = np.where(role == CHILD, surname[father], np.where(role == SIBLING, surname[head], surname))
    wife = ~man & (((role == SPOUSE) | (role == HEAD)) & np.isin(kind, (COUPLE, FAMILY)))
    husband = np.where(role == SPOUSE, head, spouse)
    widowed = ~man & ~wife & (age >= 25) & draws.happens(0.25, persons)
    married = np.where(wife, surname[husband], np.where(widowed, surname[draws.permutation(persons)], -1))
    return {
        "surname": surname,
        "surname_second": second,
        "given": drawn["given"],
        "given_second": drawn["given_second"],
        "married_surname": married,
    }


def _names_of(draws: Draws, culture: Culture, man: Bools) -> dict[str, Ints]:
    n = len(man)
    given, second = (
        np.where(man, culture.men.draw(draws, n), culture.women.draw(draws, n)) for _ in ("first", "second")
    )
    surname, joined = culture.surnames.draw(draws, n), culture.surnames.draw(draws, n)
    return {
        "surname": surname,
        "second": np.where(draws.happens(culture.joined, n) & (joined != surname), joined, -1),
        "given": given,
        "given_second": np.where(draws.happens(culture.second_given, n) & (second != given), second, -1),
    }
