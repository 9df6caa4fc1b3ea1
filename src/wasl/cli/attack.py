"""``wasl attack``: attacks on deliveries by somebody without the key, and the self-test of all profiles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from wasl.cli.attack_files import AttackedFiles, attack_files
from wasl.cli.attack_tables import SUMMARY, left_out_lines, quality_table, summary, write_tables
from wasl.cli.output import JsonFlag, emit, progress, say, show_table
from wasl.errors import InputError

if TYPE_CHECKING:
    from wasl.attack.outcomes import Outcome
    from wasl.lab.self_test import LeftOut, Trial

__all__ = ["register"]

Number = TypeVar("Number", int, float)


def register(app: typer.Typer) -> None:
    """Add the verb ``attack``."""
    app.command("attack")(attack_deliveries)


def attack_deliveries(
    out: Annotated[Path, typer.Option("--out", help="Folder for attacks.json, attacks.md and attacks.svg.")],
    deliveries: Annotated[list[Path] | None, typer.Argument(help="Deliveries to attack.")] = None,
    population: Annotated[
        list[Path] | None,
        typer.Option("--population", help="A register the adversary owns in clear; repeat for several."),
    ] = None,
    register_name: Annotated[
        list[str] | None, typer.Option("--register", help="Schema of each population, in their order.")
    ] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Profile document, if not a shipped one.")] = None,
    view: Annotated[
        str, typer.Option("--view", help="linkage: deliveries only; joined: with the join maps.")
    ] = "linkage",
    join: Annotated[
        list[Path] | None, typer.Option("--join", help="Join map of each delivery, in their order.")
    ] = None,
    keep_map: Annotated[
        list[Path] | None,
        typer.Option("--keep-map", help="Keep map of each delivery (`wasl encode --keep-map`), to score."),
    ] = None,
    payload: Annotated[
        list[Path] | None,
        typer.Option("--payload", help="Payload of each delivery, in their order, for the joined view."),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", help="truth.csv, if the population is another register than the delivery.")
    ] = None,
    self_test: Annotated[
        bool, typer.Option("--self-test", help="Attack every profile on synthetic registers.")
    ] = False,
    profiles: Annotated[
        str, typer.Option("--profiles", help="Profiles of the self-test.")
    ] = "plain,one-key,open,tokens,guarded",
    populations: Annotated[
        str, typer.Option("--populations", help="Population sizes of the self-test.")
    ] = "1000,5000,20000",
    overlaps: Annotated[str, typer.Option("--overlaps", help="Overlaps of the self-test.")] = "0.05,0.1,0.2,0.5,1.0",
    together: Annotated[
        str, typer.Option("--registers-together", help="How many registers the self-test delivers together.")
    ] = "1,6",
    periods: Annotated[
        str, typer.Option("--periods", help="Monthly deliveries of one register in the self-test.")
    ] = "1,12,36",
    known: Annotated[
        str, typer.Option("--known", help="Per cent of the persons whose rows the adversary knows: 0, 10, 20.")
    ] = "0,10,20",
    seeds: Annotated[
        str | None, typer.Option("--seeds", help="Seeds of the self-test, whose counts are added up; default --seed.")
    ] = None,
    time_budget: Annotated[
        float | None,
        typer.Option("--time-budget", help="Minutes for the self-test; what does not fit is listed."),
    ] = None,
    largest_graph: Annotated[
        int, typer.Option("--largest-graph", help="Larger blocks are attacked on a sample of so many records.")
    ] = 2500,
    starts: Annotated[int, typer.Option("--starts", help="Starts of graph matching.")] = 6,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")] = 1,
    as_json: JsonFlag = False,
) -> None:
    """Attack deliveries without the key, and report how many persons the attack names.

    Example: wasl attack dgsn.parquet --population dgsn-permits.csv --register dgsn-permits
    --join dgsn-join.parquet --keep-map dgsn-keep.csv --out attack

    Example: wasl attack --self-test --out attack-self-test
    """
    from wasl.audit.events import EncodingAttacked
    from wasl.cli.audit_trail import record_event

    if view not in ("linkage", "joined"):
        raise InputError(f"unknown view {view!r}.", remedy="Give linkage or joined.")
    quality: dict[str, dict[str, float | None]] = {}
    left_out: LeftOut | None = None
    if self_test:
        trials = _trials(profiles, populations, overlaps, together, periods, largest_graph)
        attacks, numbers = _attacks(known), _numbers("--seeds", seeds or str(seed), int)
        quality = _linkage_quality(_words(profiles), numbers[0])
        outcomes, left_out = _self_test(trials, attacks, numbers, largest_graph, starts, time_budget)
        subject = "self-test"
    elif deliveries and population:
        files = AttackedFiles(
            deliveries, population, register_name or [], join or [], keep_map or [], payload or [], profile, truth
        )
        outcomes = attack_files(files, joined=view == "joined", largest_graph=largest_graph, starts=starts, seed=seed)
        subject = ", ".join(path.name for path in deliveries)
    else:
        raise InputError("nothing to attack.", remedy="Give deliveries and --population, or --self-test.")
    out.mkdir(parents=True, exist_ok=True)
    written = write_tables(outcomes, quality, out, left_out)
    worst = max((outcome.rate or 0.0 for outcome in outcomes if outcome.view == "linkage"), default=0.0)
    record_event(
        EncodingAttacked(attacks=len(outcomes), largest_rate=round(worst, 4), view=view, outcomes=written),
        subject=subject,
    )
    if as_json:
        skipped = [str(trial) for trial in left_out.trials] if left_out else []
        listed = [outcome.to_json() for outcome in outcomes]
        emit({"out": str(out), "outcomes": listed, "linkage_f1": quality, "not_run": skipped})
        return
    show_table("Share of persons named by the strongest attack", SUMMARY, summary(outcomes))
    if quality:
        show_table("Linkage quality of each profile: F1", *quality_table(quality))
    for line in left_out_lines(left_out):
        say(line)
    say(f"In {out}: attacks.json, attacks.md, attacks.svg")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(option: str, text: str, kind: type[Number]) -> list[Number]:
    """The numbers in an option's value, with commas between them."""
    try:
        return [kind(word) for word in _words(text)]
    except ValueError:
        what = "whole numbers" if kind is int else "numbers"
        raise InputError(f"{option} takes {what}, with commas between.") from None


