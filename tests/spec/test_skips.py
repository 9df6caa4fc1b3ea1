"""A run with ``--fail-on-skip`` fails when a test skips for a reason that is not listed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"

WAYS = {
    "in the test": "import pytest\ndef test_it(): pytest.skip({reason!r})",
    "by a mark": "import pytest\n@pytest.mark.skipif(True, reason={reason!r})\ndef test_it(): pass",
    "of a module": "import pytest\npytest.skip({reason!r}, allow_module_level=True)",
    "in a fixture": "import pytest\n@pytest.fixture\ndef f(): pytest.skip({reason!r})\ndef test_it(f): pass",
}
OTHER = "def test_other(): pass\n"


def run(folder: Path, test: str, *options: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(CONFTEST, folder / "conftest.py")
    (folder / "test_one.py").write_text(test, encoding="utf-8")
    (folder / "test_two.py").write_text(OTHER, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)]
    bare = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=bare, check=False)


@pytest.mark.parametrize("way", WAYS)
def test_a_skip_that_is_not_listed_fails_the_run(tmp_path: Path, way: str) -> None:
    test = WAYS[way].format(reason="nobody listed this")
    done = run(tmp_path, test, "--fail-on-skip")
    assert done.returncode == 1, done.stdout
    assert "nobody listed this" in done.stdout
    assert run(tmp_path, test).returncode == 0


def test_a_listed_skip_passes(tmp_path: Path) -> None:
    test = WAYS["by a mark"].format(reason="Spark needs Java")
    assert run(tmp_path, test, "--fail-on-skip").returncode == 0


def test_skips_on_workers_count(tmp_path: Path) -> None:
    test = WAYS["in the test"].format(reason="nobody listed this")
    assert run(tmp_path, test, "--fail-on-skip", "-p", "xdist", "-n", "2").returncode == 1
