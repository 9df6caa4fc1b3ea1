"""Every threat to encodings is answered by a test that exists, or by a limit with its figure (``docs/attacks.md``)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
FILES = ("tests/unit/attack/test_encoding_threats.py", "tests/unit/cli/test_pins.py")
THREATS = (
    "one register, one delivery, no known pair", "several periods in one round", "several periods, each in a round",
    "six registers together", "known pairs", "joined view", "order of its source", "payload alone",
    "calls itself `guarded`", "wrapped key", "holder with the key",
)  # fmt: skip
CONTROL = "test_a_file_in_the_order_of_its_source_names_everybody"
"""A test of the attack, not of a threat."""
LIMITS = {
    "several periods in one round": "| periods | 36 months of permits, one round |",
    "six registers together": "| linkage | six registers |",
    "known pairs": "| known, 20 % | one register |",
    "joined view": "| joined, payload | one register |",
    "payload alone": "| payload | sex, nationality, birth year |",
    "holder with the key": "| insider | one register |",
}
"""Of each limit, how the rows of the measured table begin that hold its figures."""


def rows() -> list[tuple[str, str, str]]:
    """Threat, answer and name of the test, row by row."""
    table = PAGE.split("## Threats and tests", 1)[1].split("\n## ", 1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    return [(threat, answer, test.strip("`")) for threat, answer, test in cells[2:]]


@pytest.mark.parametrize("threat", THREATS)
def test_every_threat_has_one_row_and_its_limit_has_figures(threat: str) -> None:
    mine = [row for row in rows() if threat in row[0]]
    assert len(mine) == 1
    answer = mine[0][1]
    assert answer.startswith(("closed", "refused", "limit"))
    if answer.startswith("limit"):
        (start,) = [text for name, text in LIMITS.items() if name in threat]
        assert re.search(re.escape(start) + r".*\d", PAGE), f"{threat}: no figures"


def test_the_named_tests_exist_and_none_is_left_out() -> None:
    sources = {file: (ROOT / file).read_text(encoding="utf-8") for file in FILES}
    named = {test for _, _, test in rows()}
    for test in named:
        assert sum(f"def {test}(" in source for source in sources.values()) == 1, test
    defined = set(re.findall(r"^def (test_\w+)\(", sources[FILES[0]], re.MULTILINE))
    assert defined == {name for name in named if f"def {name}(" in sources[FILES[0]]} | {CONTROL}