def _trials(
    profiles: str, populations: str, overlaps: str, together: str, periods: str, largest_graph: int
) -> list[Trial]:
    """The trials of the self-test."""
    from wasl.lab.self_test import PROFILES, TOGETHER, plan_trials

    names = _words(profiles)
    unknown = sorted(set(names) - set(PROFILES))
    if unknown:
        raise InputError(f"unknown profile {unknown[0]!r}.", remedy=f"Give some of: {', '.join(PROFILES)}.")
    sizes = _numbers("--populations", populations, int)
    shares = _numbers("--overlaps", overlaps, float)
    counts = _numbers("--registers-together", together, int)
    months = _numbers("--periods", periods, int)
    if any(n < 50 for n in sizes) or any(not 0 < share <= 1 for share in shares):
        raise InputError("populations have at least 50 records, and overlaps lie above 0 and up to 1.")
    if set(counts) - set(TOGETHER):
        raise InputError("--registers-together takes 1, 6 or both.")
    if any(count < 1 for count in months):
        raise InputError("--periods takes numbers from 1.")
    return plan_trials(names, sizes, shares, largest_graph, together=counts, periods=months)


def _attacks(known: str) -> tuple[str, ...]:
    """The attacks with the shares of known pairs that are asked for."""
    from wasl.lab.self_test import KNOWN, choose_attacks

    shares = [per_cent / 100 for per_cent in _numbers("--known", known, float)]
    if any(all(abs(share - one) > 1e-9 for one in KNOWN) for share in shares):
        raise InputError("--known takes 0, 10 or 20.")
    return choose_attacks(shares)


def _self_test(
    trials: list[Trial],
    attacks: tuple[str, ...],
    seeds: list[int],
    largest_graph: int,
    starts: int,
    budget: float | None,
) -> tuple[list[Outcome], LeftOut]:
    from wasl.lab.self_test import run_trials

    with progress("Attacking") as report:
        return run_trials(
            trials,
            seeds,
            largest_graph=largest_graph,
            starts=starts,
            attacks=attacks,
            budget=budget,
            report=report,
        )


def _linkage_quality(profiles: list[str], seed: int) -> dict[str, dict[str, float | None]]:
    """F1 by profile and setting."""
    import numpy as np

    from wasl.attack.linkage_quality import linkage_f1
    from wasl.lab.self_test import PROFILES, tested_profile

    known = [name for name in profiles if name in PROFILES]
    return {name: linkage_f1(name, tested_profile(name), np.random.default_rng(seed)) for name in known}
