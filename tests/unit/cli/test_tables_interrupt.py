"""Ctrl-C during a search: the best protected answer so far is written, and the command succeeds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from wasl.lab.benchmarks.suppression import made_up_enterprises

PROGRAM = """
import contextlib, sys
import wasl.cli.tables as verb
import wasl.tables.suppression.search as search
from wasl.cli.app import build_app

def told(done, total):
    print("step", flush=True)

def checking(*given):
    print("checking", flush=True)
    return check(*given)

check, search.require_feasible = search.require_feasible, checking
verb.progress = lambda title: contextlib.nullcontext(told)
build_app(["wasl.cli.tables"])(sys.argv[1:], standalone_mode=False)
print("written", flush=True)
"""

SPEC = """
name = "turnover"
[input]
value = "turnover"
[[dimensions]]
name = "branch"
[[dimensions]]
name = "region"
hierarchy = "regions.csv"
[[dimensions]]
name = "size"
[primary]
minimum_contributors = 3
dominance = [{ n = 1, k = 85 }]
[protection]
lower = 0.1
upper = 0.1
time_limit_seconds = 3000
"""


@pytest.fixture
def project(tmp_path):
    """A table of three dimensions whose proof takes far longer than the test."""
    data, hierarchies = made_up_enterprises(6_000, 2)
    pq.write_table(data, tmp_path / "data.parquet")
    regions = hierarchies["regions"].to_pandas()
    regions.to_csv(tmp_path / "regions.csv", index=False)
    (tmp_path / "spec.toml").write_text(SPEC)
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
@pytest.mark.parametrize("after", [0, 1, 3])
def test_interrupt_keeps_the_best_protected_answer(project, after):
    out = project / "out"
    arguments = [str(project / "data.parquet"), "--spec", str(project / "spec.toml"), "--out", str(out)]
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "tables", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=project,
        env=os.environ | {"WASL_HOME": str(project / "home")},
    )
    assert child.stdout is not None
    with child:
        assert child.stdout.readline() == "checking\n"  # that the demand can be met
        for _ in range(after):
            assert child.stdout.readline() == "step\n"
        child.send_signal(signal.SIGINT)
        rest = child.stdout.read()
    assert child.returncode == 0
    assert rest.endswith("written\n")
    report = json.loads((out / "report.json").read_text())
    assert report["interrupted"]
    assert not report["proven"]
    assert 0 <= report["bound"] <= report["cost"]
    assert report["steps"]["ended_by"] == "user"
    assert report["steps"]["first_answer"] == "heuristic" or not after
    assert report["audit"]["passed"]
    assert (out / "table.csv").exists()
