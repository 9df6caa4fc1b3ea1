"""The six registers as their offices keep them: one function each, from persons to columns of text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasl.population.damage import Rates, blank
from wasl.population.draws import Draws
from wasl.population.employment import Status, Work, digits
from wasl.population.figures import Figures
from wasl.population.lexicon import Lexicon
from wasl.population.membership import Membership
from wasl.population.people import REFERENCE_YEAR, People, day_number
from wasl.population.writing import (
    Hand,
    WrittenNames,
    numbered,
    patterned,
    pick,
    write_births,
    write_days,
    write_identifiers,
    write_names,
    write_nationalities,
)

__all__ = ["OFFICES", "Columns", "Desk", "Ints", "Numbers", "Scene", "issue_numbers"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Columns = dict[str, Texts]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers that persons carry from office to office, one per person.

    Attributes:
        passport, old_passport: The passport now held and the one it replaced.
        permit: Residence permit.
        insured: CNSS registration, 9 digits.
        certificate: Number of each ANAPEC certificate (over the records of ``Membership.certificates``).
    """

    passport: Texts
    old_passport: Texts
    permit: Texts
    insured: Texts
    certificate: Texts


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything an office may draw on."""

    figures: Figures
    lexicon: Lexicon
    people: People
    work: Work
    membership: Membership
    numbers: Numbers
    rates: Rates
    seed: int


def issue_numbers(people: People, membership: Membership, figures: Figures, seed: int) -> Numbers:
    """Passports, permits, CNSS numbers and certificate numbers; all but passports are unique."""
    draws = Draws(seed, "numbers")
    patterns = [nat.passport for nat in figures.nationalities]
    n = len(people)
    return Numbers(
        passport=patterned(patterns, people.nationality, draws),
        old_passport=patterned(patterns, people.nationality, draws),
        permit=numbered(n, "{1}{0:07d}", draws),
        insured=np.asarray(digits(100_000_000 + draws.permutation(n) * 5 + draws.integers(0, 4, n), 9), object),
        certificate=numbered(len(membership.certificates), "AT{0:07d}", draws),
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """One office at work on its records: the person of each, its style, and its own stream of draws."""

    scene: Scene
    person: Ints
    draws: Draws

    @property
    def n(self) -> int:
        """How many records."""
        return len(self.person)

    def names(self, hand: Hand) -> WrittenNames:
        """Names in a style."""
        return write_names(self.scene.people, self.person, self.scene.lexicon, hand, self.scene.rates, self.draws)

    def births(self, pattern: str) -> Texts:
        """Birth dates by a pattern."""
        return write_births(self.scene.people, self.person, pattern, self.scene.rates, self.draws)

    def nationality(self, style: str) -> Texts:
        """Nationalities in a style."""
        return write_nationalities(
            self.scene.people, self.person, self.scene.figures, style, self.scene.rates, self.draws
        )

    def sex(self, man: str, woman: str) -> Texts:
        """Sex by the office's two codes."""
        return np.where(self.scene.people.man[self.person], man, woman).astype(object)

    def passport(self, missing: float) -> Texts:
        """Passport numbers, some of them of the passport held before."""
        numbers = self.scene.numbers
        former = self.draws.happens(self.scene.rates.other_passport, self.n)
        texts = np.where(former, numbers.old_passport[self.person], numbers.passport[self.person]).astype(object)
        return write_identifiers(texts, missing, self.scene.rates, self.draws)

    def birth_place(self, upper: bool) -> Texts:
        """Places of birth; for those born in Morocco the city of residence."""
        people, figures = self.scene.people, self.scene.figures
        width = max(map(len, figures.births))
        table = np.array([(names * width)[:width] for names in figures.births], object)
        home = np.array([city.names[0] for city in figures.cities], object)[people.city[self.person]]
        place = people.birth_place[self.person]
        texts = np.where(place < 0, home, table[people.nationality[self.person], place])
        return np.array([text.upper() for text in texts], object) if upper else texts.astype(object)

    def city(self, cities: Ints) -> Texts:
        """Names of cities as this office spells them today."""
        figures = self.scene.figures
        width = max(len(city.names) for city in figures.cities)
        table = np.array([(city.names * width)[:width] for city in figures.cities], object)
        return np.asarray(table[cities, self.draws.integers(0, width - 1, self.n)], object)

    def occupation(self) -> Texts:
        """Occupations in free text."""
        jobs = self.scene.figures.occupations
        width = max(len(job.titles) for job in jobs)
        table = np.array([(job.titles * width)[:width] for job in jobs], object)
        chosen = self.draws.integers(0, width - 1, self.n)
        return np.asarray(table[self.scene.work.occupation[self.person], chosen], object)

    def sector(self, section: Ints) -> Texts:
        """Sectors in free text."""
        words = self.scene.figures.tables["sector_names"]
        width = max(map(len, words.values()))
        table = np.array([(words[letter] * width)[:width] for letter in self.scene.work.sections], object)
        return np.asarray(table[section, self.draws.integers(0, width - 1, self.n)], object)

    def days(self, first_year: int, last_year: int) -> Ints:
        """Random working days."""
        year = self.draws.integers(first_year, last_year, self.n)
        return day_number(year, self.draws.integers(1, 12, self.n), self.draws.integers(1, 28, self.n))


