"""``wasl assess``, ``wasl protect``: the release desk's verbs on microdata."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.artifacts import write_artifacts
from wasl.cli.audit_trail import record_event, recorded_refusal
from wasl.cli.authorized import ProjectOption, PurposeOption, held_to, logged_project, say_standing
from wasl.cli.language import said, spoken
from wasl.cli.output import JsonFlag, emit, figure, progress, say, say_of, show_table
from wasl.errors import ThresholdError

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.audit.events import ProtectionApplied, RiskAssessed
    from wasl.disclosure.policy import DisclosurePolicy
    from wasl.disclosure.protect import Protection
    from wasl.disclosure.risk.risk_report import RiskReport
    from wasl.registers.reading.microdata import Microdata
    from wasl.tables.earlier import EarlierTable
    from wasl.workflow.act import Act

__all__ = [
    "ControlOption",
    "DataArgument",
    "PolicyOption",
    "assess_data",
    "opened_microdata",
    "protect_data",
    "read_microdata",
    "register",
    "show_attacks",
    "show_excess",
]

DataArgument = Annotated[
    Path, typer.Argument(help="Microdata: CSV, Parquet, SPSS (.sav) or Stata (.dta).", metavar="DATA")
]
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
    """Measure the disclosure risk of microdata; exit 3 when a threshold of the policy does not hold.

    Confidential: the report tells where a file is weak.

    Example: wasl assess micro.parquet --policy public-use --out risk
    """
    with progress("assessing"):
        act = assess_data(data, policy, out=out, population=population)
    if as_json:
        emit(act.report)
    else:
        _show_risk(act.result, out)
    if not act.result.passed:
        raise typer.Exit(ThresholdError.exit_code)


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
        typer.Option(
            "--earlier",
            help="An earlier release of the same population: a file, or the OUT folder of microdata or of tables; "
            "repeatable.",
        ),
    ] = None,
    attack: Annotated[bool, typer.Option("--attack/--no-attack", help="Attack the protected file, too.")] = True,
    project: ProjectOption = None,
    purpose: PurposeOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Change microdata until the policy holds, or refuse (exit 3) naming the rules that do not.

    Writes OUT/protected.parquet, OUT/internal-report.{json,html} and OUT/public-report.{json,html}.

    Example: wasl protect micro.parquet --policy public-use --out safe --seed 7
    """
    with progress("protecting"):
        act = protect_data(
            data,
            policy,
            out,
            seed=seed,
            population=population,
            control=control,
            earlier=earlier or [],
            attack=attack,
            project=project,
            purpose=purpose,
        )
    if as_json:
        emit({**act.report, "out": str(out)})
        return
    _show_protection(act.result, out)
    say_standing(act.report)
    show_attacks(act.result.attacks or {})
    show_excess((act.result.attacks or {}).get("excess"))


def assess_data(
    data: Path, policy: str, *, out: Path | None = None, population: Path | None = None
) -> Act[RiskReport, RiskAssessed]:
    """Assess a file, write the report where a folder is given, record the event."""
    from wasl.disclosure.policy import DisclosurePolicy
    from wasl.workflow.act import RunOptions
    from wasl.workflow.assess import assess as assess_table

    rules = DisclosurePolicy.load(policy)
    others = read_microdata(population, rules) if population is not None else None
    act = assess_table(read_microdata(data, rules), rules, RunOptions(language=spoken().language), population=others)
    if out is not None:
        write_artifacts(act.artifacts, out)
    record_event(act.event, subject=rules.name)
    return act


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
    project: str | None = None,
    purpose: str = "",
) -> Act[Protection, ProtectionApplied]:
    """Protect a file, write the artifacts, record the event; a refusal is recorded, too."""
    import pyarrow as pa

    from wasl.disclosure.policy import DisclosurePolicy
    from wasl.workflow.act import RunOptions
    from wasl.workflow.protect import protect as protect_table

    rules = DisclosurePolicy.load(policy)
    chosen = seed if seed is not None else secrets.randbits(63)
    before = [item for path in earlier for item in _released(path)]
    held = held_to(project, purpose)
    source = opened_microdata(data, rules)
    with recorded_refusal(rules.name, project=logged_project(project)):
        act = protect_table(
            source.table,
            rules,
            RunOptions(seed=chosen, language=spoken().language, **held),
            population=read_microdata(population, rules) if population is not None else None,
            control=read_microdata(control, rules) if control is not None else None,
            earlier=before,
            attack=attack,
        )
    labelled = {name: source.labelled(found) for name, found in act.artifacts.items() if isinstance(found, pa.Table)}
    write_artifacts({**act.artifacts, **labelled}, out)
    record_event(act.event, project=logged_project(project), subject=rules.name)
    return act


