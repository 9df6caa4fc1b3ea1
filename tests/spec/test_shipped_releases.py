"""Every release that ships runs from the synthetic registers to the signed package, in three languages."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pytest

import wasl
from wasl.audit.notes import NoteSigner
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import ThresholdError
from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.linkage.plan import LinkagePlan
from wasl.population.generate import generate
from wasl.publication.description import DatasetDescription
from wasl.publication.package import verify_package
from wasl.registers.codes.classification import CodeList
from wasl.registers.documents import config_dir
from wasl.registers.schema import RegisterSchema
from wasl.workflow.act import RunOptions
from wasl.workflow.assemble import assemble
from wasl.workflow.microdata import MicrodataSpec
from wasl.workflow.protect import protect
from wasl.workflow.publish import publish

POLICIES = {"foreign-workers-puf": "public-use", "foreign-workers-suf": "scientific-use"}
"""Policies whose name is not that of the description."""
DESCRIPTIONS = sorted(path.stem for path in (config_dir() / "publication").glob("*.toml"))
FOR_ESTIMATES = {"census-totals", "reconciliation"}
"""Specifications of files that `wasl estimate` reads and nobody releases."""
SPECS = sorted(path.stem for path in (config_dir() / "microdata").glob("*.toml") if path.stem not in FOR_ESTIMATES)
REGISTERS = (
    "dgsn-permits", "cnss-employees", "cnss-pensioners", "anapec-certificates", "anapec-projects", "taechir-contracts",
    "anapec-job-seekers", "refugees-recognized", "unhcr-refugees", "survey-ene", "census-sample",
)  # fmt: skip


def spec_of(description: str) -> str:
    return description.rsplit("-", 1)[0]


@pytest.fixture(scope="module")
def linked():
    """Eleven registers encoded under one key, linked: spine and payloads."""
    registers = generate(6000, seed=2, scope="all").registers
    key, profile = LinkageKey(bytes(range(32)), "shipped"), EncodingProfile.load("guarded")
    made = [
        encode(
            registers[name], RegisterSchema.load(name), key, profile,
            created="2026-01-01", rng=np.random.default_rng(0), round_name="2025",
        )
        for name in REGISTERS
    ]  # fmt: skip
    result = wasl.link(
        [one.delivery for one in made], LinkagePlan.load("morocco"), joins=[one.join_map for one in made], run="r"
    )
    return result.resolved.artifacts["spine.parquet"], [one.payload for one in made]


@pytest.mark.slow
@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_shipped_release_goes_the_whole_way(linked, name):
    spine, payloads = linked
    act = assemble(spine, payloads, MicrodataSpec.load(spec_of(name)), RunOptions())
    assert act.report["left_out"] == []
    policy = DisclosurePolicy.load(POLICIES.get(name, name))
    safe = protect(act.result.table, policy, RunOptions(seed=1), attack=False)
    assert safe.result.after.passed
    reports = {file: data for file, data in safe.artifacts.items() if file.startswith("public-report")}
    signer = NoteSigner.generate("wasl.release/test")
    made = publish(
        safe.result.table, reports, DatasetDescription.load(name), RunOptions(),
        signer=signer, created=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )  # fmt: skip
    files = {path: data for path, data in made.artifacts.items() if isinstance(data, bytes)}
    assert verify_package(files, signer.verifier).verified
    (areas,) = json.loads(files["report/public-report.json"])["areas"]
    known = act.result.table["region"].to_pandas().value_counts()
    below = next(method.below for method in policy.methods if method.kind == "group_areas")
    shown = {item["code"] for item in areas["published"]}
    hidden = [region for region, rows in known.items() if rows >= below and region not in shown]
    assert len(hidden) <= 1  # what is left over joins at most one region
    columns = safe.result.table
    assert "person_id" not in columns.column_names
    if "weight" in columns.column_names:
        total = sum(act.result.table["weight"].to_pylist())
        assert sum(columns["weight"].to_pylist()) == pytest.approx(total, rel=safe.result.removed / len(columns) + 1e-9)


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_its_three_documents_fit_each_other(name):
    spec, policy = MicrodataSpec.load(spec_of(name)), DisclosurePolicy.load(POLICIES.get(name, name))
    described = {variable.name for variable in DatasetDescription.load(name).variables}
    made = {variable.name for variable in spec.variables if variable.keep} | {one.name for one in spec.derived}
    made |= {"person_id", "registers"} | {f"in_{flag.replace('-', '_')}" for flag in spec.flags}
    roles = {variable.name: variable.role for variable in policy.variables}
    assert made == set(roles)
    assert described == {variable for variable, role in roles.items() if role != "drop"}


SEVERAL_RECORDS = {
    "taechir-contracts": {"request_date"},
    "anapec-certificates": {"certificate_date"},
    "cnss-employees": {"last_month", "declared_month"},
}
"""Registers that have a person several times, and the payload variables that date their records."""
FIXED = {"sex", "nationality", "birth_year", "entry_date"}
"""Variables that do not change from record to record."""


@pytest.mark.parametrize("name", sorted(path.stem for path in (config_dir() / "microdata").glob("*.toml")))
def test_no_value_that_changes_over_time_is_taken_from_a_record_by_chance(name):
    for variable in MicrodataSpec.load(name).variables:
        repeated = set(variable.sources) & SEVERAL_RECORDS.keys()
        if variable.name in FIXED or not repeated or variable.pick in ("max", "min", "sum"):
            continue
        assert variable.pick == "last", variable.name
        for register in repeated:
            assert SEVERAL_RECORDS[register] <= set(variable.orders), (variable.name, register)


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_every_text_and_code_is_there_in_three_languages(name):
    description, policy = DatasetDescription.load(name), DisclosurePolicy.load(POLICIES.get(name, name))
    for text in ("title", "abstract", "geography", "universe", "method", "conditions"):
        assert set(description.texts(text)) == {"en", "fr", "ar"}, text
    for variable in description.variables:
        assert all((variable.label, variable.label_fr, variable.label_ar)), variable.name
        for code in variable.codes:
            assert all((code.label, code.label_fr, code.label_ar)), (variable.name, code.code)
        if variable.classification:
            for entry in CodeList.load(variable.classification).entries.values():
                assert all((entry.label, entry.label_fr, entry.label_ar)), (variable.classification, entry.code)
    for variable in policy.variables:
        if variable.role != "drop":
            assert all((variable.label, variable.label_fr, variable.label_ar)), variable.name


def test_every_specification_has_a_release_and_refugees_have_no_public_one():
    assert {spec_of(name) for name in DESCRIPTIONS} == set(SPECS)
    for spec in SPECS:
        uses = {name.rsplit("-", 1)[1] for name in DESCRIPTIONS if spec_of(name) == spec}
        assert uses == ({"suf"} if spec == "refugees-employment" else {"puf", "suf"})


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_file_too_small_is_refused_not_published_weaker(name):
    policy = DisclosurePolicy.load(POLICIES.get(name, name))
    variables = [variable for variable in policy.variables if variable.role == "key"]
    rows = {variable.name: pa.array([None], pa.string()) for variable in variables} | {"weight": pa.array([1.0])}
    if policy.weight is None:
        del rows["weight"]
    rows["region"], rows["sex"] = pa.array(["06"]), pa.array(["F"])
    with pytest.raises(ThresholdError):
        protect(pa.table(rows), policy, RunOptions(seed=1), attack=False)