def _desk(scene: Scene, register: str, person: Ints) -> Desk:
    draws = Draws(scene.seed, register)
    # Files are in the order of their numbers, which says nothing about persons.
    return Desk(scene, person[draws.permutation(len(person))], draws)


def permits(scene: Scene) -> tuple[Columns, Ints]:
    """DGSN: residence permits."""
    desk = _desk(scene, "dgsn-permits", scene.membership.permits)
    people, work, figures, person, n, draws = scene.people, scene.work, scene.figures, desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=True, accents=False, second_given=0.9))
    arrival = people.arrival[person]
    issued = np.maximum(desk.days(REFERENCE_YEAR - 4, REFERENCE_YEAR), arrival)
    years = np.array([1, 3, 5, 10])[draws.choose([35, 30, 20, 15], n)]
    kinds = np.array(["immatriculation", "residence", "recepisse"], object)
    kind = kinds[np.where(years == 10, 1, np.where(draws.happens(0.12, n), 2, 0))]
    idle = {name: np.array(words, object) for name, words in figures.tables["idle"].items()}
    profession = desk.occupation()
    for status, words in (
        (Status.CHILD, idle["child"]),
        (Status.STUDENT, idle["student"]),
        (Status.RETIRED, idle["retired"]),
        (Status.IDLE, idle["none"]),
    ):
        chosen = words[draws.integers(0, len(words) - 1, n)]
        profession = np.where(work.status[person] == status, chosen, profession)
    addresses = figures.tables["addresses"]
    streets = np.array([[s.format(name) for name in addresses["names"]] for s in addresses["streets"]], object)
    street = streets[people.street[person], people.street_name[person]]
    city = desk.city(people.city[person])
    house = digits(people.house[person], 1)
    province = np.array([city.province for city in figures.cities], object)[people.city[person]]
    arabic_missing = draws.happens(0.15, n)
    return {
        "num_titre": scene.numbers.permit[person],
        "type_titre": kind,
        "motif": np.array(list(figures.tables["motives"]), object)[work.motive[person]],
        "nom": names.surname,
        "prenom": names.given,
        "nom_arabe": blank(names.surname_arabic, arabic_missing),
        "prenom_arabe": blank(names.given_arabic, arabic_missing),
        "sexe": desk.sex("M", "F"),
        "date_naissance": desk.births("%d/%m/%Y"),
        "lieu_naissance": blank(desk.birth_place(upper=True), draws.happens(0.03, n)),
        "nationalite": desk.nationality("NAME"),
        "profession": profession.astype(object),
        "adresse": house + ", " + street + ", " + city,
        "code_province": province,
        "num_passeport": desk.passport(scene.rates.identifier_missing["dgsn-permits"]),
        "date_entree": write_days(arrival, "%d/%m/%Y"),
        "date_delivrance": write_days(issued, "%d/%m/%Y"),
        "date_expiration": write_days(issued + years * 365, "%d/%m/%Y"),
    }, person


def employees(scene: Scene) -> tuple[Columns, Ints]:
    """CNSS: foreign employees declared, one record each."""
    desk = _desk(scene, "cnss-employees", scene.membership.employees)
    work, person, n, draws = scene.work, desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=True, accents=False, second_given=0.7, one_field=True))
    employer = work.employer[person]
    by_permit = draws.happens(0.35, n)
    permit = write_identifiers(scene.numbers.permit[person], 0.0, scene.rates, draws)
    piece = np.where(by_permit, permit, desk.passport(0.0)).astype(object)
    without = draws.happens(scene.rates.identifier_missing["cnss-employees"], n)
    days = np.where(draws.happens(0.75, n), 26, draws.integers(1, 25, n))
    pay = work.salary[person] * days // 26
    affiliation = write_identifiers(work.employers.affiliation[employer], 0.0, scene.rates, draws)
    situations = ("", "SO", "DE", "IT", "IL", "AT", "CS", "MS", "MP")
    return {
        "num_immatriculation": scene.numbers.insured[person],
        "nom_prenom": names.full,
        "nom_jeune_fille": names.maiden,
        "sexe": desk.sex("1", "2"),
        "date_naissance": desk.births("%Y%m%d"),
        "nationalite": desk.nationality("code"),
        "type_piece": blank(np.where(by_permit, "CS", "PP").astype(object), without),
        "num_piece": blank(piece, without),
        "num_affilie": affiliation,
        "code_activite": np.array(work.sections, object)[work.employers.section[employer]],
        "ville": desk.city(work.employers.city[employer]),
        "periode": digits(REFERENCE_YEAR * 100 + draws.integers(1, 12, n), 6),
        "jours_declares": digits(days, 1),
        "salaire_reel": digits(pay * 100 + draws.integers(0, 99, n), 1),
        "salaire_plafonne": digits(np.minimum(pay, 6000) * 100, 1),
        "situation": np.array(situations, object)[draws.choose([90, 4, 0.2, 0.5, 1.5, 0.5, 1.5, 1.3, 0.5], n)],
    }, person