def _released(path: Path) -> list[pa.Table | EarlierTable]:
    """An earlier release: a microdata file, or the OUT folder of `wasl protect` or `wasl tables`."""
    if path.is_dir() and not (path / "protected.parquet").is_file() and (path / "report.json").is_file():
        from wasl.cli.tables import earlier_tables

        return [*earlier_tables(path)]
    return [read_microdata(path / "protected.parquet" if path.is_dir() else path)]


def read_microdata(path: Path, policy: DisclosurePolicy | None = None) -> pa.Table:
    """The rows of a microdata file; what was found on reading it is printed.

    Args:
        path: The file.
        policy: Columns that it drops may be of any type.

    Raises:
        InputError: The file is missing, of another kind, or cannot be read exactly; names the file.
    """
    return opened_microdata(path, policy).table


def opened_microdata(path: Path, policy: DisclosurePolicy | None = None) -> Microdata:
    """A microdata file with its labels; what was found on reading it is printed."""
    from wasl.registers.reading.microdata import open_microdata

    found = open_microdata(path, needed=None if policy is None else policy.read)
    for finding in found.findings:
        say_of(path.name, finding)
    return found


def _show_risk(report: RiskReport, out: Path | None) -> None:
    rows: list[tuple[object, ...]] = [
        (said("rows"), report.rows),
        (said("keys"), ", ".join(report.keys)),
        ("equivalence classes", report.classes),
        ("smallest frequency (k)", figure(report.k)),
        *((f"rows below {level}", count) for level, count in report.violating.items()),
        ("expected re-identifications", f"{figure(report.individual.expected, 2)} ({report.individual.share:.3%})"),
        ("largest individual risk", figure(report.individual.maximum, 4)),
    ]
    if report.household is not None:
        rows.append(("expected by household", f"{figure(report.household.expected, 2)} ({report.household.share:.3%})"))
    show_table("Disclosure risk (confidential)", ("measure", "value"), rows)
    if report.left_out:
        say(f"not checked, because the data lack them: {', '.join(report.left_out)}")
    if report.no_thresholds:
        say(f"The policy limits no risk: {report.no_thresholds}")
    elif report.passed:
        say("All thresholds of the policy hold.")
    else:
        show_table(
            "Rules that do not hold",
            ("rule", "found", "required", "rows"),
            [(f.rule, figure(f.found), figure(f.required), "" if f.rows is None else f.rows) for f in report.failures],
        )
    if out is not None:
        say(f"report: {out / 'internal-report.html'}")


def show_attacks(attacks: dict[str, Any]) -> None:
    """Print what the attacks on a release got, where there were any."""
    if not attacks.get("attacks"):
        return
    from wasl.disclosure.report.attack_tables import attack_name

    show_table(
        "Attacks on the file (confidential)",
        ("attack", "success", "on others", "by guessing", "risk"),
        [
            (
                attack_name(item["attack"], spoken()),
                f"{item['main']['value']:.1%}",
                "" if item["control"] is None else f"{item['control']['value']:.1%}",
                "" if item["naive"] is None else f"{item['naive']['value']:.1%}",
                f"{item['risk']:.1%} ({item['low']:.1%} – {item['high']:.1%})",
            )
            for item in attacks["attacks"]
        ],
    )


def show_excess(excess: dict[str, Any] | None) -> None:
    """Print what attacks gained over a control set that was held out, or why that is not known."""
    if excess is None or excess["source"] == "given":
        return
    if excess["source"] == "unknown":
        say(f"excess of the attacks over a control set: cannot be known ({excess['reason']}). Give --control.")
        return
    from wasl.disclosure.report.attack_tables import attack_name

    say(f"Excess on a trial file without {excess['share']:.0%} of the records ({excess['held_out']}):")
    for item in excess["attacks"]:
        say_of(attack_name(item["attack"], spoken()), spoken().percent(item["risk"], 1))


def _show_protection(protection: Protection, out: Path) -> None:
    before, after = protection.before, protection.after
    show_table(
        "Protection (confidential)",
        ("measure", "before", "after"),
        [
            (said("rows"), before.rows, after.rows),
            ("smallest frequency (k)", figure(before.k), figure(after.k)),
            ("sample uniques", before.violating["2"], after.violating["2"]),
            (
                "expected re-identifications",
                figure(before.individual.expected, 2),
                figure(after.individual.expected, 2),
            ),
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
    if protection.beyond:
        say(f"Local suppression aimed {protection.beyond} above the policy's k: at k itself the policy is not met.")
    say(f"protected file: {out / 'protected.parquet'}")
    say(f"reports: {out / 'public-report.html'} (public), {out / 'internal-report.html'} (confidential)")
