"""Registers of migrants beside those of work: job seekers, refugees, training, and the surveys and census sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wasl.population.damage import blank
from wasl.population.draws import Draws
from wasl.population.employment import Status, digits
from wasl.population.offices import Columns, Desk, Ints, Scene
from wasl.population.people import REFERENCE_YEAR, day_number
from wasl.population.writing import Hand, numbered, pick, write_days, write_identifiers

__all__ = ["MIGRANT_OFFICES", "Cases", "issue_cases"]

Texts = npt.NDArray[np.object_]
Bools = npt.NDArray[np.bool_]

SHARES = {
    "anapec-job-seekers": 0.0135,  # 2,000 of 150,000 persons
    "training": 0.02,
    "survey-ene": 0.02,
    "survey-forced-migration": 0.02,
    "survey-medhims": 0.02,
    "census-sample": 0.10,  # the 10 % sample of the general census
}
"""Records for each person of the population."""
RECOGNIZED = 0.35
"""Share of the refugees UNHCR has registered whom the State has recognized. An assumption."""
REFUGEE_SEEKS = 0.3
"""Share of job seekers who are refugees. An assumption."""
CASE_KNOWN = 0.7
"""Share of refugees whose UNHCR number other offices wrote down. An assumption."""
EDUCATION = ("SANS DIPLOME", "PRIMAIRE", "COLLEGE", "BACCALAUREAT", "BTS", "LICENCE", "MASTER", "DOCTORAT")
EDUCATION_SHARES = (12, 18, 20, 22, 8, 12, 7, 1)


@dataclass(frozen=True, slots=True)
class Cases:
    """UNHCR case numbers and who has them.

    Attributes:
        number: The case number of every person, empty where there is none.
        registered: Persons UNHCR has registered.
    """

    number: Texts
    registered: Ints


def issue_cases(scene: Scene) -> Cases:
    """One case number for each refugee or asylum seeker."""
    draws = Draws(scene.seed, "cases")
    registered = np.flatnonzero(scene.people.refugee)
    number = np.full(len(scene.people), "", object)
    number[registered] = numbered(len(registered), "MAR-{0:07d}", draws)
    return Cases(number, registered)


def _sample(scene: Scene, register: str, among: Bools) -> Ints:
    """Persons of a register: so many as its share says, at random among those who can be in it."""
    draws = Draws(scene.seed, f"members of {register}")
    wanted = round(SHARES[register] * len(scene.people))
    candidates = np.flatnonzero(among)
    return np.sort(draws.sample(candidates, min(wanted, len(candidates))))


def _desk(scene: Scene, register: str, person: Ints) -> Desk:
    draws = Draws(scene.seed, register)
    return Desk(scene, person[draws.permutation(len(person))], draws)


def _education(desk: Desk) -> Texts:
    return np.array(EDUCATION, object)[desk.draws.choose(list(EDUCATION_SHARES), desk.n)]


def _regions(scene: Scene, person: Ints) -> Texts:
    region = np.array([city.province[:2] for city in scene.figures.cities], object)
    return np.asarray(region[scene.people.city[person]], object)


def job_seekers(scene: Scene, cases: Cases) -> tuple[Columns, Ints]:
    """ANAPEC: migrants in regular situation and refugees who look for work."""
    people = scene.people
    adult = (people.age >= 18) & (people.age <= 60)
    looking = adult & (scene.work.status != Status.RETIRED)
    chosen = _sample(scene, "anapec-job-seekers", looking & ~people.refugee)
    refugees = _sample(scene, "anapec-job-seekers", looking & people.refugee)
    draws = Draws(scene.seed, "refugees who seek work")
    wanted = round(REFUGEE_SEEKS * len(chosen))
    seeking = draws.sample(refugees, min(wanted, len(refugees)))
    person = np.concatenate([chosen[: len(chosen) - len(seeking)], seeking])
    desk = _desk(scene, "anapec-job-seekers", person)
    person, n, draws = desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=False, accents=True, second_given=0.8))
    refugee = people.refugee[person]
    permit = write_identifiers(scene.numbers.permit[person], 0.25, scene.rates, draws)
    status = np.where(refugee, "refugie", np.where(draws.happens(0.3, n), "regularise", "regulier")).astype(object)
    return {
        "num_dossier": numbered(n, "DE{0:07d}", draws),
        "cin_ou_cs": blank(permit, refugee),
        "statut": status,
        "num_hcr": blank(cases.number[person], ~refugee | ~draws.happens(CASE_KNOWN, n)),
        "nom": names.surname,
        "prenom": names.given,
        "sexe": desk.sex("Homme", "Femme"),
        "date_naissance": desk.births("%d/%m/%Y"),
        "nationalite": desk.nationality("demonym"),
        "niveau": _education(desk),
        "metier": desk.occupation(),
        "langues": pick(("français", "français, arabe", "anglais", "français, anglais"), n, draws),
        "region": _regions(scene, person),
    }, person


def refugees_recognized(scene: Scene, cases: Cases) -> tuple[Columns, Ints]:
    """Foreign Affairs: refugees the State has recognized."""
    draws = Draws(scene.seed, "recognized")
    desk = _desk(scene, "refugees-recognized", cases.registered[draws.happens(RECOGNIZED, len(cases.registered))])
    person, n, draws = desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=True, accents=False, second_given=0.6))
    recognized = desk.days(REFERENCE_YEAR - 8, REFERENCE_YEAR)
    return {
        "num_carte": numbered(n, "RF{0:06d}", draws),
        "num_hcr": blank(cases.number[person], ~draws.happens(0.8, n)),
        "nom": names.surname,
        "prenom": names.given,
        "sexe": desk.sex("M", "F"),
        "date_naissance": desk.births("%d/%m/%Y"),
        "nationalite": desk.nationality("name"),
        "date_reconnaissance": write_days(recognized, "%d/%m/%Y"),
        "date_expiration": write_days(recognized + 3 * 365, "%d/%m/%Y"),
        "ville": desk.city(scene.people.city[person]),
    }, person


def unhcr_refugees(scene: Scene, cases: Cases) -> tuple[Columns, Ints]:
    """UNHCR: refugees and asylum seekers, one record for each person; columns that must never leave are there."""
    desk = _desk(scene, "unhcr-refugees", cases.registered)
    person, n, draws = desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=True, accents=False, second_given=0.9))
    return {
        "case_no": cases.number[person],
        "family_name": names.surname,
        "given_name": names.given,
        "sex": desk.sex("M", "F"),
        "date_of_birth": desk.births("%Y-%m-%d"),
        "country_of_origin": desk.nationality("code"),
        "legal_status": np.where(draws.happens(0.55, n), "REF", "ASR").astype(object),
        "arrival_date": write_days(scene.people.arrival[person], "%Y-%m-%d"),
        "specific_needs": blank(pick(("SP-GR", "WR-SF", "SM-MI"), n, draws), draws.happens(0.8, n)),
        "ethnicity": np.full(n, "", object),
        "religion": np.full(n, "", object),
        "medical_notes": np.full(n, "", object),
        "phone": np.full(n, "", object),
        "address": desk.city(scene.people.city[person]),
    }, person


def training(scene: Scene, cases: Cases) -> tuple[Columns, Ints]:
    """Vocational training: immigrants enrolled in a course."""
    people = scene.people
    person = _sample(scene, "training", (people.age >= 16) & (people.age <= 45))
    desk = _desk(scene, "training", person)
    person, n, draws = desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=True, accents=True, second_given=0.7))
    year = draws.integers(REFERENCE_YEAR - 3, REFERENCE_YEAR, n)
    start = day_number(year, np.full(n, 9), draws.integers(1, 28, n))
    refugee = people.refugee[person]
    courses = ("Couture", "Cuisine", "Plomberie", "Électricité du bâtiment", "Informatique", "Coiffure", "Soudure")
    return {
        "num_inscription": numbered(n, "FP{0:07d}", draws),
        "num_carte_sejour": write_identifiers(scene.numbers.permit[person], 0.3, scene.rates, draws),
        "num_passeport": desk.passport(0.35),
        "num_hcr": blank(cases.number[person], ~refugee | ~draws.happens(CASE_KNOWN, n)),
        "nom": names.surname,
        "prenom": names.given,
        "sexe": desk.sex("M", "F"),
        "date_naissance": desk.births("%d/%m/%Y"),
        "nationalite": desk.nationality("NAME"),
        "filiere": pick(courses, n, draws),
        "niveau": _education(desk),
        "region": _regions(scene, person),
        "date_debut": write_days(start, "%d/%m/%Y"),
        "date_fin": write_days(start + 270, "%d/%m/%Y"),
        "resultat": pick(("en cours", "diplômé", "diplômé", "abandon"), n, draws),
    }, person


def _interviewed(scene: Scene, register: str, among: Bools) -> tuple[Desk, Columns]:
    """The columns every survey has: keys, names for linkage, weight, sex, birth, nationality, region, area."""
    desk = _desk(scene, register, _sample(scene, register, among))
    person, n, draws = desk.person, desk.n, desk.draws
    names = desk.names(Hand(upper=False, accents=True, second_given=0.6))
    chosen = max(len(person), 1) / max(int(np.count_nonzero(among)), 1)
    strata = np.array([0.8, 1.0, 1.25])[scene.people.city[person] % 3]
    weight = np.round(strata / chosen, 4)
    status = scene.work.status[person]
    words = np.select([status == Status.EMPLOYED, status == Status.IDLE], ["occupé", "chômeur"], "inactif")
    return desk, {
        "id_individu": numbered(n, "I{0:08d}", draws),
        "id_menage": np.asarray([f"M{number:07d}" for number in scene.people.household[person].tolist()], object),
        "strate": np.asarray([f"S{number}" for number in (scene.people.city[person] % 3).tolist()], object),
        "nom": names.surname,
        "prenom": names.given,
        "ponderation": np.asarray([f"{value:.4f}" for value in weight], object),
        "sexe": desk.sex("1", "2"),
        "date_naissance": desk.births("%Y-%m-%d"),
        "nationalite": desk.nationality("name"),
        "region": _regions(scene, person),
        "milieu": np.where(draws.happens(0.93, n), "urbain", "rural").astype(object),
        "niveau": _education(desk),
        "type_activite": words.astype(object),
    }


def survey_ene(scene: Scene, cases: Cases) -> tuple[Columns, Ints]:
    """HCP: foreigners in the labour force survey."""
    del cases
    desk, columns = _interviewed(scene, "survey-ene", scene.people.age >= 15)
    n, draws = desk.n, desk.draws
    idle = columns["type_activite"] != "occupé"
    employer = scene.work.employer[desk.person]
    return columns | {
        "profession": blank(desk.occupation(), idle),
        "branche": blank(desk.sector(scene.work.employers.section[employer]), idle),
        "heures": blank(digits(draws.integers(20, 60, n), 1), idle),
        "trimestre": pick([f"{REFERENCE_YEAR}T{quarter}" for quarter in (1, 2, 3, 4)], n, draws),
    }, desk.person


def survey_forced_migration(scene: Scene, cases: Cases) -> tuple[Columns, Ints]:
    """HCP: the survey on forced migration, among refugees and migrants in irregular situation."""
    people = scene.people
    holds_permit = np.zeros(len(people), bool)
    holds_permit[scene.membership.permits] = True
    desk, columns = _interviewed(
        scene, "survey-forced-migration", (people.age >= 15) & (people.refugee | ~holds_permit)
    )
    person, n, draws = desk.person, desk.n, desk.draws
    refugee = cases.number[person] != ""
    status = np.where(refugee, "REFUGIE", np.where(draws.happens(0.3, n), "DEMANDEUR D ASILE", "IRREGULIER"))
    idle = columns["type_activite"] != "occupé"
    return columns | {
        "statut": status.astype(object),
        "date_arrivee": write_days(people.arrival[person], "%Y-%m-%d"),
        "document": pick(("PASSEPORT", "CARTE DE REFUGIE", "RECEPISSE", "AUCUN"), n, draws),
        "profession": blank(desk.occupation(), idle),
        "revenu": blank(digits(draws.integers(8, 60, n) * 100, 1), idle),
    }, person


def census_sample(scene: Scene, cases: Cases) -> tuple[Columns, Ints]:
    """HCP: foreigners in the 10 % sample of the general census; names serve linkage only."""
    del cases
    desk, columns = _interviewed(scene, "census-sample", np.ones(len(scene.people), bool))
    person = desk.person
    employer = scene.work.employer[person]
    idle = columns["type_activite"] != "occupé"
    return columns | {
        "code_province": np.array([city.province for city in scene.figures.cities], object)[scene.people.city[person]],
        "annee_arrivee": np.asarray([str(1970 + int(day // 365.2425)) for day in scene.people.arrival[person]], object),
        "profession": blank(desk.occupation(), idle),
        "branche": blank(desk.sector(scene.work.employers.section[employer]), idle),
    }, person


MIGRANT_OFFICES = {
    "anapec-job-seekers": job_seekers,
    "refugees-recognized": refugees_recognized,
    "unhcr-refugees": unhcr_refugees,
    "training": training,
    "survey-ene": survey_ene,
    "survey-forced-migration": survey_forced_migration,
    "census-sample": census_sample,
}
"""Each further register of foreigners and the function that writes it; the first column is the record's number."""
