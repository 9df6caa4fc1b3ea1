"""J15: a trainer makes a course pack with one command; students get registers and tasks, the teacher the answers."""

from __future__ import annotations

import json
import re
import shutil

import pandas as pd
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.errors import InputError
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    out = tmp_path_factory.mktemp("course") / "pack"
    words = ["exercise", "--out", str(out), "--persons", "1500", "--seed", "7", "--json"]
    result = CliRunner().invoke(build_app(["wasl.cli.exercise"]), words)
    assert result.exit_code == 0, (result.output, result.exception)
    return out, json.loads(result.stdout)


def test_students_get_registers_and_tasks_but_no_truth(pack):
    out, told = pack
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == told["files"]
    outside = [name for name in told["files"] if not name.startswith("teacher/")]
    assert outside == [
        "exercices.fr.md",
        "exercises.ar.md",
        "exercises.en.md",
        "registers/cnss-employees.csv",
        "registers/dgsn-permits.csv",
    ]
    assert "person" not in (out / "registers" / "dgsn-permits.csv").read_text(encoding="utf-8").splitlines()[0]


def test_the_answers_are_those_of_these_registers(pack):
    out, _ = pack
    permits = pd.read_csv(out / "registers" / "dgsn-permits.csv", dtype=str)
    truth = pd.read_csv(out / "teacher" / "truth.csv", dtype=str)
    answers = (out / "teacher" / "answers.en.md").read_text(encoding="utf-8")
    assert f"has {len(permits):,} records" in answers
    members = {name: set(rows["person"]) for name, rows in truth.groupby("register")}
    assert f"{len(members['dgsn-permits'] & members['cnss-employees']):,} persons are in both" in answers
    read = read_register(out / "registers" / "dgsn-permits.csv", RegisterSchema.load("dgsn-permits"), with_dropped=True)
    born = read.table["date_naissance"].to_pandas()
    first = sum(one is not None and (one.month, one.day) == (1, 1) for one in born)
    assert f"{first:,} birth dates" in answers, "as `wasl check` tells the class"
    told = re.findall(r"(\d\.\d+|1) \((\d\.\d+|1) to (\d\.\d+|1); the truth (lies|does not lie) in it\)", answers)
    true = re.search(r"precision (\d\.\d+|1), recall (\d\.\d+|1)", answers)
    for (value, low, high, lies), right in zip(told, true.groups(), strict=True):
        assert float(low) <= float(value) <= float(high)
        assert (float(low) <= float(right) <= float(high)) == (lies == "lies")
    found = re.search(r"precision (\d\.\d+|1), recall (\d\.\d+|1)", answers)
    assert found
    assert min(map(float, found.groups())) > 0.9
    assert "nan" not in answers


def test_every_language_has_the_same_tasks_and_figures(pack):
    out, _ = pack
    names = ("exercices.fr.md", "exercises.ar.md", "exercises.en.md")
    texts = [(out / name).read_text(encoding="utf-8") for name in names]
    verbs = [re.findall(r"wasl ([a-z]+ .*)", text) for text in texts]
    assert verbs[0] == verbs[1] == verbs[2]
    assert len({len(re.findall(r"^ *\d\. ", text, re.MULTILINE)) for text in texts}) == 1
    answers = [out / "teacher" / name for name in ("corriges.fr.md", "answers.ar.md", "answers.en.md")]
    figures = [
        sorted(re.sub(r"\D", "", word) for word in re.findall(r"\d[\d.,\u202f\xa0]*", one.read_text(encoding="utf-8")))
        for one in answers
    ]
    assert figures[0] == figures[1] == figures[2]
    assert len(verbs[0]) == 12
    assert "{seed}" not in "".join(texts)


@pytest.mark.parametrize(("tasks", "seed"), [("exercices.fr.md", 7), ("exercises.en.md", 90)])
def test_students_run_the_commands_as_they_stand(call, tmp_path, monkeypatch, pack, tasks, seed):
    """In the folder of the class, in the order of the tasks; two verbs say with code 3 that something does not hold."""
    out = tmp_path / "class"
    if seed == 7:
        shutil.copytree(pack[0], out)
    else:
        call(tmp_path / "home", "exercise", "--out", out, "--persons", "700", "--seed", seed)
    monkeypatch.chdir(out)
    shutil.copy("teacher/truth.csv", "truth.csv")
    commands = re.findall(r"^ *wasl (.+)$", (out / tasks).read_text(encoding="utf-8"), re.MULTILINE)
    for command in commands:
        call(tmp_path / "home", *command.split(), code=3 if command.startswith("assess") else 0)
    assert (out / "safe" / "public-report.json").is_file()
    answers = (out / "teacher" / "corriges.fr.md").read_text(encoding="utf-8")
    assert not re.search(r"\bnan\b", answers)
    assert not re.search(r"\d\.\d", answers.split("Règles en échec")[0]), "numbers as French writes them"


def test_an_existing_folder_is_not_touched(pack):
    result = CliRunner().invoke(build_app(["wasl.cli.exercise"]), ["exercise", "--out", str(pack[0])])
    assert isinstance(result.exception, InputError)