def pensioners(scene: Scene) -> tuple[Columns, Ints]:
    """CNSS: foreign pensioners."""
    desk = _desk(scene, "cnss-pensioners", scene.membership.pensioners)
    people, person, n, draws = scene.people, desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=True, accents=False, second_given=0.5))
    age = people.age[person]
    survivor = draws.happens(np.where(people.man[person], 0.03, 0.3), n)
    kind = np.where(survivor, "SURVIVANT", np.where(age >= 60, "VIEILLESSE", "INVALIDITE")).astype(object)
    since = np.where(kind == "VIEILLESSE", age - 60, 0)
    year = REFERENCE_YEAR - np.minimum(draws.integers(0, np.maximum(since, 8), n), 25)
    insured = write_identifiers(scene.numbers.insured[person], 0.0, scene.rates, draws)
    abroad = np.array([nat.iso3 for nat in scene.figures.nationalities], object)[people.nationality[person]]
    return {
        "num_pension": numbered(n, "P{0:07d}", draws),
        "num_immatriculation": blank(insured, draws.happens(scene.rates.identifier_missing["cnss-pensioners"], n)),
        "nom": names.surname,
        "prenom": names.given,
        "sexe": desk.sex("1", "2"),
        "date_naissance": desk.births("%Y%m%d"),
        "nationalite": blank(desk.nationality("code"), draws.happens(0.05, n)),
        "type_pension": kind,
        "date_effet": write_days(day_number(year, draws.integers(1, 12, n), np.ones(n, np.int64)), "%Y%m%d"),
        "montant": digits(draws.bands([[1000, 1800, 40], [1800, 3000, 30], [3000, 4200, 30]], n) * 100, 1),
        "pays_residence": np.where(draws.happens(0.72, n), "MAR", abroad).astype(object),
        "mode_paiement": pick(("VIREMENT", "VIREMENT", "MISE A DISPOSITION"), n, draws),
    }, person


def certificates(scene: Scene) -> tuple[Columns, Ints]:
    """ANAPEC: certificates of activity, up to one a year."""
    desk = _desk(scene, "anapec-certificates", np.arange(len(scene.membership.certificates)))
    record = desk.person
    person = scene.membership.certificates[record]
    desk = Desk(scene, person, desk.draws)
    work, n, draws = scene.work, desk.n, desk.draws
    employers, employer = work.employers, work.employer[person]
    names = desk.names(Hand(upper=False, accents=True, second_given=0.8, one_field=True, surname_first=False))
    year = scene.membership.certificate_year[record]
    return {
        "num_attestation": scene.numbers.certificate[record],
        "date_attestation": write_days(
            day_number(year, draws.integers(1, 12, n), draws.integers(1, 28, n)), "%d/%m/%Y"
        ),
        "employeur": employers.name[employer],
        "ice": write_identifiers(employers.ice[employer], 0.08, scene.rates, draws),
        "poste": desk.occupation(),
        "nom_prenom": names.full,
        "sexe": desk.sex("Homme", "Femme"),
        "date_naissance": desk.births("%d/%m/%Y"),
        "nationalite": desk.nationality("demonym"),
        "num_passeport": desk.passport(scene.rates.identifier_missing["anapec-certificates"]),
        "resultat": pick(("accordée",) * 9 + ("refusée",), n, draws),
    }, person


