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

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from wasl.cli.app import VERBS, build_app
from wasl.errors import WaslError
from wasl.holder.keyfile import seal_open
from wasl.holder.keys import LinkageKey
from wasl.population.generate import generate

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


@dataclass(frozen=True)
class Linked:
    """Registers of the synthetic Morocco, linked by the command line.

    Attributes:
        folder, home: Where everything is, and the home folder of all parties.
        names: The registers.
        truth: ``register, record, person``: who the records truly are.
    """

    folder: Path
    home: Path
    names: tuple[str, ...]
    truth: pd.DataFrame

    @property
    def spine(self) -> Path:
        """The spine of the linkage."""
        return self.folder / "linked" / "spine.parquet"

    @property
    def payloads(self) -> list[str | Path]:
        """The options that name every payload."""
        return [word for name in self.names for word in ("--payload", self.folder / f"{name}.payload")]

    def persons(self, name: str) -> pd.DataFrame:
        """For each record of a register: its number, its true person, and the person the linkage found."""
        spine = pq.read_table(self.spine, columns=["person_id", "register", "record_id"])
        ids = [value.hex() for value in spine["record_id"].to_pylist()]
        found = pd.DataFrame({"record_id": ids, "found": [str(one) for one in spine["person_id"].to_pylist()]})
        keep = pd.read_csv(self.folder / f"{name}.keep.csv", dtype=str)
        mine = self.truth[self.truth["register"] == name]
        return mine.merge(keep, on=["register", "record"]).merge(found, on="record_id")

    def pairs(self, a: str, b: str) -> tuple[int, float, float]:
        """True pairs of two registers, and precision and recall of the pairs found."""
        left, right = self.persons(a), self.persons(b)
        true = left.merge(right, on="person", suffixes=("", "_b"))
        found = left.merge(right, on="found", suffixes=("", "_b"))
        right_ones = int((found["person"] == found["person_b"]).sum())
        return len(true), right_ones / max(len(found), 1), right_ones / max(len(true), 1)


@pytest.fixture(scope="session")
def fixed_key() -> Callable[[Path, str], Path]:
    """``fixed_key(path, project)`` writes a key file whose secret is the same in every run.

    The key draws the filters' bits, and with them moves a few pairs at the edge. Where a test holds precision or recall
    to a limit, a new key in each run would be a new draw in each run.
    """

    def write(path: Path, project: str) -> Path:
        path.write_bytes(seal_open(LinkageKey.new(project, b"the same key for every test run.")))
        path.chmod(0o600)
        return path

    return write


@pytest.fixture(scope="session")
def linked_registers(call, fixed_key) -> Callable[..., Linked]:
    """``linked_registers(folder, names, persons=…)``: each holder encodes, the linkage unit links and resolves."""

    def link(folder: Path, names: tuple[str, ...], *, persons: int, seed: int = 1) -> Linked:
        home = folder / "home"
        made = generate(persons, seed, scope="all")
        fixed_key(folder / "project.key", "journey")
        for name in names:
            made.registers[name].to_pandas().to_csv(folder / f"{name}.csv", index=False)
            call(
                home, "encode", folder / f"{name}.csv", "--register", name, "--key", folder / "project.key",
                "--round", "2025", "--out", folder / f"{name}.delivery", "--join", folder / f"{name}.join",
                "--payload", folder / f"{name}.payload", "--keep-map", folder / f"{name}.keep.csv",
            )  # fmt: skip
        words: list[str | Path] = [folder / f"{name}.delivery" for name in names]
        words += [word for name in names for word in ("--join", folder / f"{name}.join")]
        call(home, "link", "morocco", *words, "--out", folder / "linked", "--accept")
        return Linked(folder, home, names, made.truth.to_pandas().astype(str))

    return link


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The demo at its default scale, run once: its folder and its JSON result."""
    folder = tmp_path_factory.mktemp("demo")
    done = run_wasl(folder / "home", "demo", "--out", folder / "out", "--json")
    return folder / "out", json.loads(done.stdout)
