"""Two rounds, or two profiles, have nothing in common but record ids; deliveries of both are never compared."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pyarrow.compute as pc
import pytest

from wasl.errors import DeliveryError, MismatchError
from wasl.holder.profile import EncodingProfile
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.resolve import resolve
from wasl.linkage.score import score_pairs
from wasl.registers.exchange.delivery_header import SCHEME_VERSION, DeliveryHeader, require_comparable


def everything(encoded):
    """Every label, row id, token and filter of a delivery."""
    rows = encoded.delivery.rows.drop_columns("pass")
    return {value for name in rows.column_names for value in rows[name].drop_null().to_pylist()}


def small_open():
    """A profile with filters, tokens and several blocks."""
    profile = EncodingProfile.load("open")
    tokens = profile.passes[0].tokens
    passes = tuple(
        profile.passes[0].model_copy(update={"name": name, "block": block, "tokens": tokens})
        for name, block in (("all", ()), ("year", ("birth_year",)))
    )
    return profile.model_copy(update={"name": "mixed", "passes": passes})


@pytest.mark.parametrize("profile", ["guarded", "tokens", "mixed"])
def test_rounds_share_nothing(make, projects, schema, profile):
    recipe = small_open() if profile == "mixed" else EncodingProfile.load(profile)
    table = projects(schema, 60)
    rounds = [make(table, recipe, round_name=name) for name in ("", "2026-10", "2026-11")]
    for one, other in combinations(rounds, 2):
        assert not everything(one) & everything(other)


@pytest.mark.parametrize(
    "change", [{"version": 99}, {"name": "another"}, {"leak_limit": 0.9}, {"drop_limit": 0.25}, {"released_bits": 192}]
)
def test_profiles_share_nothing_however_little_they_differ(make, projects, schema, change):
    table = projects(schema, 60)
    recipe = EncodingProfile.load("guarded")
    assert not everything(make(table, recipe)) & everything(make(table, recipe.model_copy(update=change)))


def test_record_ids_are_the_same_in_every_round(make, projects, schema):
    table = projects(schema, 20)
    one, other = (make(table, profile, round_name=name) for profile, name in (("guarded", "a"), ("tokens", "b")))
    assert one.payload.rows["record_id"].equals(other.payload.rows["record_id"])


def test_persons_keep_their_ids_across_rounds(make, projects, schema):
    plan = LinkagePlan.load("morocco")
    table = projects(schema, 80)
    spines = []
    for name, onto in (("2026-10", None), ("2026-11", 0)):
        parts = [make(table, round_name=name, name=register) for register in ("one", "other")]
        scored = score_pairs(plan, [part.delivery for part in parts])
        earlier = None if onto is None else spines[onto].spine
        spines.append(resolve(plan, scored, [part.join_map for part in parts], run=name, onto=earlier))
    before, after = ({r["record_id"]: r["person_id"] for r in s.spine.to_pylist()} for s in spines)
    assert before == after
    assert not pc.any(pc.equal(spines[1].changes["change"].cast("string"), "new")).as_py()


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        ({"round_name": "2026-10"}, {"round_name": "2026-11"}, "differ in round: 2026-10 and 2026-11"),
        ({"round_name": "2026-10"}, {}, "differ in round: 2026-10 and none named"),
        ({"profile": "guarded"}, {"profile": "tokens"}, "differ in profile: morocco/guarded .* and morocco/tokens"),
    ],
)
def test_mixing_is_refused_by_name(make, projects, schema, left, right, message):
    table = projects(schema, 20)
    parts = [make(table, name="one", **left), make(table, name="other", **right)]
    with pytest.raises(MismatchError, match=message):
        require_comparable([part.delivery.header for part in parts])
    plan = LinkagePlan.load("morocco").model_copy(update={"profiles": ("guarded", "tokens")})
    with pytest.raises(MismatchError, match=message):
        score_pairs(plan, [part.delivery for part in parts])


def test_deliveries_that_read_names_by_other_rules_are_refused_and_old_headers_are_read(make, projects, schema):
    header = make(projects(schema, 20)).delivery.header
    assert len(header.rules) == 16
    other = replace(header, register="other", rules="0" * 16)
    with pytest.raises(MismatchError, match=r"'other' differ in rules for names and numbers: \w+ and 0000"):
        require_comparable([header, other])
    before = replace(header, register="other", rules="")
    with pytest.raises(MismatchError, match=r"rules for names and numbers: \w+ and none named"):
        require_comparable([header, before])
    require_comparable([before, replace(before, register="third")])
    assert "rules" not in before.to_json()
    assert DeliveryHeader.from_json(before.to_json()) == before
    assert DeliveryHeader.from_json(header.to_json()) == header


def test_a_plan_links_the_round_it_names(make, projects, schema):
    plan = LinkagePlan.load("morocco").model_copy(update={"round": "2026-11"})
    header = make(projects(schema, 20), round_name="2026-10").delivery.header
    with pytest.raises(MismatchError, match=r"'anapec-projects' was made for round '2026-10'.*links round '2026-11'"):
        plan.require_accepts([header])
    plan.model_copy(update={"round": "2026-10"}).require_accepts([header])
    plan.model_copy(update={"round": ""}).require_accepts([header])


@pytest.mark.parametrize("scheme", [1, 3, SCHEME_VERSION + 1])
def test_deliveries_of_another_scheme_are_not_read(make, projects, schema, scheme):
    value = make(projects(schema, 5)).delivery.header.to_json() | {"scheme": scheme}
    with pytest.raises(DeliveryError, match=rf"version {scheme} of the encoding scheme"):
        DeliveryHeader.from_json(value)


def test_a_changed_copy_of_a_document_has_a_digest_of_its_own():
    profile = EncodingProfile.load("guarded")
    assert profile.digest != profile.model_copy(update={"taps": 5}).digest
    assert profile.digest == profile.model_copy(update={"description": "said otherwise"}).digest