def projects(scene: Scene) -> tuple[Columns, Ints]:
    """ANAPEC: regularized migrants with projects of their own."""
    desk = _desk(scene, "anapec-projects", scene.membership.projects)
    people, figures, person, n, draws = scene.people, scene.figures, desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=False, accents=False, second_given=0.7))
    region = np.array([city.province[:2] for city in figures.cities], object)[people.city[person]]
    plans = (
        "Commerce de détail",
        "Restauration",
        "Coiffure",
        "Couture",
        "Artisanat",
        "Services informatiques",
        "Élevage",
    )
    section = draws.choose([figures.tables["sectors"][letter] for letter in scene.work.sections], n)
    permit = write_identifiers(
        scene.numbers.permit[person], scene.rates.identifier_missing["anapec-projects"], scene.rates, draws
    )
    return {
        "num_inscription": numbered(n, "R{0:07d}", draws),
        "num_carte_sejour": permit,
        "campagne": pick(("2014", "2017"), n, draws),
        "nom": names.surname,
        "prenom": names.given,
        "sexe": desk.sex("H", "F"),
        "date_naissance": desk.births("%d/%m/%Y"),
        "nationalite": desk.nationality("DEMONYM"),
        "region": region,
        "projet": pick(plans, n, draws),
        "secteur": desk.sector(section),
        "montant": digits(draws.integers(5, 120, n) * 1000, 1),
        "statut": pick(("financé", "accompagné", "en cours", "abandonné"), n, draws),
    }, person


def contracts(scene: Scene) -> tuple[Columns, Ints]:
    """TAECHIR: contracts of foreign workers; a renewal is another record of the same person."""
    desk = _desk(scene, "taechir-contracts", np.arange(len(scene.membership.contracts)))
    record = desk.person
    person, turn = scene.membership.contracts[record], scene.membership.contract_turn[record]
    desk = Desk(scene, person, desk.draws)
    people, work, n, draws = scene.people, scene.work, desk.n, desk.draws
    employers, employer = work.employers, work.employer[person]
    names = desk.names(Hand(upper=False, accents=True, second_given=0.85))
    special = draws.happens(0.06, n)
    first = np.where(special, pick(("artiste", "détaché"), n, draws), "première")
    filed = day_number(scene.membership.contract_year[record], draws.integers(1, 12, n), draws.integers(1, 28, n))
    level = np.array([job.isco for job in scene.figures.occupations])[work.occupation[person]]
    diplomas = np.array(["Doctorat", "Master", "Licence", "BTS", "Baccalauréat", "Sans diplôme"], object)
    step = np.where(level <= 2, draws.choose([1, 5, 3, 1, 0.5, 0.1], n), draws.choose([0.1, 1, 2, 3, 3, 2], n))
    held = scene.membership.certificates
    place = np.minimum(np.searchsorted(held, person), len(held) - 1)
    without = (held[place] != person) | draws.happens(0.35, n)
    return {
        "num_demande": numbered(n, "TC{0:07d}", draws),
        "type_demande": np.where(turn == 0, first, "renouvellement").astype(object),
        "nom": names.surname,
        "prenom": names.given,
        "nom_arabe": blank(names.surname_arabic + " " + names.given_arabic, draws.happens(0.6, n)),
        "sexe": desk.sex("M", "F"),
        "date_naissance": desk.births("%Y-%m-%d"),
        "lieu_naissance": blank(desk.birth_place(upper=False), draws.happens(0.05, n)),
        "nationalite": desk.nationality("name"),
        "num_passeport": desk.passport(scene.rates.identifier_missing["taechir-contracts"]),
        "date_entree": blank(write_days(people.arrival[person], "%Y-%m-%d"), draws.happens(0.1, n)),
        "fonction": desk.occupation(),
        "diplome": diplomas[step],
        "experience": digits(np.minimum(draws.integers(0, 25, n), np.maximum(people.age[person] - 20, 0)), 1),
        "employeur": employers.name[employer],
        "ice": write_identifiers(employers.ice[employer], 0.05, scene.rates, draws),
        "rc": employers.rc[employer],
        "num_affilie": write_identifiers(employers.affiliation[employer], 0.2, scene.rates, draws),
        "secteur": desk.sector(employers.section[employer]),
        "ville_travail": desk.city(employers.city[employer]),
        "duree_mois": pick(("12", "12", "24", "36", "6"), n, draws),
        "salaire_brut": digits(np.maximum(work.salary[person], 2500), 1),
        "num_attestation_anapec": blank(scene.numbers.certificate[place], without),
        "date_depot": write_days(filed, "%Y-%m-%d"),
        "date_visa": write_days(filed + draws.integers(5, 60, n), "%Y-%m-%d"),
        "statut": pick(("visé",) * 9 + ("rejeté",), n, draws),
    }, person


OFFICES: dict[str, Callable[[Scene], tuple[Columns, Ints]]] = {
    "dgsn-permits": permits,
    "cnss-employees": employees,
    "cnss-pensioners": pensioners,
    "anapec-certificates": certificates,
    "anapec-projects": projects,
    "taechir-contracts": contracts,
}
"""Each register and the function that writes it; the first column is the record's number."""
