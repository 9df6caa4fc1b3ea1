"""Peers: other programs that wasl is measured against, each installed in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wasl.errors import InputError

__all__ = ["PEERS", "Peer", "ask_peer", "install_peers", "peer_python"]


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer and what its environment contains.

    Attributes:
        packages: What pip installs. A package that a script of ours imports is listed, also where the peer itself
            no longer depends on it (Splink 5 does not bring numpy and pandas).
        modules: What the scripts import; checked right after the installation.
    """

    packages: tuple[str, ...]
    modules: tuple[str, ...]


PEERS: dict[str, Peer] = {
    "clkhash": Peer(("clkhash==0.18.3",), ("clkhash",)),
    "anonlink": Peer(("anonlink==0.15.3", "numpy"), ("anonlink", "bitarray", "numpy")),
    "splink": Peer(("splink==5.0.0", "duckdb", "numpy", "pandas"), ("splink", "duckdb", "numpy", "pandas")),
    "recordlinkage": Peer(("recordlinkage==0.16", "numpy", "pandas<3"), ("recordlinkage", "numpy", "pandas")),
    "cell-key-perturbation": Peer(("cell-key-perturbation==3.1.0", "pandas"), ("cell_key_perturbation", "pandas")),
    "pycanon": Peer(("pycanon==1.3.6", "pandas"), ("pycanon", "pandas")),
}
"""The peers by name. Each has an environment of its own, so that its requirements do not restrict ours."""

INSTALLED = "wasl-peer.json"
"""File in a peer's environment that says which packages were installed and found to import."""


def peer_python(peers: Path | None, name: str) -> Path | None:
    """The interpreter of a peer's environment; None when no folder of peers was given.

    Raises:
        InputError: A folder was given and the peer is not in it.
    """
    if peers is None:
        return None
    python = _interpreter(peers / name)
    if not python.is_file():
        raise InputError(f"{peers}: the peer {name} is not installed there.", remedy="Add --install-peers.")
    return python


def ask_peer(peers: Path | None, name: str, *arguments: object) -> Any:
    """The JSON value on the last line that a peer's interpreter prints; None when no folder of peers was given.

    Args:
        peers: Folder with the peers' environments.
        name: The peer.
        arguments: Arguments of the interpreter: a script or ``-c`` and a program, and its arguments.

    Raises:
        InputError: The peer is not installed, or its program failed. A peer that cannot run has no figure, and a
            table with a gap or a message in place of the figure would be misread.
    """
    python = peer_python(peers, name)
    if python is None:
        return None
    command = [str(python), "-W", "ignore", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own scripts
    lines = done.stdout.strip().splitlines()
    try:
        if done.returncode == 0 and lines:
            return json.loads(lines[-1])
    except ValueError:
        pass
    reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}, no result"])[-1]
    raise InputError(
        f"the peer {name} cannot run: {reason}",
        remedy=f"Remove {peers}/{name} and run with --install-peers, or measure without --peers.",
    )


def install_peers(peers: Path, names: tuple[str, ...] = tuple(PEERS)) -> None:
    """Make an environment for every peer that has none, or one of other packages, and check that it imports.

    Raises:
        InputError: The packages cannot be installed, or a module cannot be imported.
    """
    for name in names:
        peer, folder = PEERS[name], peers / name
        wanted = json.dumps(list(peer.packages))
        marker = folder / INSTALLED
        if marker.is_file() and marker.read_text(encoding="utf-8") == wanted:
            continue
        python = str(_interpreter(folder))
        steps = (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [python, "-m", "pip", "install", "-q", *peer.packages],
            [python, "-W", "ignore", "-c", f"import {', '.join(peer.modules)}"],
        )
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
                raise InputError(f"the peer {name} cannot be installed: {reason}", remedy=f"Look into {folder}.")
        marker.write_text(wanted, encoding="utf-8")


def _interpreter(folder: Path) -> Path:
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"
