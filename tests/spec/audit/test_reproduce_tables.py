"""An auditor makes recorded tables again: from their data file, and from the deliveries on."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.cli.audit_trail import open_log
from wasl.cli.tables import make_tables
from wasl.errors import InputError, NotFoundError, VerificationError

SEED = 11
METHODS = {
    "suppression": 'method = "suppression"\nlower = 0.3\nupper = 0.3',
    "rounding": 'method = "rounding"\nrounding = { base = 5, kind = "random" }',
    "cell-key": 'method = "cell-key"',
}
SPEC = """
name = "stock"
period = "2025"
[input]
value = "count"
{record}
[primary]
minimum_contributors = 3
[protection]
{method}
[[dimensions]]
name = "region"
hierarchy = "region.csv"
[[dimensions]]
name = "sex"
"""


@pytest.fixture
def office(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "office"))
    rng = np.random.default_rng(5)
    persons = pa.table(
        {
            "person": [f"p{number:04d}" for number in range(600)],
            "region": rng.choice(["01", "04", "06", "09", "12"], 600, p=[0.2, 0.2, 0.39, 0.2, 0.01]),
            "sex": rng.choice(["F", "M"], 600),
            "birth_year": rng.integers(1950, 2005, 600),
        }
    )
    (tmp_path / "data").mkdir()
    pq.write_table(persons, tmp_path / "data" / "persons.parquet")
    pq.write_table(persons.slice(1), tmp_path / "data" / "all-but-one.parquet")
    return tmp_path


def spec_of(office, method):
    record = 'record = "person"' if method == "cell-key" else ""
    path = office / f"{method}.toml"
    path.write_text(SPEC.format(method=METHODS[method], record=record), encoding="utf-8")
    return path


def reproduce(office, monkeypatch, *words, expect=None):
    log = office / "log.jsonl"
    monkeypatch.setenv("WASL_HOME", str(office / "office"))
    log.write_bytes(b"".join(open_log().export()))
    monkeypatch.setenv("WASL_HOME", str(office / "auditor"))
    words = ["audit", "reproduce", *map(str, words), "--log", str(log), "--json"]
    result = CliRunner().invoke(build_app(["wasl.cli.audit"]), words)
    events = [_parsed(data).kind for data in open_log().events()]
    monkeypatch.setenv("WASL_HOME", str(office / "office"))
    if expect is None:
        assert events[-1] == "TablesReproduced"
        assert result.exit_code == 0, (result.output, result.exception)
        return json.loads(result.stdout)
    assert isinstance(result.exception, expect), (result.output, result.exception)
    return f"{result.exception} {result.exception.remedy}"


@pytest.mark.parametrize("method", METHODS)
def test_from_the_data_file(office, monkeypatch, method):
    spec, key = spec_of(office, method), office / "record.key"
    key.write_bytes(b"s" * 32)
    make_tables([office / "data" / "persons.parquet"], str(spec), office / "out", key=key, seed=SEED)
    words = ["--tables", spec, "--seed", SEED, "--inputs", office / "data", "--record-key", key]
    for named in (office / "out", "stock"):
        report = reproduce(office, monkeypatch, named, *words)
        assert (report["reproduced"], report["from_deliveries"]) == (True, False)
        assert report["found"] == report["recorded"]
    assert reproduce(office, monkeypatch, office / "out", *words)["files_compared"] >= 6
    (office / "out" / "table.csv").write_text("region,sex,value\n", encoding="utf-8")
    assert "table.csv" in reproduce(office, monkeypatch, office / "out", *words, expect=VerificationError)


def _parsed(data):
    from wasl.audit.events import AuditEvent

    return AuditEvent.parse(data)


def test_the_seed_is_kept_for_the_office_alone(office):
    spec = spec_of(office, "rounding")
    made = make_tables([office / "data" / "persons.parquet"], str(spec), office / "out")
    report = json.loads((office / "out" / "report.json").read_text(encoding="utf-8"))
    assert report["seed"] == made.report["seed"]
    public = [path for path in (office / "out").iterdir() if path.name != "report.json"]
    assert not [path.name for path in public if str(report["seed"]).encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--seed": "12"}, "seed"),
        ({"--seed": None}, "--seed"),
        ({"--tables": "rounding"}, "specification"),
        ({"--inputs": "all-but-one.parquet"}, "1 of 1 data files"),
        ({"--record-key": "other.key"}, "secret"),
        ({"--spec": "foreign-workers"}, "assembled"),
        ({"--period": "2025"}, "1 of 1 data files"),
    ],
)
def test_what_they_were_not_made_by_is_refused(office, monkeypatch, change, message):
    spec, key = spec_of(office, "cell-key"), office / "record.key"
    key.write_bytes(b"s" * 32)
    (office / "other.key").write_bytes(b"t" * 32)
    make_tables([office / "data" / "persons.parquet"], str(spec), office / "out", key=key, seed=SEED)
    places = {"--tables": spec_of(office, "rounding"), "--inputs": office / "data" / "all-but-one.parquet"}
    places["--record-key"] = office / "other.key"
    given = {"--tables": spec, "--seed": SEED, "--inputs": office / "data", "--record-key": key}
    given |= {name: places.get(name, value) if value else None for name, value in change.items()}
    words = [word for name, value in given.items() if value is not None for word in (name, value)]
    assert message in reproduce(office, monkeypatch, "stock", *words, expect=InputError)


def test_another_hierarchy_and_missing_earlier_tables_are_named(office, monkeypatch):
    spec, data = spec_of(office, "suppression"), office / "data" / "persons.parquet"
    levels = "part,region\n" + "".join(f"{'N' if code < 6 else 'S'},{code:02d}\n" for code in range(1, 13))
    (office / "region.csv").write_text(levels, encoding="utf-8")
    make_tables([data], str(spec), office / "before", seed=SEED)
    make_tables([data], str(spec), office / "out", earlier=[office / "before"], seed=SEED)
    words = ["stock", "--tables", spec, "--seed", SEED, "--inputs", data]
    assert "1 of 1 earlier releases" in reproduce(office, monkeypatch, *words, expect=InputError)
    assert reproduce(office, monkeypatch, *words, "--earlier", office / "before")["reproduced"]
    (office / "region.csv").write_text(levels.replace("S", "T"), encoding="utf-8")
    words += ["--earlier", office / "before"]
    assert "hierarchy region.csv" in reproduce(office, monkeypatch, *words, expect=InputError)
    reproduce(office, monkeypatch, "stocks", *words[1:], expect=NotFoundError)


def test_tables_of_csv_and_indicators_of_a_period(office, monkeypatch):
    spec = spec_of(office, "suppression")
    pacsv.write_csv(pq.read_table(office / "data" / "persons.parquet"), office / "persons.csv")
    make_tables([office / "persons.csv"], str(spec), office / "out", seed=SEED)
    words = ["--tables", spec, "--seed", SEED, "--inputs", office / "persons.csv"]
    assert reproduce(office, monkeypatch, office / "out", *words)["reproduced"]
    set_ = office / "set.toml"
    text = spec.read_text(encoding="utf-8").replace("stock", "set")
    set_.write_text(text.replace('name = "sex"', 'name = "age"\nbands = [25, 45]'), encoding="utf-8")
    make_tables([office / "data" / "persons.parquet"], str(set_), office / "ages", period="2024", seed=SEED)
    words = ["--tables", set_, "--seed", SEED, "--inputs", office / "data" / "persons.parquet"]
    report = reproduce(office, monkeypatch, office / "ages", *words, "--period", "2024")
    assert (report["reproduced"], report["files_compared"] > 6) == (True, True)
    assert "--period" in reproduce(office, monkeypatch, "set", *words, expect=InputError)
