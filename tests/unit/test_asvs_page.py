"""The page of ASVS requirements names tests that exist, and each requirement once."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"(tests/[\w/]+\.py)::(\w+)", PAGE)))
ROW = re.compile(r"^\| V(\d+)\.\d+\.\d+ \| ([12]) \| [^|]+ \| (\*{0,2}[a-z ]+\*{0,2}) \| ([^|]+) \|$", re.MULTILINE)
STATES = {"met", "in code", "partly", "**not met**", "does not apply"}
REQUIREMENTS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16,
    17: 7,
}  # fmt: skip
"""Requirements of levels 1 and 2 by chapter, counted in ASVS 5.0.0 (May 2025)."""


@cache
def definitions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_every_named_test_exists(path: str, name: str) -> None:
    assert name.startswith(("test_", "Test"))
    assert name in definitions(path)


def test_nothing_that_looks_like_a_test_goes_unchecked() -> None:
    assert PAGE.count("::") - PAGE.count("`file::name`") == len(re.findall(r"`tests/[\w/]+\.py::\w+`", PAGE))


def test_every_requirement_has_one_row() -> None:
    numbers = re.findall(r"^\| (V[\d.]+) \|", PAGE, re.MULTILINE)
    assert max(Counter(numbers).values()) == 1
    rows = ROW.findall(PAGE)
    assert len(rows) == len(numbers)
    assert STATES - {"**not met**"} <= {state for _, _, state, _ in rows} <= STATES
    assert Counter(int(chapter) for chapter, _, _, _ in rows) == REQUIREMENTS


def test_what_counts_as_met_names_a_test_or_a_page() -> None:
    for chapter, _, state, where in ROW.findall(PAGE):
        assert state != "met" or "::" in where or "](" in where, f"V{chapter}: {where}"


def test_the_counts_are_those_of_the_rows() -> None:
    rows = ROW.findall(PAGE)
    for state in STATES:
        levels = [level for _, level, found, _ in rows if found == state]
        counts = f"| {state} | {levels.count('1')} | {levels.count('2')} | {len(levels)} |"
        assert counts in PAGE


def test_the_page_on_security_has_the_same_counts() -> None:
    rows = ROW.findall(PAGE)
    counts = Counter(state for _, _, state, _ in rows)
    assert {level for _, level, state, _ in rows if state == "**not met**"} <= {"2"}
    said = (
        f"- {counts['**not met**']} requirements of level 2 are not met and {counts['partly']} of levels 1 and 2 are "
        "met in part: [asvs.md](asvs.md) names them."
    )
    assert said in (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
