"""``wasl benchmark``: the project's own benchmarks, as ratios against the peers installed beside it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from wasl.cli.output import JsonFlag, emit, say, show_table
from wasl.errors import InputError
from wasl.registers.exchange.whole_files import write_whole

__all__ = ["BENCHMARKS", "PEERS", "peer_python", "register"]

BENCHMARKS: dict[str, str] = {
    "encoding": "wasl.lab.benchmarks.encoding",
    "linkage": "wasl.lab.benchmarks.linkage",
    "disclosure": "wasl.lab.benchmarks.disclosure",
    "linkage-scale": "wasl.lab.benchmarks.linkage_scale",
}
"""Each benchmark's module; its ``run(peers, repeats, quick)`` returns one dictionary per measurement."""
ON_REQUEST = {"linkage-scale"}
"""What is measured only when it is named: it takes long, and has no peer."""

PEERS: dict[str, tuple[str, ...]] = {
    "clkhash": ("clkhash==0.18.3",),
    "anonlink": ("anonlink==0.15.3",),
    "splink": ("splink==5.0.0",),
    "recordlinkage": ("recordlinkage==0.16",),
    "pycanon": ("pycanon==1.3.6",),
}
"""The peers, each installed in an environment of its own so that no pin of theirs touches ours."""


def register(app: typer.Typer) -> None:
    """Add the verb ``benchmark``."""
    app.command("benchmark")(benchmark)


def benchmark(
    names: Annotated[
        list[str] | None, typer.Argument(help="encoding, linkage, disclosure (default), linkage-scale.")
    ] = None,
    peers: Annotated[Path | None, typer.Option(help="Folder with the peers' environments.")] = None,
    install_peers: Annotated[bool, typer.Option(help="Make the peers' environments there first.")] = False,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each measurement; the median is reported.")] = 3,
    figure: Annotated[Path | None, typer.Option(help="Draw the cost against rows to this SVG (linkage-scale).")] = None,
    quick: Annotated[bool, typer.Option(help="Small sizes: shows that it works, not how fast it is.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure this machine: every figure beside a peer's in the same run, medians and ratios.

    Example: wasl benchmark linkage --peers ./peers --install-peers
    """
    chosen = names or [name for name in BENCHMARKS if name not in ON_REQUEST]
    if figure is not None and "linkage-scale" not in chosen:
        raise InputError("--figure draws the cost against rows.", remedy="Name the benchmark linkage-scale.")
    unknown = sorted(set(chosen) - set(BENCHMARKS))
    if unknown:
        raise InputError(f"no benchmark {', '.join(unknown)}.", remedy=f"There are: {', '.join(BENCHMARKS)}.")
    if install_peers:
        if peers is None:
            raise InputError("--install-peers needs a folder.", remedy="Add --peers DIR.")
        _install(peers)
    results: dict[str, list[dict[str, Any]]] = {}
    for name in chosen:
        results[name] = import_module(BENCHMARKS[name]).run(peers=peers, repeats=repeats, quick=quick)
        if not as_json:
            _show(name, results[name])
    if figure is not None:
        from wasl.lab.benchmarks.linkage_scale import draw

        write_whole(figure, draw(results["linkage-scale"]))
    if as_json:
        emit(results)
    elif peers is None:
        say("No peers measured: give --peers DIR --install-peers to compare.")


def peer_python(peers: Path | None, name: str) -> Path | None:
    """The interpreter of a peer's environment, or None when it is not installed."""
    if peers is None:
        return None
    python = peers / name / "bin" / "python"
    return python if python.is_file() else None


def _install(peers: Path) -> None:
    for name, packages in PEERS.items():
        if peer_python(peers, name) is not None:
            continue
        say(f"installing {name}")
        subprocess.run([sys.executable, "-m", "venv", str(peers / name)], check=True)  # noqa: S603
        python = str(peer_python(peers, name))
        subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)  # noqa: S603


def _show(name: str, rows: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    show_table(name, columns, [[_cell(row.get(column, "")) for column in columns] for row in rows])


def _cell(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value
