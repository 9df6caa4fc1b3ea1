"""Peers the project is measured against, each installed in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["PEERS", "install_peers", "peer_python"]

PEERS: dict[str, tuple[str, ...]] = {
    "clkhash": ("clkhash==0.18.3",),
    "anonlink": ("anonlink==0.15.3",),
    "splink": ("splink==5.0.0",),
    "recordlinkage": ("recordlinkage==0.16",),
    "pycanon": ("pycanon==1.3.6",),
}
"""The peers, each installed in an environment of its own so that no pin of theirs touches ours."""


def peer_python(peers: Path | None, name: str) -> Path | None:
    """The interpreter of a peer's environment, or None when it is not installed."""
    if peers is None:
        return None
    python = peers / name / "bin" / "python"
    return python if python.is_file() else None


def install_peers(peers: Path) -> None:
    """Make an environment for every peer that has none."""
    for name, packages in PEERS.items():
        if peer_python(peers, name) is not None:
            continue
        subprocess.run([sys.executable, "-m", "venv", str(peers / name)], check=True)  # noqa: S603
        python = str(peer_python(peers, name))
        subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)  # noqa: S603
