"""A peer that cannot run is an error, never a gap or a message in place of a figure."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.errors import InputError
from wasl.lab import peers as peers_module
from wasl.lab.benchmarks.linkage_peers import cleartext_peers, run_peer
from wasl.lab.peers import INSTALLED, PEERS, Peer, ask_peer, install_peers, peer_python

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for a peer's interpreter is a shell script")


def stand_in(peers: Path, name: str, script: str) -> None:
    """A peer's interpreter that runs a line of shell in place of Python."""
    python = peers / name / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    python.chmod(0o755)


FAULTS = {
    "a module is missing": ("echo \"ModuleNotFoundError: No module named 'numpy'\" >&2; exit 1", "No module named"),
    "it is killed": ("exit 137", "exit code 137"),
    "it prints nothing": ("exit 0", "no result"),
    "it prints no figure": ("echo Traceback", "no result"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", PEERS)
def test_a_peer_that_fails_raises_with_its_reason(tmp_path: Path, name: str, fault: str) -> None:
    script, reason = FAULTS[fault]
    stand_in(tmp_path, name, script)
    with pytest.raises(InputError, match=reason) as raised:
        ask_peer(tmp_path, name, "-c", "pass")
    assert name in str(raised.value)
    assert "--install-peers" in raised.value.remedy


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_that_is_not_installed_raises(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"{name} is not installed"):
        peer_python(tmp_path, name)
    assert peer_python(None, name) is None


def test_the_last_line_is_the_answer(tmp_path: Path) -> None:
    stand_in(tmp_path, "splink", "echo a message of the peer; echo '{\"seconds\": 2.5}'")
    assert run_peer(tmp_path, "splink", "splink_febrl.py") == {"seconds": 2.5}


def test_no_figure_is_written_for_a_peer_that_fails(tmp_path: Path) -> None:
    import numpy as np
    import pandas as pd

    stand_in(tmp_path, "splink", "exit 1")
    rows = pd.DataFrame({"register": ["a"], "surname": ["x"]})
    with pytest.raises(InputError, match="splink cannot run"):
        cleartext_peers(rows, np.zeros(1, np.int64), "febrl", tmp_path, tmp_path, ["splink"])


def test_the_verb_ends_with_the_error(tmp_path: Path) -> None:
    stand_in(tmp_path, "clkhash", "echo broken >&2; exit 1")
    app = build_app(["wasl.cli.benchmark"])
    done = CliRunner().invoke(app, ["benchmark", "encoding", "--quick", "--repeats", "1", "--peers", str(tmp_path)])
    assert done.exit_code != 0
    assert isinstance(done.exception, InputError)
    assert "clkhash cannot run: broken" in str(done.exception)


def test_an_environment_whose_modules_do_not_import_is_no_installed_peer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers_module, "PEERS", {"it": Peer((), ("a_module_that_nobody_has",))})
    steps: list[list[str]] = []
    run = peers_module.subprocess.run

    def record(step: list[str], **options: object) -> object:
        steps.append(step)
        if step[1:3] == ["-m", "venv"]:
            stand_in(tmp_path, "it", f'exec {sys.executable} "$@"')
            step = [sys.executable, "-c", "pass"]
        elif step[1:3] == ["-m", "pip"]:
            step = [sys.executable, "-c", "pass"]
        return run(step, **options)

    monkeypatch.setattr(peers_module.subprocess, "run", record)
    with pytest.raises(InputError, match="a_module_that_nobody_has"):
        install_peers(tmp_path, ("it",))
    assert not (tmp_path / "it" / INSTALLED).exists()


def test_an_environment_of_other_packages_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    class Done:
        returncode = 0
        stderr = ""

    def record(step: list[str], **_: object) -> Done:
        made.append(step[2])
        return Done()

    monkeypatch.setattr(peers_module.subprocess, "run", record)
    (tmp_path / "splink").mkdir()
    (tmp_path / "splink" / INSTALLED).write_text(json.dumps(["splink==5.0.0"]), encoding="utf-8")
    install_peers(tmp_path, ("splink",))
    assert made[0] == "venv"
    made.clear()
    install_peers(tmp_path, ("splink",))
    assert made == []


@pytest.mark.parametrize("name", PEERS)
def test_every_module_a_script_imports_is_checked_at_installation(name: str) -> None:
    """Splink 5 brings neither numpy nor pandas: what our scripts import is named in the packages."""
    import ast

    scripts = Path(peers_module.__file__).parent / "benchmarks" / "peer_scripts"
    imported: set[str] = set()
    for script in scripts.glob(f"{name}_*.py"):
        for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert imported - set(sys.stdlib_module_names) <= set(PEERS[name].modules)
