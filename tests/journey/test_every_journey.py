"""Sixteen journeys, one per user: each is scripted, and the README says how long it takes and what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUBJECTS = {
    1: "ANAPEC merges its own two registers",
    2: "CNSS merges its own registers and reads a year of monthly declarations",
    3: "ANAPEC's job seekers are linked to UNHCR's register",
    4: "Moroccans registered at consulates are linked to those placed abroad",
    5: "TAECHIR contracts become persons and published microdata",
    6: "the register of training is linked to permits",
    7: "surveys and the census sample are linked to permits, weighted and estimated",
    8: "foreign workers are published for the public and for science",
    9: "a regional council gets tables of its region and provinces, comparable over time",
    10: "SDMX structures and data, PX and JSON-stat of the labour-migration tables",
    11: "every holder gets back what concerns its own records",
    12: "the auditor writes a visit report and makes a release again from the log",
    13: "the data-protection officer draws up the authorization file",
    14: "an analyst orders tables without seeing microdata",
    15: "the trainer gets a course pack",
    16: "somebody with a register that does not ship makes a first delivery",
}
NOT_YET: frozenset[int] = frozenset()
"""Journeys that are not scripted yet. When one is, its expected failure becomes a failure: take it out here."""


def journeys():
    return [
        pytest.param(number, marks=pytest.mark.xfail(strict=True, reason=f"not yet: {SUBJECTS[number]}"))
        if number in NOT_YET
        else number
        for number in SUBJECTS
    ]


@pytest.mark.parametrize("number", journeys())
def test_the_journey_is_scripted(number):
    files = sorted((ROOT / "tests" / "journey").glob(f"test_j{number:02d}_*.py"))
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert text.startswith((f'"""J{number}:', f'"""J{number} ')), file.name
        assert "def test_" in text


@pytest.mark.parametrize("number", SUBJECTS)
def test_the_readme_has_its_row(number):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(rf"^\| J{number} \|(.*)\|(.*)\|(.*)\|(.*)\|$", readme, re.MULTILINE)
    assert len(rows) == 1
    what, command, seconds, result = (cell.strip() for cell in rows[0])
    assert what
    assert result
    if number in NOT_YET:
        assert result == "not yet"
    else:
        assert "`wasl " in command
        assert re.fullmatch(r"\d+ s|–", seconds)
