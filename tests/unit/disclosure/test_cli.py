import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.cli.disclosure import read_microdata
from wasl.errors import InputError, PolicyError

POLICY = """
name = "cli"
[thresholds]
k = 3
[[variables]]
name = "sex"
role = "key"
[[variables]]
name = "age"
role = "key"
hierarchy = { levels = [{ width = 20 }] }
[[methods]]
kind = "recode"
variable = "age"
level = 1
[[methods]]
kind = "local_suppression"
"""


@pytest.fixture
def place(tmp_path, rng, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    (tmp_path / "policy.toml").write_text(POLICY)
    frame = pd.DataFrame({"sex": rng.choice(["F", "M"], 100), "age": rng.integers(0, 90, 100)})
    frame.to_csv(tmp_path / "data.csv", index=False)
    return tmp_path


def run(*words):
    return CliRunner().invoke(build_app(["wasl.cli.disclosure", "wasl.cli.synthesis"]), [str(word) for word in words])


def test_assess_prints_json_and_writes_the_internal_report(place):
    result = run("assess", place / "data.csv", "--policy", place / "policy.toml", "--out", place / "risk", "--json")
    assert result.exit_code == 3, result.output  # a threshold does not hold
    value = json.loads(result.stdout)
    assert value["rows"] == 100
    assert value["failures"][0]["rule"] == "thresholds.k"
    assert json.loads((place / "risk" / "internal-report.json").read_text())["rows"] == 100
    assert "<svg" in (place / "risk" / "internal-report.html").read_text()
    assert pq.read_table(place / "risk" / "risk.parquet").num_rows == 100


def test_protect_writes_all_five_files_and_an_event(place):
    out = place / "safe"
    result = run("protect", place / "data.csv", "--policy", place / "policy.toml", "--out", out, "--seed", 3, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["risk_after"]["passed"] is True
    assert sorted(path.name for path in out.iterdir()) == [
        "internal-report.html",
        "internal-report.json",
        "protected.parquet",
        "public-report.html",
        "public-report.json",
    ]
    assert "ProtectionApplied" in (place / "home" / "log.jsonl").read_text()
    again = place / "again"
    run("protect", place / "data.csv", "--policy", place / "policy.toml", "--out", again, "--seed", 3)
    assert pq.read_table(out / "protected.parquet").equals(pq.read_table(again / "protected.parquet"))


def test_human_output_shows_tables(place):
    result = run("assess", place / "data.csv", "--policy", place / "policy.toml")
    assert "Rules that do not hold" in result.stdout
    assert "thresholds.k" in result.stdout


def test_a_refusal_writes_nothing_and_is_logged(place):
    text = POLICY.replace("k = 3", "k = 90").replace('[[methods]]\nkind = "local_suppression"\n', "")
    (place / "strict.toml").write_text(text)
    result = run("protect", place / "data.csv", "--policy", place / "strict.toml", "--out", place / "no")
    assert isinstance(result.exception, PolicyError)
    assert result.exception.exit_code == 3
    assert not (place / "no").exists()
    assert "ProtectionRefused" in (place / "home" / "log.jsonl").read_text()


def test_unreadable_data(place):
    with pytest.raises(InputError, match="no such file"):
        read_microdata(place / "nothing.csv")
    (place / "bad.parquet").write_bytes(b"not parquet")
    with pytest.raises(InputError, match=r"bad\.parquet: cannot be read"):
        read_microdata(place / "bad.parquet")
    (place / "semicolons.csv").write_text("a;b\n1;x\n")
    assert read_microdata(place / "semicolons.csv").column_names == ["a", "b"]


def test_protect_attacks_the_file_and_refuses_what_an_earlier_release_gives_away(place):
    first = place / "first"
    text = POLICY.replace('kind = "local_suppression"', 'kind = "suppress_records"\nmax_share = 1.0')
    text = text.replace("[{ width = 20 }]", "[{ width = 10 }, { width = 20 }]")
    (place / "a.toml").write_text(text.replace("level = 1", "level = 2"))
    words = ("protect", place / "data.csv", "--policy")
    result = run(*words, place / "a.toml", "--out", first, "--seed", 1, "--control", place / "data.csv", "--json")
    attacks = json.loads(result.stdout)["attacks"]
    assert {item["attack"] for item in attacks["attacks"]} == {"linkage", "singling out", "linkability"}
    assert attacks["downcoding"]["mixed"] == []
    assert "Attacks on the file" in (first / "internal-report.html").read_text()
    same = run(*words, place / "a.toml", "--out", place / "same", "--seed", 2, "--earlier", first, "--json")
    assert json.loads(same.stdout)["attacks"]["differencing"]["safe"] is True
    (place / "b.toml").write_text(text.replace("k = 3", "k = 7"))
    refused = run(*words, place / "b.toml", "--out", place / "second", "--seed", 2, "--earlier", first)
    assert isinstance(refused.exception, PolicyError), refused.output
    assert "release.differencing" in str(refused.exception)
    assert not (place / "second").exists()


def test_synthesis_without_sdv_names_the_extra(place, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = run("synthesize", place / "data.csv", "--policy", place / "policy.toml", "--rows", 5, "--out", place / "s")
    assert "wasl[synth]" in str(result.exception)
    result = run(
        "synthesize", place / "data.csv", "--policy", place / "policy.toml", "--rows", 5, "--out", place / "s",
        "--model", "magic",
    )  # fmt: skip
    assert "no model 'magic'" in str(result.exception)


@pytest.mark.parametrize("unlisted", ["drop", "refuse"])
def test_a_column_that_is_dropped_may_hold_anything(place, unlisted):
    table = pa.Table.from_pandas(pd.read_csv(place / "data.csv"), preserve_index=False)
    odd = {"tags": [["a", "b"]] * 100, "place": [{"x": 1.0}] * 100, "raw": [b"1"] * 100, "rate": [float("inf")] * 100}
    for name, cells in odd.items():
        table = table.append_column(name, pa.array(cells))
    pq.write_table(table, place / "odd.parquet")
    named = "".join(f'[[variables]]\nname = "{name}"\nrole = "drop"\n' for name in odd if unlisted == "refuse")
    (place / "odd.toml").write_text(f'unlisted = "{unlisted}"\n' + POLICY + named)
    out = place / "safe"
    result = run("protect", place / "odd.parquet", "--policy", place / "odd.toml", "--out", out, "--seed", 3)
    assert result.exit_code == 0, result.output
    assert pq.read_table(out / "protected.parquet").column_names == ["sex", "age"]
    (place / "open.toml").write_text('unlisted = "free"\n' + POLICY)
    refused = run("assess", place / "odd.parquet", "--policy", place / "open.toml")
    assert isinstance(refused.exception, InputError)
    assert "not single values" in str(refused.exception)
