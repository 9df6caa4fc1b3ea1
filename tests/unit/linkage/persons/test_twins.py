"""Twins of whom each register holds another one: less sure, and never linked silently."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wasl.holder.composition import compose_profile
from wasl.holder.profile import EncodingProfile
from wasl.lab.quality.kinds import Sample
from wasl.lab.quality.measure import plan_of, prepare, schema_of
from wasl.lab.quality.people import change_date, corrupt, draw_persons, typo
from wasl.linkage.comparison.patterns import Comparison
from wasl.linkage.model.match_model import Fit, MatchModel, PassModel
from wasl.linkage.persons.merging import MergedPairs, group_meetings
from wasl.linkage.persons.opened_pairs import RecordPairs
from wasl.linkage.persons.twins import LIKE_TWINS, given_apart, twin_like, twin_votes
from wasl.linkage.plan import ModelOptions
from wasl.linkage.quality.checks import check_twins
from wasl.linkage.quality.report import render_report
from wasl.linkage.resolve import Resolution, resolve
from wasl.linkage.score import score_pairs

BROTHERS = [("Albert", "Konrad"), ("Gustav", "Philipp"), ("Otto", "Lukas"), ("Ernst", "Viktor")]
SISTER = [("Albert", "Johanna"), ("Gustav", "Mathilde"), ("Otto", "Friederike"), ("Ernst", "Dorothea")]
INITIAL = [("Albert", "Arnold"), ("Gustav", "Georg"), ("Friedrich", "Ferdinand"), ("Ernst", "Emil")]
THREE = [("Albert", "Konrad", "Johanna"), ("Gustav", "Philipp", "Otto")]


def children(names: list[tuple[str, ...]], first: int, rng: np.random.Generator) -> list[pd.DataFrame]:
    """Children of one birth, one frame for the first of each, one for the second and so on."""
    homes = draw_persons(len(names), rng).drop(columns=["given", "person"])
    frames = []
    for k in range(len(names[0])):
        given = [births[k] for births in names]
        sex = ["F" if name[-1] in "ae" else "M" for name in given]
        number = first + k * len(names) + np.arange(len(names))
        frames.append(homes.assign(given=given, sex=sex, person=number))
    return frames


def sample(names: list[tuple[str, ...]], seed: int, registers: int = 2, common: int = 300, sex: bool = False) -> Sample:
    """Registers that share `common` persons and hold as many of their own; the first holds the first of the children.

    Args:
        names: Given names of the children of each birth.
        seed: Of the draw.
        registers: How many; 1 puts everybody into one.
        common: Persons in every register.
        sex: Whether the sex is recorded.
    """
    rng = np.random.default_rng(seed)
    people = draw_persons(common + max(registers, 2) * common // 2, rng)
    born = children(names, 1_000_000, rng)
    parts = []
    for number in range(max(registers, 2)):
        own = people.iloc[common + number * common // 2 : common + (number + 1) * common // 2]
        part = people.iloc[:common].copy()
        if number:
            for column, how in (("given", typo), ("surname", typo), ("birth", change_date)):
                corrupt(part, column, 0.04, how, rng)
        siblings = born[:1] if number == 0 else born[1:] if number == 1 else []
        parts.append(pd.concat([part, own, *siblings]))
    parts = parts if registers > 1 else [pd.concat(parts)]
    held = {}
    for number, part in enumerate(parts):
        rows = part if sex else part.drop(columns="sex")
        rows = rows.iloc[rng.permutation(len(rows))].reset_index(drop=True)
        rows.insert(0, "record", [f"{number}-{k}" for k in range(len(rows))])
        held[f"r{number}"] = rows
    return Sample(held, registers > 1)


def resolved(drawn: Sample, family: str, profile: str = "guarded") -> tuple[Resolution, pd.DataFrame]:
    """The resolution, and its linked pairs with the true persons of both records."""
    frames = list(drawn.registers.values())
    chosen = (
        compose_profile([schema_of(frame, family) for frame in frames])
        if family == "generic"
        else EncodingProfile.load(profile, family=family)
    )
    prepared = prepare(drawn, chosen, family, 3)
    plan = plan_of(drawn).model_copy(update={"profiles": ("guarded", "open", "generic")})
    found = resolve(
        plan,
        score_pairs(plan, [part.delivery for part in prepared.encoded]),
        [part.join_map for part in prepared.encoded],
        run="test",
    )
    kept = pd.concat([part.keep_map.to_pandas() for part in prepared.encoded])
    truth = kept.merge(prepared.truth, on=["register", "record"])
    owner = dict(zip(zip(truth["register"], truth["record_id"], strict=True), truth["person"].astype(int), strict=True))
    links = found.links.to_pandas()
    for side in ("left", "right"):
        ids = [value.hex() for value in links[f"{side}_record_id"]]
        links[side] = [owner[key] for key in zip(links[f"{side}_register"].astype(str), ids, strict=True)]
    spine = found.spine.to_pandas()
    place = {
        (str(register), value.hex()): person
        for register, value, person in zip(spine["register"], spine["record_id"], spine["person_id"], strict=True)
    }
    found_of: list[list[bytes]] = []
    for side in ("left", "right"):
        columns = links[f"{side}_register"], links[f"{side}_record_id"]
        found_of.append([place[str(register), value.hex()] for register, value in zip(*columns, strict=True)])
    links["together"] = [a == b for a, b in zip(*found_of, strict=True)]
    return found, links


def siblings_linked(links: pd.DataFrame) -> pd.DataFrame:
    """The linked pairs of different children of one birth."""
    children_ = (links["left"] >= 1_000_000) & (links["right"] >= 1_000_000)
    return links[links["together"] & children_ & (links["left"] != links["right"])]


def check_of(found: Resolution) -> dict[str, Any]:
    (check,) = (one for one in found.report["checks"] if one["name"] == "twins")
    return check


@pytest.mark.parametrize(
    ("family", "profile", "names", "registers", "sex"),
    [
        ("febrl", "guarded", BROTHERS, 2, False),
        ("febrl", "guarded", SISTER, 2, True),
        ("febrl", "guarded", INITIAL, 2, False),
        ("febrl", "guarded", THREE, 2, False),
        ("febrl", "guarded", BROTHERS, 3, False),
        ("febrl", "guarded", BROTHERS, 1, False),
        ("febrl", "open", INITIAL, 2, False),
        ("generic", "guarded", BROTHERS, 2, True),
        ("generic", "guarded", SISTER, 2, True),
        ("morocco", "guarded", BROTHERS, 2, True),
    ],
)
def test_few_twins_are_less_sure_between_registers_and_never_linked_silently(
    family: str, profile: str, names: list[tuple[str, ...]], registers: int, sex: bool
) -> None:
    found, links = resolved(sample(names, 7, registers, sex=sex), family, profile)
    wrong = siblings_linked(links)
    assert registers == 1 or (wrong["probability"] < 0.95).all()  # .98 and more without the bound
    assert (wrong["caution"] == LIKE_TWINS).all()
    marked = links["together"] & (links["caution"] == LIKE_TWINS)
    check = check_of(found)
    assert bool(check.get("warning")) is bool(marked.any())
    if marked.any():
        assert check["message"].startswith(f"{int(marked.sum())} of ")
    same = links["left"] == links["right"]
    assert (links["together"] & same).sum() >= 0.97 * 300
    apart = "Given names are compared apart." in check["message"]
    assert apart is (profile == "open")


@pytest.mark.parametrize(("family", "profile"), [("febrl", "guarded"), ("generic", "guarded")])
def test_many_twins_look_like_a_habit_of_other_given_names_and_are_counted(family: str, profile: str) -> None:
    many = [(f"{a}{x}", f"{b}{y}") for a, b in BROTHERS for x in ("", "us", "ine") for y in ("", "or", "ette")]
    found, links = resolved(sample(many, 8, common=100, sex=True), family, profile)
    wrong = siblings_linked(links)
    marked = links["together"] & (links["caution"] == LIKE_TWINS)
    assert len(wrong) > 10
    assert (wrong["caution"] == LIKE_TWINS).mean() > 0.8
    check = check_of(found)
    assert check["message"].startswith(f"{int(marked.sum())} of {int(links['together'].sum())} ")
    assert "each register holds another one" in check["message"]
    assert check["warning"]


def test_too_many_such_links_fail() -> None:
    assert check_twins(60, 100, True).passed is False
    assert check_twins(60, 100, False).warning  # names that are all damaged look the same
    assert check_twins(95, 100, False).passed is False
    assert check_twins(40, 100, True).warning
    assert not check_twins(0, 100, False).warning
    assert check_twins(9, 10, False).passed  # too few to judge


def test_a_warning_stands_in_the_report_before_the_deliveries() -> None:
    report: dict[str, Any] = {
        "plan": "p", "plan_digest": "d", "sources": [], "passes": [], "model": [],
        "checks": [check_twins(4, 100, False).to_json()],
    }  # fmt: skip
    for language, said in (("en", "4 of 100 linked pairs"), ("fr", "4 des 100 paires liées"), ("ar", "توأمان")):
        page = render_report(report, language)
        assert said in page
        assert page.index('class="warned"') < page.index("<h2")
    report["checks"] = [check_twins(0, 100, False).to_json()]
    assert 'class="warned"' not in render_report(report)


LEVELS = tuple(int(share * 128) for share in (0.0, 0.2, 0.35, 0.5, 0.65, 0.75, 0.82, 0.88, 0.92, 0.96))
NAMES, GIVEN, BIRTH = (Comparison(name, "filter", 12, LEVELS) for name in ("names", "given", "birth"))


def passes(*comparisons: tuple[str, tuple[Comparison, ...]]) -> MatchModel:
    return MatchModel(
        tuple(
            PassModel(
                name, held, ("match", "rest"), tuple(np.ones((2, 12)) for _ in held), np.array([[0.5, 0.5]]),
                (("a", "b", 1),), Fit(1, True, 0.0, 0.0), 1.0, 1,
            )
            for name, held in comparisons
        )
    )  # fmt: skip


MODEL = passes(
    ("word", (NAMES, BIRTH)), ("birth", (NAMES,)), ("apart", (GIVEN, BIRTH)), ("passport", (NAMES, BIRTH)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("step", "pattern", "alike"),
    [
        (0, "names:5 birth:11", True),
        (0, "names:1 birth:11", True),
        (0, "names:6 birth:11", False),  # a typing error
        (0, "names:5 birth:10", False),  # another birth date
        (0, "names:. birth:11", False),
        (0, "names:5 birth:.", False),
        (1, "names:4", True),
        (1, "names:9", False),
        (2, "given:2 birth:11", True),
        (2, "given:5 birth:11", False),
        (3, "names:4 birth:11", False),  # they share a passport
    ],
)
def test_what_looks_like_twins(step: int, pattern: str, alike: bool) -> None:
    assert voted(step, pattern) is alike


def voted(*met: int | str) -> bool:
    """Whether a pair looks like twins that met in these passes (number, pattern, number, pattern and so on)."""
    steps, patterns = met[::2], tuple(str(pattern) for pattern in met[1::2])
    one = np.ones(len(steps))
    zero, next_ = np.zeros(len(steps), np.int32), np.ones(len(steps), np.int32)
    opened = RecordPairs(
        zero, next_, np.array(steps, np.int16), one, 0.5 * one, np.arange(len(steps), dtype=np.int32), patterns
    )
    votes = twin_votes(opened, [part.name for part in MODEL.passes], MODEL, ModelOptions())
    (alike,) = group_meetings(opened, 2, votes).alike.tolist()
    return bool(alike)


@pytest.mark.parametrize(
    ("met", "alike"),
    [
        ((0, "names:6 birth:11", 1, "names:4"), True),  # one for, one against
        ((0, "names:6 birth:11", 1, "names:6"), False),
        ((0, "names:6 birth:11", 1, "names:4", 2, "given:2 birth:11"), True),
        ((0, "names:. birth:11", 1, "names:4"), True),  # the first does not show names
        ((0, "names:. birth:11"), False),
        ((3, "names:4 birth:11", 1, "names:9"), False),
    ],
)
def test_passes_vote_on_what_looks_like_twins(met: tuple[int | str, ...], alike: bool) -> None:
    assert voted(*met) is alike


@pytest.mark.parametrize("shared", ["numbered", "same_given"])
def test_a_shared_number_or_given_name_speaks_against_twins(shared: str) -> None:
    one, zero = np.ones(2), np.zeros(2, np.int32)
    pairs = MergedPairs(zero, zero + 1, one, one, zero.astype(np.int16), zero, zero.astype(np.int16))
    held = replace(pairs, **{shared: np.array([True, False])})
    assert twin_like(held, np.array([True, True])).tolist() == [False, True]


def test_whether_given_names_are_compared_apart() -> None:
    options = ModelOptions()
    assert not given_apart(MODEL, options)
    assert given_apart(passes(("all", (GIVEN, BIRTH)), ("street", (BIRTH,))), options)
    assert not given_apart(passes(("all", (BIRTH,))), options)
