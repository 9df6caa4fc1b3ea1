"""``wasl compare``: policies or protected files of the same microdata side by side."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wasl.cli.audit_trail import record_event
from wasl.cli.disclosure import read_microdata
from wasl.cli.language import spoken
from wasl.cli.output import JsonFlag, emit, figure, progress, say, show_table
from wasl.errors import InputError
from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.disclosure.policy import DisclosurePolicy
    from wasl.workflow.compare import Comparison

__all__ = ["compare", "compare_files", "register"]

DATA_SUFFIXES = (".parquet", ".pq", ".csv", ".tsv", ".txt", ".sav", ".zsav", ".dta")


def register(app: typer.Typer) -> None:
    """Add the verb ``compare``."""
    app.command("compare")(compare)


def compare(
    scenarios: Annotated[
        list[str],
        typer.Argument(help="Policies (files or shipped names) or protected files and folders.", metavar="A B …"),
    ],
    data: Annotated[Path, typer.Option("--data", help="The original microdata.")],
    policy: Annotated[
        str | None,
        typer.Option("--policy", help="What the variables of protected files are; default: the first policy."),
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="A variable whose groups are followed; repeatable.")
    ] = None,
    row_id: Annotated[
        str | None,
        typer.Option(
            "--row-id", help="A column of data and protected files that numbers the rows; for measured attacks."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for comparison.json and comparison.html.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random; default: a fresh one.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare policies or protected files: risk, utility, what each region or group keeps. Confidential.

    Example: wasl compare public-use scientific-use --data micro.parquet --by region --out scenarios
    """
    with progress("comparing"):
        found = compare_files(scenarios, data, policy=policy, by=by or [], out=out, seed=seed, row_id=row_id)
    if as_json:
        emit(found.to_json())
        return
    show_table(
        "Scenarios (confidential)",
        ("scenario", "thresholds", "k", "expected re-identifications", "linkage", "utility"),
        [
            (
                s.name,
                "refused" if s.refusal else "hold" if s.passed else "fail",
                "" if s.k is None else figure(s.k),
                "" if s.risk is None else f"{s.risk:.2%}",
                "" if s.linkage is None or s.linkage.in_file is None else f"{s.linkage.in_file[0]:.2%}",
                "" if s.utility is None else f"{s.utility:.1%}",
            )
            for s in (found.original, *found.scenarios)
        ],
    )
    expected = [s.name for s in found.scenarios if s.linkage is not None and s.linkage.basis == "keys"]
    if expected:
        say(
            f"{', '.join(expected)}: the success of linkage is expected, and not comparable with what is measured: no "
            "column numbers the rows (--row-id)."
        )
    for scenario in found.scenarios:
        if scenario.refusal:
            say(f"{scenario.name}: {scenario.refusal}")
    if out is not None:
        say(f"comparison: {out / 'comparison.html'}")


def compare_files(
    scenarios: list[str],
    data: Path,
    *,
    policy: str | None = None,
    by: list[str] | None = None,
    out: Path | None = None,
    seed: int | None = None,
    row_id: str | None = None,
) -> Comparison:
    """Compare scenarios, write the comparison where a folder is given, record that the risk was measured.

    Raises:
        InputError: A scenario is neither a policy nor a file.
    """
    from wasl.audit.events import RiskAssessed
    from wasl.disclosure.policy import DisclosurePolicy
    from wasl.disclosure.report.compare_page import comparison_page
    from wasl.registers.exchange.digests import digest_table
    from wasl.registers.exchange.plain_json import json_bytes
    from wasl.workflow.act import RunOptions
    from wasl.workflow.compare import compare as compare_tables

    table = read_microdata(data)
    loaded = [(_name(text), _loaded(text)) for text in scenarios]
    roles = None if policy is None else DisclosurePolicy.load(policy)
    options = RunOptions(seed=seed if seed is not None else secrets.randbits(63), today=datetime.now(UTC).date())
    found = compare_tables(table, loaded, options, roles=roles, groups=by or [], row_id=row_id)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / "comparison.json", json_bytes(found.to_json()))
        write_whole(out / "comparison.html", comparison_page(found.to_json(), spoken().language))
    for scenario, (_, value) in zip(found.scenarios, loaded, strict=True):
        rules = value if isinstance(value, DisclosurePolicy) else roles
        record_event(
            RiskAssessed(
                policy_digest="" if rules is None else rules.digest,
                data_digest=digest_table(table),
                rows=table.num_rows,
                passed=scenario.passed,
                failing_rules=(),
            ),
            subject=scenario.name,
        )
    return found


def _loaded(text: str) -> DisclosurePolicy | pa.Table:
    """The protected file or the policy that an argument names."""
    from wasl.disclosure.policy import DisclosurePolicy

    path = Path(text)
    if path.is_dir():
        return read_microdata(path / "protected.parquet")
    if path.suffix.lower() in DATA_SUFFIXES:
        return read_microdata(path)
    return DisclosurePolicy.load(text)


def _name(text: str) -> str:
    """The name of a scenario: its path or shipped name as it was given.

    Raises:
        InputError: It is empty.
    """
    if not text.strip():
        raise InputError("a scenario has no name.")
    return text.rstrip("/")
