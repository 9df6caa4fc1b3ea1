"""T over all deliveries of a round: what shows in their union, and what the plan makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.errors import DeliveryError, LeakError
from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingPass, EncodingProfile
from wasl.linkage.comparison.pass_layout import sources_of
from wasl.linkage.plan import Candidates, LinkagePlan
from wasl.linkage.quality import union_meter
from wasl.linkage.quality.union_meter import measure_union
from wasl.linkage.score import score_pairs
from wasl.population.generate import generate
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.schema import RegisterSchema

KEY = LinkageKey.new("union", bytes(range(32)))
REGISTERS = ("dgsn-permits", "cnss-employees", "taechir-contracts")


def profile(block, groups=("names", "birth")):
    """One pass, whatever it leaks."""
    guarded = EncodingProfile.load("guarded")
    only = EncodingPass(name="only", block=block, groups=groups)
    return guarded.model_copy(update={"name": "tested", "excess": "report", "passes": (only,)})


@pytest.fixture(scope="module")
def population():
    return generate(900, seed=2).registers


def delivered(tables, recipe, key=KEY):
    rng = np.random.default_rng(0)
    return [
        encode(table, RegisterSchema.load(name), key, recipe, created="", rng=rng, consent_weak_profile=True).delivery
        for name, table in tables.items()
    ]


def measured(tables, recipe, key=KEY):
    return measure_union("only", sources_of(delivered(tables, recipe, key)))


def test_where_structure_shows_it_is_what_the_holder_measured(population):
    """The holder knows the expected agreement; the linkage unit sees it through noise, which the key decides."""
    tables = {"dgsn-permits": population["dgsn-permits"]}
    recipe = profile(("birth_year", "sex"))
    (delivery,) = delivered(tables, recipe)
    keys = (LinkageKey.new("union", bytes([number]) * 32) for number in range(3))
    found = np.median([measured(tables, recipe, key).largest for key in keys])
    assert delivery.header.leak > 3
    assert found == pytest.approx(delivery.header.leak, rel=0.3)
    assert measured(tables, profile(("word_1", "birth_year", "sex"))).largest < 1.5


def test_unrelated_filters_show_nothing(population):
    table = population["dgsn-permits"]
    rng = np.random.default_rng(3)
    texts = ["".join(rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 12)) for _ in range(2 * len(table))]
    for n, column in enumerate(("nom", "prenom")):
        at = table.column_names.index(column)
        table = table.set_column(at, column, [texts[n::2]])
    for name in ("nom_arabe", "prenom_arabe"):
        table = table.set_column(table.column_names.index(name), name, [[""] * len(table)])
    found = measured({"dgsn-permits": table}, profile(("sex",), ("names",)))
    assert abs(found.largest) < 1.5


def test_the_union_shows_more_than_its_parts(population):
    recipe = profile(("birth_year", "sex"))
    tables = {name: population[name] for name in REGISTERS}
    alone = [measured({name: table}, recipe).persons.max(initial=0) for name, table in tables.items()]
    assert measured(tables, recipe).persons.max() >= max(alone)


def test_rows_of_one_person_are_one_person(population):
    table = population["dgsn-permits"].slice(0, 30)
    recipe = profile(("sex",))
    schema = RegisterSchema.load("dgsn-permits")
    again = encode(
        table, schema, KEY, recipe, created="", rng=np.random.default_rng(1), name="again", consent_weak_profile=True
    )
    twice = [*delivered({"dgsn-permits": table}, recipe), again.delivery]
    both, once = measure_union("only", sources_of(twice)), measured({"dgsn-permits": table}, recipe)
    assert both.persons.tolist() == once.persons.tolist()


def test_the_plan_reports_and_obeys_its_limit(population):
    tables = {name: population[name] for name in REGISTERS}
    recipe = profile(("birth_year", "sex"))
    second = EncodingPass(name="narrow", block=("birth_date", "sex"), groups=("names",))
    recipe = recipe.model_copy(update={"passes": (*recipe.passes, second)})
    deliveries = delivered(tables, recipe)
    plan = LinkagePlan(name="limit", profiles=("tested",), consent_weak_profile=True)
    reported = score_pairs(plan, deliveries).report
    by_pass = {row["pass"]: row["largest"] for row in reported["union_leak"]}
    assert {row["pass"] for row in reported["passes"]} == {"only", "narrow"}
    assert by_pass["only"] > 2 * by_pass["narrow"]
    (check,) = [check for check in reported["checks"] if check["name"] == "union-leak"]
    assert check["passed"]
    limited = plan.model_copy(update={"candidates": Candidates(union_leak=max(0.1, by_pass["only"] - 0.5))})
    obeyed = score_pairs(limited, deliveries).report
    assert {row["pass"] for row in obeyed["passes"]} == {"narrow"}
    (check,) = [check for check in obeyed["checks"] if check["name"] == "union-leak"]
    assert not check["passed"]
    assert "only (" in check["message"]
    wide = delivered(tables, profile(("birth_year", "sex")))
    with pytest.raises(LeakError, match="every pass is above"):
        score_pairs(plan.model_copy(update={"candidates": Candidates(union_leak=1.0)}), wide)


def test_a_budget_of_pairs_keeps_the_largest_blocks(population, monkeypatch):
    tables = {name: population[name] for name in REGISTERS}
    sources = sources_of(delivered(tables, profile(("birth_year", "sex"))))
    whole = measure_union("only", sources)
    assert measure_union("only", sources, workers=3).leak.tolist() == whole.leak.tolist()
    monkeypatch.setattr(union_meter, "MOST_PAIRS", 2_000)
    monkeypatch.setattr(union_meter, "CHUNK_BLOCKS", 1)
    part = measure_union("only", sources)
    assert 0 < len(part.leak) < len(whole.leak)
    assert part.leak.tolist() == whole.leak[: len(part.leak)].tolist()
    assert part.blocks == whole.blocks


def test_a_pass_that_is_not_linked_is_checked_too(population, tmp_path):
    """The meter reads parts without their digests; a changed part is found although no layout reads it."""
    recipe = profile(("birth_year", "sex"))
    second = EncodingPass(name="narrow", block=("birth_date", "sex"), groups=("names",))
    (delivery,) = delivered(
        {"dgsn-permits": population["dgsn-permits"]}, recipe.model_copy(update={"passes": (*recipe.passes, second)})
    )
    path = tmp_path / "delivery.parquet"
    delivery.write(path)
    victim = delivery.source.read(delivery.source.numbers_of("only")[0]).column("filter_names")[0].as_py()
    content = path.read_bytes()
    assert content.count(victim) == 1
    path.write_bytes(content.replace(victim, bytes(len(victim))))
    changed = Delivery.read(path)
    wide, narrow = (measure_union(name, sources_of([changed])).largest for name in ("only", "narrow"))
    assert wide > narrow
    limited = LinkagePlan(
        name="limit",
        profiles=("tested",),
        consent_weak_profile=True,
        candidates=Candidates(union_leak=(wide + max(narrow, 0.0)) / 2),
    )
    with pytest.raises(DeliveryError, match="changed after encoding"):
        score_pairs(limited, [changed])
