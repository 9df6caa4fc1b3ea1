"""``wasl assess``, ``wasl protect``: the release desk's verbs on microdata."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.audit.events import EventKind
from wasl.cli.audit_trail import record_event
from wasl.cli.output import JsonFlag, emit, progress, say, show_table
from wasl.errors import InputError, PolicyError
from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.disclosure.protect import Protection
    from wasl.disclosure.risk.assess import RiskReport

__all__ = [
    "ControlOption",
    "DataArgument",
    "PolicyOption",
    "assess_data",
    "finite",
    "json_text",
    "protect_data",
    "read_microdata",
    "register",
    "show_attacks",
]

DataArgument = Annotated[Path, typer.Argument(help="Microdata, CSV or Parquet.", metavar="DATA")]
PolicyOption = Annotated[str, typer.Option("--policy", help="Policy: a TOML file or a shipped name.")]
ControlOption = Annotated[
    Path | None, typer.Option("--control", help="Persons of the same population who are not in DATA, for the attacks.")
]
PopulationOption = Annotated[
    Path | None, typer.Option("--population", help="Population table with the same keys, for k-map.")
]


def register(app: typer.Typer) -> None:
    """Add the verbs ``assess`` and ``protect``."""
    app.command("assess")(assess)
    app.command("protect")(protect)


def assess(
    data: DataArgument,
    policy: PolicyOption,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the internal report and the risk per row.")
    ] = None,
    population: PopulationOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure the disclosure risk of microdata. Confidential: the report tells where a file is weak.

    Example: wasl assess micro.parquet --policy public-use --out risk
    """
    with progress("assessing"):
        report = assess_data(data, policy, out=out, population=population)
    if as_json:
        emit(finite(report.to_json()))
        return
    _show_risk(report, out)


def protect(
    data: DataArgument,
    policy: PolicyOption,
    out: Annotated[Path, typer.Option("--out", help="Folder for the protected file and the reports.")],
    seed: Annotated[
        int | None, typer.Option(help="Seed of everything random; default: a fresh one, kept in the internal report.")
    ] = None,
    population: PopulationOption = None,
    control: ControlOption = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option("--earlier", help="An earlier release of the same population (file or OUT folder); repeatable."),
    ] = None,
    attack: Annotated[bool, typer.Option("--attack/--no-attack", help="Attack the protected file, too.")] = True,
    as_json: JsonFlag = False,
) -> None:
    """Change microdata until the policy holds, or refuse (exit 3) naming the rules that do not.

    Writes OUT/protected.parquet, OUT/internal-report.{json,html} and OUT/public-report.{json,html}.

    Example: wasl protect micro.parquet --policy public-use --out safe --seed 7
    """
    with progress("protecting"):
        protection = protect_data(
            data, policy, out, seed=seed, population=population, control=control, earlier=earlier or [], attack=attack
        )
    if as_json:
        emit(finite({**protection.internal_report(), "out": str(out)}))
        return
    _show_protection(protection, out)
    show_attacks(protection.attacks or {})


def assess_data(data: Path, policy: str, *, out: Path | None = None, population: Path | None = None) -> RiskReport:
    """Assess a file, write the report where a folder is given, record the event."""
    from wasl.disclosure.policy.document import DisclosurePolicy
    from wasl.disclosure.report.pages import assessment_page
    from wasl.disclosure.risk.assess import assess as assess_table
    from wasl.registers.exchange.delivery import write_parquet
    from wasl.registers.exchange.digests import digest_table

    rules = DisclosurePolicy.load(policy)
    table = read_microdata(data)
    others = read_microdata(population) if population is not None else None
    report = assess_table(table, rules, population=others)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / "internal-report.json", json_text(report.to_json()))
        write_whole(out / "internal-report.html", assessment_page(report, rules))
        write_parquet(report.table(), out / "risk.parquet")
    record_event(
        EventKind.RISK_ASSESSED,
        subject=rules.name,
        detail={
            "policy_digest": rules.digest,
            "data_digest": digest_table(table),
            "rows": report.rows,
            "passed": report.passed,
            "failing_rules": [failure.rule for failure in report.failures],
        },
    )
    return report


def protect_data(
    data: Path,
    policy: str,
    out: Path,
    *,
    seed: int | None = None,
    population: Path | None = None,
    control: Path | None = None,
    earlier: Sequence[Path] = (),
    attack: bool = True,
) -> Protection:
    """Protect a file, attack it, write results and reports, record the event; a refusal is recorded, too."""
    from wasl.disclosure.policy.document import DisclosurePolicy
    from wasl.disclosure.protect import protect as protect_table
    from wasl.disclosure.report.pages import internal_page, public_page
    from wasl.registers.exchange.delivery import write_parquet
    from wasl.registers.exchange.digests import digest_table

    rules = DisclosurePolicy.load(policy)
    table = read_microdata(data)
    others = read_microdata(population) if population is not None else None
    known = {"policy_digest": rules.digest, "data_digest": digest_table(table), "rows": table.num_rows}
    chosen = seed if seed is not None else secrets.randbits(63)
    try:
        protection = protect_table(table, rules, seed=chosen, population=others, today=datetime.now(UTC).date())
        if attack or earlier:
            protection = replace(protection, attacks=_attack_protected(table, protection, control, earlier, chosen))
    except PolicyError:
        record_event(EventKind.PROTECTION_REFUSED, subject=rules.name, detail=known)
        raise
    out.mkdir(parents=True, exist_ok=True)
    write_parquet(protection.table, out / "protected.parquet")
    write_whole(out / "internal-report.json", json_text(protection.internal_report()))
    write_whole(out / "internal-report.html", internal_page(protection))
    write_whole(out / "public-report.json", json_text(protection.public_report()))
    write_whole(out / "public-report.html", public_page(protection))
    record_event(
        EventKind.PROTECTION_APPLIED,
        subject=rules.name,
        detail={
            **known,
            "protected_digest": digest_table(protection.table),
            "rows_after": protection.table.num_rows,
            "methods": [change.method for change in protection.changes],
            "k_before": protection.before.k,
            "k_after": protection.after.k,
            "risk_before": protection.before.individual.share,
            "risk_after": protection.after.individual.share,
            "earlier_releases": len(earlier),
        },
    )
    return protection


