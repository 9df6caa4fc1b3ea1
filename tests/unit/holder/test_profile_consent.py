"""Profiles are known by digest, and a weak one is used only where holder, office and plan consent."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import pytest

from wasl.errors import LeakError, MismatchError, SchemaError
from wasl.holder.profile import EncodingProfile
from wasl.linkage.plan import LinkagePlan
from wasl.registers.documents import config_dir, load_document
from wasl.registers.profiles import shipped_digests, shipped_profiles

SHIPPED = sorted((config_dir() / "profiles").rglob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_list_of_digests_is_that_of_the_shipped_documents(path):
    assert shipped_profiles()[f"{path.parent.name}/{path.stem}"] == load_document(EncodingProfile, path).digest


def test_no_digest_is_listed_for_a_profile_that_does_not_ship():
    assert set(shipped_profiles()) == {f"{path.parent.name}/{path.stem}" for path in SHIPPED}
    assert shipped_digests("somebodys") == frozenset()


def altered(path, folder, **changes):
    """A copy of a shipped profile with changed keys, in a file of another name."""
    head, *rest = path.read_text(encoding="utf-8").split("[[", 1)
    for key, value in changes.items():
        lines = [line for line in head.splitlines() if not line.startswith(f"{key} = ")]
        head = "\n".join([*lines, f"{key} = {json.dumps(value)}", ""])
    text = "[[".join([head, *rest])
    target = folder / "own.toml"
    target.write_text(text, encoding="utf-8")
    assert tomllib.loads(text)
    return target


@pytest.mark.parametrize(
    "change", [{"leak_limit": 2.0}, {"taps": 0, "released_bits": 2048}, {"excess": "report"}, {"version": 77}]
)
def test_a_file_may_not_take_a_shipped_name(tmp_path, change):
    guarded = config_dir() / "profiles" / "morocco" / "guarded.toml"
    with pytest.raises(SchemaError, match="'guarded' belongs to a profile that ships with wasl"):
        EncodingProfile.load(altered(guarded, tmp_path, **change))
    assert EncodingProfile.load(altered(guarded, tmp_path, name="ours", **change)).name == "ours"


def test_a_copy_of_a_shipped_profile_is_the_shipped_profile(tmp_path):
    guarded = config_dir() / "profiles" / "morocco" / "guarded.toml"
    assert EncodingProfile.load(altered(guarded, tmp_path)).digest == EncodingProfile.load("guarded").digest


WEAK = [
    ({"taps": 0, "released_bits": 2048}, "without diffusion"),
    ({"taps": 1}, "fewer than 3"),
    ({"taps": 2}, "fewer than 3"),
    ({"excess": "report"}, "above the leak limit are released"),
    ({"leak_limit": 1.2}, "above 1"),
    ({"leak_limit": 1e9}, "above 1"),
    ({"released_bits": 2048}, "more than half"),
    ({"consent": True}, "declared weak"),
]


@pytest.mark.parametrize(("change", "reason"), WEAK)
def test_a_weak_profile_needs_consent_to_encode(make, projects, schema, change, reason):
    recipe = EncodingProfile.load("guarded").model_copy(update={"name": "ours", **change})
    table = projects(schema, 20)
    with pytest.raises(LeakError, match=f"'ours' is weak: .*{reason}"):
        make(table, recipe, consent_weak_profile=False)
    header = make(table, recipe, consent_weak_profile=True).delivery.header
    assert reason in "; ".join(header.weaknesses)


@pytest.mark.parametrize("name", ["guarded", "tokens"])
@pytest.mark.parametrize("family", ["morocco", "febrl"])
def test_the_strong_shipped_profiles_need_none(name, family):
    assert EncodingProfile.load(name, family).weaknesses == ()


@pytest.mark.parametrize("change", [change for change, _ in WEAK])
def test_the_plan_must_consent_as_well(make, projects, schema, change):
    recipe = EncodingProfile.load("guarded").model_copy(update={"name": "ours", **change})
    header = make(projects(schema, 20), recipe).delivery.header
    plan = LinkagePlan(name="strict", profiles=("ours",))
    with pytest.raises(MismatchError, match=r"weak profile 'ours'.*plan 'strict' does not consent"):
        plan.require_accepts([header])
    plan.model_copy(update={"consent_weak_profile": True}).require_accepts([header])


def test_a_plan_takes_a_shipped_name_for_the_shipped_document_only(make, projects, schema):
    header = make(projects(schema, 20)).delivery.header
    plan = LinkagePlan.load("morocco")
    plan.require_accepts([header])
    plan.require_accepts([replace(header, profile="morocco/guarded")])
    with pytest.raises(MismatchError, match="another document than the shipped one"):
        plan.require_accepts([replace(header, profile_digest="sha256:" + "0" * 64)])


def test_a_plan_may_name_a_profile_by_its_digest(make, projects, schema):
    recipe = EncodingProfile.load("guarded").model_copy(update={"name": "ours"})
    header = make(projects(schema, 20), recipe).delivery.header
    LinkagePlan(name="by-digest", profiles=(recipe.digest,)).require_accepts([header])
    with pytest.raises(MismatchError, match="does not accept"):
        LinkagePlan(name="by-digest", profiles=("sha256:" + "0" * 64,)).require_accepts([header])
