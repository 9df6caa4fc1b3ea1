"""Specification, policy and description started from data: each draft is a document that works, and shows no value."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import tomllib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from wasl.audit.notes import NoteSigner
from wasl.cli.app import build_app
from wasl.compliance.particulars import Particulars
from wasl.disclosure.keys.variable_types import as_numbers
from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.policy.draft import draft_policy
from wasl.errors import DeliveryError, InputError
from wasl.holder.payload import payload_columns
from wasl.locale import messages
from wasl.population.generate import generate
from wasl.publication.description import DatasetDescription
from wasl.publication.draft import draft_description
from wasl.publication.package import verify_package
from wasl.registers.documents import config_dir
from wasl.registers.exchange.payload import Payload
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema
from wasl.workflow.act import RunOptions
from wasl.workflow.draft import draft_specification
from wasl.workflow.microdata import MicrodataSpec, assemble_microdata
from wasl.workflow.protect import protect
from wasl.workflow.publish import publish

REGISTERS = ("dgsn-permits", "cnss-employees", "taechir-contracts", "survey-ene", "unhcr-refugees")


FINER = ("birth_year", "province", "stay_duration", "skill_level", "activity_broad", "arrival_cohort",
         "education_level", "permit_type", "permit_motive", "employment_status")  # fmt: skip
"""Variables that a person drops from a drafted policy, because others say nearly the same."""


def run(*words):
    return CliRunner().invoke(build_app(["wasl.cli.schema"]), ["schema", *map(str, words)])


def drafted(kind, *paths):
    words = [word for path in paths for word in ("--draft", path)]
    done = run(kind, *words)
    assert done.exit_code == 0, done.exception
    return done.stdout


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """Payload files of five registers and the true spine of their records."""
    folder = tmp_path_factory.mktemp("payloads")
    made = generate(2500, seed=4, scope="all")
    truth = made.truth.to_pandas()
    spine, payloads = [], []
    for name in REGISTERS:
        schema = RegisterSchema.load(name)
        table = register_from_table(made.registers[name], schema).table
        columns = payload_columns(table, schema, lambda texts: np.arange(len(texts), dtype=np.uint64))
        records = table[schema.record].to_pylist()
        ids = [hashlib.sha256(f"{name} {record}".encode()).digest()[:16] for record in records]
        rows = {"record_id": pa.array(ids, pa.binary(16)), **{one.standard: one.values for one in columns}}
        payload = Payload(name, schema.holder, "2025", schema.digest, pa.table(rows))
        payload.write(folder / f"{name}.payload")
        payloads.append(payload)
        own = truth[truth["register"] == name].set_index("record")["person"]
        spine.append(pa.table({
            "person_id": own.reindex(records).astype(str).to_list(), "register": [name] * len(ids),
            "record_id": pa.array(ids, pa.binary(16)),
        }))  # fmt: skip
    return folder, pa.concat_tables(spine), payloads


def without_comments(text):
    return "\n".join(line.split("  #")[0] for line in text.splitlines() if not line.startswith("#"))


def test_a_specification_drafted_from_payloads_assembles_them(linked, tmp_path):
    folder, spine, payloads = linked
    text = drafted("specification", folder)
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    spec = MicrodataSpec.load(tmp_path / "s.toml")
    assert set(spec.include) == set(REGISTERS)
    assert {v.name for v in spec.variables} == {n for p in payloads for n in p.rows.column_names} - {"record_id"}
    made = assemble_microdata(spine, payloads, spec)
    assert made.left_out == ()
    assert {"age_group", "region", "education_level", "skill_level", "icls_category", "resident_6"} <= set(
        made.coverage
    )
    assert made.totals["weight"][1] == pytest.approx(made.totals["weight"][0])
    by = {v.name: v.by for v in spec.variables}
    assert by["contract_type"] == "request_date"
    # Each variable carries what was found in each register that has it.
    for variable in spec.variables:
        for register in variable.sources:
            assert re.search(rf"# {register}: \d+\s% of [\d,]+ records have a value", text)
    one_file = drafted("specification", folder / "cnss-employees.payload", folder / "dgsn-permits.payload")
    assert set(tomllib.loads(one_file)["include"]) == {"cnss-employees", "dgsn-permits"}


SETTING = re.compile(r"(?:\[{1,2}[\w.-]+\]{1,2}|[\w-]+ = .+)$")
"""A line of a document that a comment holds."""


def uncommented(text):
    """The document with each block of settings in its comments taken out of them, alone; and with all of them."""
    lines = text.splitlines()
    held = [place for place, line in enumerate(lines) if line.startswith("# ") and SETTING.match(line[2:])]
    starts = [place for place in held if place - 1 not in held or lines[place].startswith("# [")]
    blocks = [[place for place in held if start <= place and (end is None or place < end)]
              for start, end in zip(starts, [*starts[1:], None][: len(starts)], strict=True)]  # fmt: skip
    for chosen in (*blocks, held) if held else ():
        yield "\n".join(line[2:] if place in chosen else line for place, line in enumerate(lines))


def filled_in(text):
    """A drafted description with every hole filled."""
    return re.sub('<[^<>"]*>(?=")', "Texte", text.replace("<YYYY-MM-DD>", "2025-01-01"))


def flipped(text):
    """The document with each setting that a comment tells to change changed so, one at a time."""
    for place in re.finditer(r"^(\w+) = (false|true)  # ", text, re.MULTILINE):
        other = "true" if place[2] == "false" else "false"
        yield text[: place.start(2)] + other + text[place.end(2) :]


def test_what_a_drafts_comments_say_can_be_done(linked, tmp_path):
    folder, spine, payloads = linked
    made = assemble_microdata(spine, payloads, MicrodataSpec.load("foreign-workers"))
    pq.write_table(made.table, tmp_path / "protected.parquet")
    (tmp_path / "public-report.json").write_text("{}", encoding="utf-8")
    tables = generate(400, seed=8, scope="all").registers
    texts = [(MicrodataSpec, drafted("specification", folder)), (DisclosurePolicy, draft_policy(made.table, "p", {}))]
    texts.append((DatasetDescription, filled_in(drafted("description", tmp_path))))
    for name in (*REGISTERS, "census-sample", "anapec-projects"):
        tables[name].to_pandas().to_csv(tmp_path / f"{name}.csv", index=False)
        texts.append((RegisterSchema, drafted("register", tmp_path / f"{name}.csv")))
    tried = 0
    for model, text in texts:
        for variant in (*uncommented(text), *flipped(text)):
            document = tomllib.loads(variant)
            model.model_validate(document)
            tried += 1
    assert tried > 8


@pytest.mark.parametrize("name", ["HCR 2025", "unhcr-refugees", "Liste ACNUR"])
def test_a_register_of_unhcr_is_drafted_as_one_to_which_nothing_comes_back(name, tmp_path):
    frame = pd.DataFrame({
        "case": [f"MAR-{n:05d}" for n in range(60)], "family name": ["DIALLO", "KEITA", "BAH"] * 20,
        "menage": [f"M{n // 3}" for n in range(60)], "sex": ["F", "M"] * 30,
        "assistance": [100 * (n % 7) for n in range(60)],
        "arrival": [f"2021-0{1 + n % 9}-11" for n in range(60)],
    })  # fmt: skip
    frame.to_csv(tmp_path / f"{name}.csv", index=False)
    schema = RegisterSchema.model_validate(tomllib.loads(drafted("register", tmp_path / f"{name}.csv")))
    assert schema.returns == "none"
    assert {field.name: field.role.value for field in schema.fields}["assistance"] == "drop"
    assert schema.by_name["arrival"].precision == "quarter"


def test_a_drafted_policy_with_its_commented_methods_protects(linked, tmp_path):
    _, spine, payloads = linked
    made = assemble_microdata(spine, payloads, MicrodataSpec.load("foreign-workers"))
    pq.write_table(made.table, tmp_path / "micro.parquet")
    *_, text = uncommented(drafted("policy", tmp_path / "micro.parquet"))
    for name in FINER:
        text = _dropped(text, name)
    (tmp_path / "p.toml").write_text(text, encoding="utf-8")
    policy = DisclosurePolicy.load(tmp_path / "p.toml")
    assert {"top_bottom", "round"} <= {method.kind for method in policy.methods}
    assert protect(made.table, policy, RunOptions(seed=1), attack=False).result.table.num_rows


def test_the_template_of_particulars_loads_with_its_comments_taken_away():
    text = (config_dir() / "dossier" / "particulars.toml").read_text(encoding="utf-8")
    variants = list(uncommented(re.sub(r"(?<=\S) {2,}# .*$", "", text, flags=re.MULTILINE)))
    assert len(variants) > 5
    for variant in variants:
        Particulars.model_validate(tomllib.loads(variant))
    whole = Particulars.model_validate(tomllib.loads(variants[-1]))
    assert whole.periods
    assert whole.registers


COMMENT = re.compile(r"^\s*# (.+)$|  # (.+)$", re.MULTILINE)
ENGLISH = re.compile(r"\b(the|of|and|are|is|what|missing|different|records|values|rows)\b")


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_comments_of_every_draft_are_in_the_readers_language_and_its_document_is_the_same(linked, language):
    _, spine, payloads = linked
    words = messages(language)
    made = assemble_microdata(spine, payloads, MicrodataSpec.load("foreign-workers"))
    drafts = {
        "specification": (draft_specification(payloads), draft_specification(payloads, words=words)),
        "policy": (draft_policy(made.table, "p", {}), draft_policy(made.table, "p", {}, words)),
        "description": (
            draft_description(made.table, "d", {}, {}),
            draft_description(made.table, "d", {}, {}, words),
        ),
    }
    for kind, (english, translated) in drafts.items():
        assert tomllib.loads(english) == tomllib.loads(translated), kind
        comments = ["".join(found) for found in COMMENT.findall(translated)]
        assert len(comments) == len(COMMENT.findall(english)) > 5
        comments = [one for one in comments if not SETTING.match(one)]
        assert not [one for one in comments if ENGLISH.search(one)], kind
        if language == "ar":
            assert not [one for one in comments if not re.search("[\u0600-\u06ff]", one)], kind


def test_a_draft_shows_no_value_of_the_data(linked):
    folder, spine, payloads = linked
    text = without_comments(drafted("specification", folder)) + drafted("specification", folder)
    made = assemble_microdata(spine, payloads, MicrodataSpec.load("foreign-workers"))
    policy = draft_policy(made.table, "p", {})
    secrets = {str(value) for value in made.table["wage"].drop_null().to_pylist()}
    secrets |= {str(value) for value in made.table["person_id"].to_pylist() if len(str(value)) > 3}
    words = set(re.findall(r"[\w.]+", text + policy))
    assert not words & {secret for secret in secrets if "." in secret or len(secret) > 4}


def test_policy_and_description_drafted_from_data_lead_to_a_package(linked, tmp_path):
    _, spine, payloads = linked
    made = assemble_microdata(spine, payloads, MicrodataSpec.load("foreign-workers"))
    pq.write_table(made.table, tmp_path / "micro.parquet")
    text = drafted("policy", tmp_path / "micro.parquet")
    (tmp_path / "p.toml").write_text(text, encoding="utf-8")
    policy = DisclosurePolicy.load(tmp_path / "p.toml")
    roles = {variable.name: variable.role.value for variable in policy.variables}
    assert set(roles) == set(made.table.column_names)
    assert roles["person_id"] == roles["registers"] == "drop"
    assert {roles[name] for name in ("sex", "region", "nationality", "birth_year")} == {"key"}
    assert roles["wage"] == "sensitive"
    assert roles["in_dgsn_permits"] == "free"
    assert text.count("\n# ") >= len(roles)
    # A person decides: birth year beside the age group is one too many, and so are finer codes beside coarser ones.
    decided = text
    for name in FINER:
        decided = _dropped(decided, name)
    (tmp_path / "p.toml").write_text(decided, encoding="utf-8")
    safe = protect(made.table, DisclosurePolicy.load(tmp_path / "p.toml"), RunOptions(seed=1), attack=False)
    folder = tmp_path / "safe"
    folder.mkdir()
    pq.write_table(safe.result.table, folder / "protected.parquet")
    (folder / "public-report.json").write_bytes(safe.artifacts["public-report.json"])
    described = drafted("description", folder)
    assert described.count("different\n[[variables]]") == safe.result.table.num_columns
    filled = filled_in(described)
    (tmp_path / "d.toml").write_text(filled, encoding="utf-8")
    description = DatasetDescription.load(tmp_path / "d.toml")
    labels = {variable.name: variable.label_ar for variable in description.variables}
    assert labels["region"] == "الجهة"
    reports = {name: data for name, data in safe.artifacts.items() if name.startswith("public-report")}
    signer = NoteSigner.generate("wasl.release/test")
    package = publish(
        safe.result.table, reports, description, RunOptions(), signer=signer,
        created=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )  # fmt: skip
    assert verify_package(dict(package.artifacts), signer.verifier).verified
    codes = pd.read_csv(pd.io.common.BytesIO(package.artifacts["metadata/dictionary.csv"]), dtype=str)
    assert codes.loc[codes["variable"] == "region", "code_label_ar"].dropna().str.len().min() > 3


def _dropped(text, name):
    """The policy with a variable's role made drop, and without the methods that name it."""
    policy = tomllib.loads(text)
    block = text.index(f'name = "{name}"')
    end = text.index("\n\n", block)
    kept = text[:block] + f'name = "{name}"\nrole = "drop"' + text[end:]
    for method in policy["methods"]:
        if method.get("variable") == name:
            at = kept.index("[[methods]]\n" + f'kind = "{method["kind"]}"\nvariable = "{name}"')
            stop = kept.find("[[methods]]", at + 5)
            kept = kept[:at] + (kept[stop:] if stop > 0 else "")
    return kept


