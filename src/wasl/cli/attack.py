"""``wasl attack``: attacks on deliveries by somebody without the key, and the self-test of all profiles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from wasl.cli.attack_tables import SUMMARY, left_out_lines, quality_table, summary, write_tables
from wasl.cli.output import JsonFlag, emit, progress, say, show_table
from wasl.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from wasl.attack.campaign import Target
    from wasl.attack.outcomes import Outcome
    from wasl.lab.self_test import LeftOut, Trial
    from wasl.registers.exchange.delivery import Delivery

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
        outcomes = _attack_files(
            deliveries,
            population,
            register_name or [],
            profile,
            view,
            join or [],
            keep_map or [],
            payload or [],
            truth,
            largest_graph,
            starts,
            seed,
        )
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


def _attack_files(
    deliveries: list[Path],
    populations: list[Path],
    registers: list[str],
    profile: str | None,
    view: str,
    joins: list[Path],
    keeps: list[Path],
    payloads: list[Path],
    truth: Path | None,
    largest_graph: int,
    starts: int,
    seed: int,
) -> list[Outcome]:
    """Outcomes of attacks on files; deliveries of one round are attacked together, each round by itself."""
    import numpy as np

    from wasl.attack.campaign import attack_joined, attack_linkage, attack_payload
    from wasl.attack.knowledge import imitate
    from wasl.errors import MismatchError
    from wasl.holder.profile import EncodingProfile
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.delivery_header import require_comparable
    from wasl.registers.reading.reader import read_register
    from wasl.registers.schema import RegisterSchema

    for what, files in (("--join", joins), ("--keep-map", keeps), ("--payload", payloads)):
        if files and len(files) != len(deliveries):
            raise InputError(f"{what} is given {len(files)} times for {len(deliveries)} deliveries.")
    if len(registers) != len(populations):
        raise InputError(f"--register is given {len(registers)} times for {len(populations)} populations.")
    if view == "joined" and not joins:
        raise InputError("the joined view needs the join maps.", remedy="Give --join for each delivery.")
    schemas = [RegisterSchema.load(name) for name in registers]
    read = [Delivery.read(path) for path in deliveries]
    document = EncodingProfile.load(profile or read[0].header.profile, schemas[0].profiles)
    rounds: dict[str, list[int]] = {}
    for place, delivery in enumerate(read):
        rounds.setdefault(delivery.header.round, []).append(place)
        if document.digest != delivery.header.profile_digest:
            raise MismatchError(
                f"{deliveries[place]}: was made with another version of profile {document.name!r}.",
                remedy="Give the profile document it was made with: --profile FILE.",
            )
    for places in rounds.values():
        require_comparable([read[place].header for place in places])
    owned = [read_register(path, schema) for path, schema in zip(populations, schemas, strict=True)]
    rng = np.random.default_rng(seed)
    knowledge = imitate(list(zip(owned, schemas, strict=True)), document, rng)
    numbers = [
        (schema.register_id, number)
        for table, schema in zip(owned, schemas, strict=True)
        for number in table.table[schema.record].cast("string").to_pylist()
    ]
    outcomes: list[Outcome] = []
    with progress("Attacking") as report:
        for name, places in rounds.items():
            of_round = [[files[place] for place in places] if files else [] for files in (joins, keeps, payloads)]
            target = _target(
                [read[place] for place in places],
                joins=of_round[0],
                keeps=of_round[1],
                payloads=of_round[2],
                truth=truth,
                owned=numbers,
                largest_graph=largest_graph,
                starts=starts,
            )
            found = attack_linkage(target, knowledge, rng, report=report)
            if view == "joined":
                found += [*attack_joined(target, knowledge), *attack_payload(target, knowledge, rng)]
            if len(rounds) > 1:
                shown = f"round {name}" if name else "round without a name"
                found = [replace(each, detail=f"{shown}. {each.detail}".strip()) for each in found]
            outcomes += found
    return outcomes


def _target(
    deliveries: list[Delivery],
    *,
    joins: list[Path],
    keeps: list[Path],
    payloads: list[Path],
    truth: Path | None,
    owned: list[tuple[str, str]],
    largest_graph: int,
    starts: int,
) -> Target:
    """The target, with the truth if join maps and keep maps are given."""
    import numpy as np
    import pyarrow as pa

    from wasl.attack.campaign import Target
    from wasl.attack.knowledge import payload_rows, record_ids
    from wasl.attack.observation import match_labels, observe, observe_joined, rows_to_records, same_persons
    from wasl.attack.scenario import shared_place
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.exchange.payload import Payload

    views = observe(*deliveries)
    target = Target(
        profile=deliveries[0].header.profile,
        registers=" + ".join(delivery.header.register for delivery in deliveries),
        leak=max(delivery.header.leak for delivery in deliveries),
        records=sum(delivery.header.records for delivery in deliveries),
        passes=views,
        largest_graph=largest_graph,
        starts=starts,
    )
    if not joins:
        return target
    join_maps = [JoinMap.read(path) for path in joins]
    joined = observe_joined(views, *join_maps)
    if payloads:
        of_records = payload_rows([Payload.read(path) for path in payloads], joined.record_ids)
        target = replace(target, payload=of_records)
    if not keeps:
        return replace(target, joined=joined)
    keep_maps = [_read_keep_map(path) for path in keeps]
    kept = record_ids(*keep_maps)
    delivered = [
        (delivery.header.register, number)
        for delivery, keep_map in zip(deliveries, keep_maps, strict=True)
        for number in keep_map["record"].to_pylist()
    ]
    behind, row_of = rows_to_records(views, pa.concat_tables([join_map.rows for join_map in join_maps]), kept)
    place = shared_place(_places(delivered, owned, truth), same_persons(row_of, len(kept)))
    return replace(
        target,
        joined=joined,
        joined_truth=place[match_labels(joined.record_ids, kept)],
        truth={name: np.append(place, -1)[records] for name, records in behind.items()},
        overlap=float((place >= 0).mean()),
    )


def _read_keep_map(path: Path) -> pa.Table:
    """The map from record number to record id that ``wasl encode --keep-map`` wrote, every column as text."""
    import pyarrow as pa
    import pyarrow.csv as pacsv

    columns = {name: pa.string() for name in ("register", "record", "record_id")}
    try:
        return pacsv.read_csv(path, convert_options=pacsv.ConvertOptions(column_types=columns)).select(list(columns))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such keep map.") from error
    except (pa.ArrowException, KeyError) as error:
        raise InputError(f"{path}: not a keep map.", remedy="`wasl encode --keep-map FILE` makes one.") from error


def _places(delivered: list[tuple[str, str]], owned: list[tuple[str, str]], truth: Path | None) -> NDArray[np.int64]:
    """For each delivered record (register, number) its place in the population, −1 where it is not there.

    The same record if the population holds the register itself, else any record of the same person by the truth.
    """
    import csv

    import numpy as np

    place = {record: row for row, record in reversed(list(enumerate(owned)))}
    person: dict[tuple[str, str], str] = {}
    if truth is not None:
        with truth.open(encoding="utf-8", newline="") as file:
            person = {(row["register"], row["record"]): row["person"] for row in csv.DictReader(file)}
    by_person = {person[record]: row for record, row in place.items() if record in person}
    found = [place.get(record, by_person.get(person.get(record, ""), -1)) for record in delivered]
    return np.array(found, np.int64)
