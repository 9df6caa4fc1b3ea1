"""Runs the command line as its users do: in a process of its own, with a home folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from wasl.cli.app import VERBS, build_app
from wasl.errors import WaslError

Run = Callable[..., subprocess.CompletedProcess[str]]


def run_wasl(home: Path, *words: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run ``wasl`` and check its exit code and that it never shows a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "wasl.cli.app", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "WASL_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture
def wasl(tmp_path: Path) -> Run:
    """``wasl(*words, code=0)`` with a fresh home folder."""
    return lambda *words, code=0: run_wasl(tmp_path / "home", *words, code=code)


@dataclass(frozen=True)
class Done:
    """What a verb left: its exit code, what it printed, and the message of the error that ended it."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def call() -> Callable[..., Done]:
    """``call(home, *words, code=0)`` runs a verb in this process: no start-up, one compilation for all verbs."""

    def run(home: Path, *words: str | Path, code: int = 0) -> Done:
        verb = str(words[0])
        result = CliRunner().invoke(
            build_app([VERBS[verb]]), [str(word) for word in words], env={"WASL_HOME": str(home)}
        )
        error = result.exception
        if error is not None and not isinstance(error, WaslError | SystemExit):
            raise error
        found = error.exit_code if isinstance(error, WaslError) else result.exit_code
        done = Done(found, result.stdout, f"{result.stderr}{error if isinstance(error, WaslError) else ''}")
        assert found == code, f"exit {found}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The demo at its default scale, run once: its folder and its JSON result."""
    folder = tmp_path_factory.mktemp("demo")
    done = run_wasl(folder / "home", "demo", "--out", folder / "out", "--json")
    return folder / "out", json.loads(done.stdout)