def _attack_protected(
    table: pa.Table, protection: Protection, control: Path | None, earlier: Sequence[Path], seed: int
) -> dict[str, Any]:
    """Every release-side attack, and the gate against earlier releases."""
    import numpy as np

    from wasl.disclosure.attacks.evaluate import attack_protected, compare_releases, require_no_exposure

    others = read_microdata(control) if control is not None else None
    rng = np.random.Generator(np.random.PCG64([seed, 1]))
    results = attack_protected(table, protection, rng, control=others).to_json()
    if earlier:
        before = [read_microdata(path / "protected.parquet" if path.is_dir() else path) for path in earlier]
        found = compare_releases(table, protection.table, before, protection.policy)
        require_no_exposure(found)
        results["differencing"] = found.to_json()
    return results


def read_microdata(path: Path) -> pa.Table:
    """The table in a CSV or Parquet file.

    Raises:
        InputError: The file is missing, of another kind, or cannot be read; names the file.
    """
    import pyarrow as pa
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pq.ParquetFile(path).read().replace_schema_metadata(None)
        with path.open("rb") as file:
            header = file.readline()
        delimiter = ";" if header.count(b";") > header.count(b",") else ","
        return pacsv.read_csv(
            path,
            parse_options=pacsv.ParseOptions(delimiter=delimiter),
            convert_options=pacsv.ConvertOptions(strings_can_be_null=True),
        )
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path}: cannot be read as {path.suffix.lstrip('.') or 'CSV'} ({type(error).__name__}).",
            remedy="Give UTF-8 CSV with a header line, or Parquet.",
        ) from error


def json_text(value: dict[str, Any]) -> str:
    """A report as the text of a JSON file."""
    import json

    return json.dumps(finite(value), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """The value with NaN and infinities as null, which JSON can hold."""
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124
        return None
    return value


def _show_risk(report: RiskReport, out: Path | None) -> None:
    rows: list[tuple[object, ...]] = [
        ("rows", report.rows),
        ("keys", ", ".join(report.keys)),
        ("equivalence classes", report.classes),
        ("smallest frequency (k)", f"{report.k:g}"),
        *((f"rows below {level}", count) for level, count in report.violating.items()),
        ("expected re-identifications", f"{report.individual.expected:.2f} ({report.individual.share:.3%})"),
        ("largest individual risk", f"{report.individual.maximum:.4f}"),
    ]
    if report.household is not None:
        rows.append(("expected by household", f"{report.household.expected:.2f} ({report.household.share:.3%})"))
    show_table("Disclosure risk (confidential)", ("measure", "value"), rows)
    if report.passed:
        say("All thresholds of the policy hold.")
    else:
        show_table(
            "Rules that do not hold",
            ("rule", "found", "required", "rows"),
            [(f.rule, f"{f.found:g}", f"{f.required:g}", "" if f.rows is None else f.rows) for f in report.failures],
        )
    if out is not None:
        say(f"report: {out / 'internal-report.html'}")


def show_attacks(attacks: dict[str, Any]) -> None:
    """Print what the attacks on a release got, where there were any."""
    if not attacks:
        return
    show_table(
        "Attacks on the file (confidential)",
        ("attack", "success", "on others", "by guessing", "risk"),
        [
            (
                item["attack"],
                f"{item['main']['value']:.1%}",
                "" if item["control"] is None else f"{item['control']['value']:.1%}",
                "" if item["naive"] is None else f"{item['naive']['value']:.1%}",
                f"{item['risk']:.1%} ({item['low']:.1%} – {item['high']:.1%})",
            )
            for item in attacks["attacks"]
        ],
    )


def _show_protection(protection: Protection, out: Path) -> None:
    before, after = protection.before, protection.after
    show_table(
        "Protection (confidential)",
        ("measure", "before", "after"),
        [
            ("rows", before.rows, after.rows),
            ("smallest frequency (k)", f"{before.k:g}", f"{after.k:g}"),
            ("sample uniques", before.violating["2"], after.violating["2"]),
            ("expected re-identifications", f"{before.individual.expected:.2f}", f"{after.individual.expected:.2f}"),
        ],
    )
    show_table(
        "Cost",
        ("variable", "categories", "suppressed", "detail kept"),
        [
            (
                name,
                f"{item.categories_before} → {item.categories_after}",
                f"{item.suppressed:.1%}",
                f"{item.detail_kept:.0%}",
            )
            for name, item in protection.utility.variables.items()
        ],
    )
    say(f"protected file: {out / 'protected.parquet'}")
    say(f"reports: {out / 'public-report.html'} (public), {out / 'internal-report.html'} (confidential)")
