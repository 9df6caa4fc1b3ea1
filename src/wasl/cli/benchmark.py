"""``wasl benchmark``: the project's own benchmarks, as ratios against the peers installed beside it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from wasl.cli.output import JsonFlag, emit, say, show_table
from wasl.errors import InputError
from wasl.lab.peers import install_peers as install_peers_into
from wasl.registers.exchange.whole_files import write_whole

__all__ = ["BENCHMARKS", "register"]

BENCHMARKS: dict[str, str] = {
    "encoding": "wasl.lab.benchmarks.encoding",
    "linkage": "wasl.lab.benchmarks.linkage",
    "disclosure": "wasl.lab.benchmarks.disclosure",
    "tables": "wasl.lab.benchmarks.tables",
    "suppression": "wasl.lab.benchmarks.suppression",
    "linkage-scale": "wasl.lab.benchmarks.linkage_scale",
    "registers": "wasl.lab.benchmarks.registers",
    "laboratory": "wasl.lab.quality.laboratory",
}
"""Each benchmark's module; its ``run(peers, repeats, quick)`` returns one dictionary per measurement."""
ON_REQUEST = {"suppression", "linkage-scale", "registers", "laboratory"}
"""Benchmarks that run only when they are named, because they take long."""


def register(app: typer.Typer) -> None:
    """Add the verb ``benchmark``."""
    app.command("benchmark")(benchmark)


def benchmark(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="encoding, linkage, disclosure, tables (default), suppression, linkage-scale, registers, laboratory."
        ),
    ] = None,
    peers: Annotated[Path | None, typer.Option(help="Folder with the peers' environments.")] = None,
    install_peers: Annotated[bool, typer.Option(help="Make the peers' environments there first.")] = False,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each measurement; the median is reported.")] = 3,
    figure: Annotated[
        Path | None,
        typer.Option(
            help="Draw the cost: to this SVG (linkage-scale), or the curves only to this folder (disclosure)."
        ),
    ] = None,
    quick: Annotated[bool, typer.Option(help="Small sizes: shows that it works, not how fast it is.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure this machine: every figure beside a peer's in the same run, medians and ratios.

    Example: wasl benchmark linkage --peers ./peers --install-peers
    """
    chosen = names or [name for name in BENCHMARKS if name not in ON_REQUEST]
    if figure is not None and chosen not in (["linkage-scale"], ["disclosure"]):
        raise InputError("--figure draws the cost of one benchmark.", remedy="Name linkage-scale or disclosure.")
    unknown = sorted(set(chosen) - set(BENCHMARKS))
    if unknown:
        raise InputError(f"no benchmark {', '.join(unknown)}.", remedy=f"There are: {', '.join(BENCHMARKS)}.")
    if install_peers:
        if peers is None:
            raise InputError("--install-peers needs a folder.", remedy="Add --peers DIR.")
        install_peers_into(peers)
    if figure is not None and chosen == ["disclosure"]:
        _draw_disclosure(figure, repeats, quick=quick)
        return
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


def _draw_disclosure(folder: Path, repeats: int, *, quick: bool) -> None:
    """Measure and draw the two figures of the cost of disclosure control."""
    from wasl.lab.benchmarks.disclosure import cost_series, draw_costs

    for name, picture in draw_costs(cost_series(repeats, quick=quick)).items():
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, picture.encode())
        say(f"{folder / name}")


def _show(name: str, rows: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    show_table(name, columns, [[_cell(row.get(column, "")) for column in columns] for row in rows])


def _cell(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value
