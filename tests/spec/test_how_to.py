"""The how-to pages work: a copy of the tree, changed as a page's code blocks say, does what the page promises.

A block whose title is a path is written to that file. A title ``PATH, before: LINE`` puts the block before the
first line of the file that begins with LINE. A block titled ``commands`` is run by a shell.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "how-to"
BLOCK = re.compile(r'^```(\w+) title="((?:[^"\\]|\\.)+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def follow(page: str, tree: Path) -> list[str]:
    """Write a page's blocks into a copy of the tree; the blocks of commands."""
    shutil.copytree(ROOT / "src", tree / "src", ignore=shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc"))
    shutil.copytree(ROOT / "config", tree / "config")
    commands = []
    blocks = BLOCK.findall((PAGES / page).read_text(encoding="utf-8"))
    assert blocks, f"{page} has no block with a title"
    for _, title, text in blocks:
        name, _, anchor = title.replace('\\"', '"').partition(", before: ")
        if name == "commands":
            commands.append(text)
            continue
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if anchor:
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            place = next((i for i, line in enumerate(lines) if line.startswith(anchor)), None)
            assert place is not None, f"{page}: no line of {name} begins with {anchor!r}"
            lines.insert(place, text)
            path.write_text("".join(lines), encoding="utf-8")
        else:
            assert not path.exists(), f"{page}: {name} is there already"
            path.write_text(text, encoding="utf-8")
    return commands


def run(command: list[str], tree: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "WASL_HOME": str(tree / "home"), "PYTEST_ADDOPTS": ""}
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )


def test_a_protection_method_added_as_its_page_says_passes_the_pages_tests(tmp_path: Path) -> None:
    follow("protection-method.md", tmp_path)
    tests = "tests/unit/disclosure/methods/test_quantile_medians.py"
    done = run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", tests], tmp_path
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "3 passed" in done.stdout
    # The new method's code obeys the project's own rules, too.
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ruff = run([sys.executable, "-m", "ruff", "check", "--no-cache", "src/wasl/disclosure"], tmp_path)
    assert ruff.returncode == 0, ruff.stdout


def test_a_register_added_as_its_page_says_is_checked_and_encoded(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    (block,) = follow("register.md", tmp_path)
    script = block.replace("wasl ", f"{sys.executable} -m wasl.cli.app ")
    done = run(["bash", "-euo", "pipefail", "-c", script], tmp_path)
    assert done.returncode == 0, done.stderr
    payload = pq.read_table(tmp_path / "seasonal.payload.parquet")
    assert {"crop", "days", "sex", "birth_year"} <= set(payload.column_names)
    assert not set(payload.column_names) & {"surname", "given_name", "born", "number", "nationality", "remark"}
    assert payload.num_rows == 5
    assert sorted(payload["birth_year"].to_pylist()) == [1979, 1988, 1990, 1992, 1995]
    rejects = (tmp_path / "quality" / "rejects.csv").read_text(encoding="utf-8").splitlines()
    assert rejects[1:] == ['6,"born","cell","no such day or month; the rest of the date is kept"']


@pytest.mark.parametrize("page", sorted(path.name for path in PAGES.glob("*.md")))
def test_every_file_that_a_page_names_exists(page: str) -> None:
    text = (PAGES / page).read_text(encoding="utf-8")
    made = {title.partition(",")[0] for _, title, _ in BLOCK.findall(text) if ", before: " not in title}
    for name in re.findall(r"`((?:src|tests|docs|config)/[\w./-]+)`", text):
        if name in made:
            continue
        assert (ROOT / name).exists(), f"{page}: {name}"
