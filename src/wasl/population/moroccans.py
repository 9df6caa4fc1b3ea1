"""Moroccans abroad: placed by ANAPEC, registered at consulates, interviewed about migration."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from wasl.population.damage import Rates, blank
from wasl.population.draws import Draws
from wasl.population.employment import employ
from wasl.population.figures import Figures, Nationality
from wasl.population.lexicon import Lexicon
from wasl.population.membership import enrol
from wasl.population.offices import Columns, Desk, Ints, Scene, issue_numbers
from wasl.population.people import REFERENCE_YEAR, populate
from wasl.population.writing import Hand, numbered, patterned, pick, write_days, write_identifiers

__all__ = ["MOROCCAN_OFFICES", "moroccan_scene"]

Texts = npt.NDArray[np.object_]

MOROCCO = Nationality(
    iso3="MAR",
    name="Maroc",
    spellings=("MAROC",),
    demonyms=("marocain", "marocaine"),
    block="Maghreb",
    census=100.0,
    employees=1.0,
    contracts=1.0,
    refugees=0.0,
    projects=1.0,
    men=0.55,
    ages="family",
    permit=1.0,
    cultures={"ma": 1.0},
    passport="@@#######",
)
BIRTH_PLACES = ("Casablanca", "Fès", "Tanger", "Oujda", "Marrakech", "Agadir", "Nador", "Beni Mellal", "Meknès")
DESTINATIONS = ("FRANCE", "ESPAGNE", "ITALIE", "BELGIQUE", "QATAR", "CANADA")
PLACED = 0.18
"""Share of the Moroccans abroad whom ANAPEC has placed: 27,000 of 150,000. An assumption."""
REGISTERED = 0.6
"""Share of the placed who are registered at a consulate. An assumption."""
CIN_PATTERN = "@@######"


def moroccan_scene(persons: int, seed: int, figures: Figures, lexicon: Lexicon, rates: Rates) -> Scene:
    """Moroccans who live abroad or did, with their numbers."""
    own = dataclasses.replace(
        figures,
        nationalities=(MOROCCO,),
        births=(BIRTH_PLACES,),
    )
    people = populate(persons, seed + 1_000_003, own, lexicon)
    membership = enrol(people, seed + 1_000_003, own)
    formal = np.ones(persons, bool)
    return Scene(
        figures=own,
        lexicon=lexicon,
        people=people,
        work=employ(people, formal, seed + 1_000_003, own),
        membership=membership,
        numbers=issue_numbers(people, membership, own, seed + 1_000_003),
        rates=rates,
        seed=seed + 1_000_003,
    )


def _members(scene: Scene) -> tuple[Ints, Ints]:
    """Persons placed abroad, and persons registered at a consulate."""
    draws = Draws(scene.seed, "abroad")
    adult = np.flatnonzero((scene.people.age >= 19) & (scene.people.age <= 62))
    placed = draws.sample(adult, round(PLACED * len(scene.people)))
    registered = placed[draws.happens(REGISTERED, len(placed))]
    others = draws.sample(np.setdiff1d(np.arange(len(scene.people)), placed), round(0.4 * len(scene.people)))
    return np.sort(placed), np.sort(np.concatenate([registered, others]))


def _cin(scene: Scene) -> Texts:
    draws = Draws(scene.seed, "cin")
    return patterned([CIN_PATTERN], np.zeros(len(scene.people), np.int64), draws)


def _desk(scene: Scene, register: str, person: Ints) -> Desk:
    draws = Draws(scene.seed, register)
    return Desk(scene, person[draws.permutation(len(person))], draws)


def placed_abroad(scene: Scene) -> tuple[Columns, Ints]:
    """ANAPEC: Moroccan workers placed abroad."""
    desk = _desk(scene, "anapec-placed-abroad", _members(scene)[0])
    person, n, draws = desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=True, accents=False, second_given=0.8))
    months = np.array([3, 6, 9, 12, 24])[draws.choose([30, 30, 15, 15, 10], n)]
    left = desk.days(REFERENCE_YEAR - 5, REFERENCE_YEAR)
    employer = scene.work.employer[person]
    return {
        "num_placement": numbered(n, "PL{0:07d}", draws),
        "cin": write_identifiers(_cin(scene)[person], 0.05, scene.rates, draws),
        "num_passeport": desk.passport(0.1),
        "nom": names.surname,
        "prenom": names.given,
        "sexe": desk.sex("M", "F"),
        "date_naissance": desk.births("%d/%m/%Y"),
        "pays": pick(DESTINATIONS, n, draws),
        "metier": desk.occupation(),
        "secteur": desk.sector(scene.work.employers.section[employer]),
        "date_depart": write_days(left, "%d/%m/%Y"),
        "date_retour": blank(write_days(left + months * 30, "%d/%m/%Y"), draws.happens(0.4, n)),
        "duree_mois": np.asarray([str(value) for value in months], object),
    }, person


def consular_register(scene: Scene) -> tuple[Columns, Ints]:
    """Foreign Affairs: Moroccans registered at consulates."""
    desk = _desk(scene, "consular-register", _members(scene)[1])
    person, n, draws = desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=False, accents=True, second_given=0.7))
    registered = desk.days(REFERENCE_YEAR - 15, REFERENCE_YEAR)
    arabic_missing = draws.happens(0.2, n)
    return {
        "num_consulaire": numbered(n, "C{0:08d}", draws),
        "cin": write_identifiers(_cin(scene)[person], 0.12, scene.rates, draws),
        "num_passeport": desk.passport(0.15),
        "nom": names.surname,
        "prenom": names.given,
        "nom_arabe": blank(names.surname_arabic, arabic_missing),
        "prenom_arabe": blank(names.given_arabic, arabic_missing),
        "sexe": desk.sex("M", "F"),
        "date_naissance": desk.births("%Y-%m-%d"),
        "lieu_naissance": desk.birth_place(upper=False),
        "pays_residence": pick(DESTINATIONS, n, draws),
        "consulat": pick(("Paris", "Lyon", "Madrid", "Rome", "Bruxelles", "Montréal"), n, draws),
        "profession": desk.occupation(),
        "date_immatriculation": write_days(registered, "%Y-%m-%d"),
        "date_radiation": blank(write_days(registered + 2000, "%Y-%m-%d"), draws.happens(0.9, n)),
    }, person


def survey_medhims(scene: Scene) -> tuple[Columns, Ints]:
    """HCP: the household survey on international migration, among Moroccans."""
    draws = Draws(scene.seed, "members of survey-medhims")
    adult = np.flatnonzero(scene.people.age >= 15)
    desk = _desk(scene, "survey-medhims", draws.sample(adult, max(round(0.05 * len(scene.people)), 1)))
    person, n, draws = desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=False, accents=True, second_given=0.6))
    status = pick(("MIGRANT ACTUEL", "MIGRANT DE RETOUR", "NON MIGRANT"), n, draws)
    left = draws.integers(1980, REFERENCE_YEAR - 1, n)
    back = np.minimum(left + draws.integers(1, 20, n), REFERENCE_YEAR)
    never, gone = status == "NON MIGRANT", status != "MIGRANT DE RETOUR"
    return {
        "id_individu": numbered(n, "H{0:08d}", draws),
        "id_menage": np.asarray([f"M{number:07d}" for number in scene.people.household[person].tolist()], object),
        "nom": names.surname,
        "prenom": names.given,
        "ponderation": np.asarray([f"{len(scene.people) / max(n, 1):.4f}"] * n, object),
        "sexe": desk.sex("1", "2"),
        "date_naissance": desk.births("%Y-%m-%d"),
        "nationalite": np.full(n, "MAR", object),
        "region": np.array([city.province[:2] for city in scene.figures.cities], object)[scene.people.city[person]],
        "milieu": np.where(draws.happens(0.7, n), "urbain", "rural").astype(object),
        "niveau": pick(("PRIMAIRE", "COLLEGE", "BACCALAUREAT", "LICENCE"), n, draws),
        "statut_migratoire": status,
        "pays_actuel": np.where(status == "MIGRANT ACTUEL", pick(DESTINATIONS, n, draws), "MAROC").astype(object),
        "annee_depart": blank(np.asarray([str(year) for year in left], object), never),
        "annee_retour": blank(np.asarray([str(year) for year in back], object), gone),
        "motif_depart": blank(pick(("travail", "etudes", "regroupement"), n, draws), never),
        "type_activite": pick(("occupé", "chômeur", "inactif"), n, draws),
        "transferts": blank(np.asarray([str(value * 500) for value in draws.integers(1, 60, n)], object), never),
    }, person


MOROCCAN_OFFICES = {
    "anapec-placed-abroad": placed_abroad,
    "consular-register": consular_register,
    "survey-medhims": survey_medhims,
}
"""Each register of Moroccans and the function that writes it; the first column is the record's number."""