@pytest.mark.parametrize("suffix", ["csv", "parquet", "sav", "dta"])
def test_a_policy_is_drafted_from_each_kind_of_microdata(suffix, tmp_path):
    import pyreadstat

    frame = pd.DataFrame({
        "sex": ["F", "M"] * 30, "age": [float(20 + n % 40) for n in range(60)],
        "salaire": [3000.0 + n for n in range(60)], "code": ["01", "02"] * 30,
        "ponderation": [10.0] * 60, "menage": [float(n // 3) for n in range(60)],
    })  # fmt: skip
    path = tmp_path / f"survey.{suffix}"
    if suffix == "csv":
        frame.to_csv(path, index=False)
    elif suffix == "parquet":
        frame.to_parquet(path)
    else:
        (pyreadstat.write_sav if suffix == "sav" else pyreadstat.write_dta)(frame, path)
    roles = {one["name"]: one["role"] for one in tomllib.loads(drafted("policy", path))["variables"]}
    assert roles["sex"] == roles["age"] == "key"
    assert roles["menage"] == "household"
    assert roles["salaire"] == "sensitive"
    assert roles["ponderation"] == "weight"
    assert roles["code"] == "free"


@pytest.mark.parametrize("form", ["{:d} 234,50", "{:d}.234,50 DH", "{:d},234.50", "MAD {:d}234.5"])
def test_amounts_of_money_are_sensitive_however_they_are_written(form):
    table = pa.table({"sex": ["F", "M"] * 40, "salaire": [form.format(1 + n) for n in range(80)]})
    roles = {one["name"]: one["role"] for one in tomllib.loads(draft_policy(table, "p", {}))["variables"]}
    assert roles["salaire"] == "sensitive"
    numbers = as_numbers("salaire", table["salaire"], classes=False).to_pylist()
    assert numbers == [1000.0 * (1 + n) + 234.5 for n in range(80)]


def test_an_arabic_heading_is_an_arabic_label(tmp_path):
    frame = pd.DataFrame(
        {"الاسم العائلي": ["DIALLO", "KEITA"] * 9, "nom du père": ["A", "B"] * 9, "الجهة": ["09"] * 18}
    )
    frame.to_csv(tmp_path / "سجل.csv", index=False)
    fields = RegisterSchema.model_validate(tomllib.loads(drafted("register", tmp_path / "سجل.csv"))).fields
    assert [bool(one.label_ar) for one in fields] == [True, False, True]
    assert [bool(one.label_fr) for one in fields] == [False, True, False]


def test_what_cannot_be_drafted_from_is_refused(linked, tmp_path):
    folder, _, _ = linked
    with pytest.raises(InputError, match="no column looks like"):
        draft_policy(pa.table({"a": ["x", "y"]}), "p", {})
    with pytest.raises(InputError, match="no rows"):
        draft_policy(pa.table({"sex": pa.array([], pa.string())}), "p", {})
    (tmp_path / "x.json").write_text(json.dumps({}), encoding="utf-8")
    assert isinstance(run("specification", "--draft", tmp_path).exception, InputError)
    assert isinstance(run("specification", "--draft", tmp_path / "x.json").exception, DeliveryError)
    both = ["--draft", folder / "cnss-employees.payload", "--draft", folder]
    assert isinstance(run("policy", *both).exception, InputError)
    target = tmp_path / "s.toml"
    assert run("specification", "--draft", folder, "--out", target).exit_code == 0
    assert isinstance(run("specification", "--draft", folder, "--out", target).exception, InputError)
