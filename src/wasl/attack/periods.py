"""Deliveries of one register over several periods: staged in one round or in rounds of their own, and attacked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wasl.attack.block_likelihood import match_blocks
from wasl.attack.claims import Claims
from wasl.attack.knowledge import EPOCH, Knowledge, imitate, record_rows
from wasl.attack.observation import PassView, observe
from wasl.attack.outcomes import Outcome
from wasl.attack.presence import link_periods, match_presence
from wasl.attack.scenario import Register
from wasl.attack.tally import Tally
from wasl.holder.encode import encode
from wasl.holder.keys import SECRET_BYTES, LinkageKey
from wasl.holder.profile import EncodingProfile

__all__ = ["Periods", "attack_periods", "irregular_attendance", "stage_periods", "valid_attendance"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

STAYS = 0.85
"""Probability that somebody employed in a month is employed in the next, and the same for not being employed: spells of
6.7 months on average, as for seasonal work."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Deliveries of one register, one for each period.

    Attributes:
        profile: Name of the encoding profile.
        register: Name of the register.
        records: Persons in the register in any period.
        leak: Largest T of the deliveries.
        rounds: ``one`` if all were encoded in one round, ``each`` if every period had a round of its own.
        passes: Rows of all periods by pass; their source is the period, counted from 0.
        truth: Record of the register behind each row, by pass.
        attendance: The periods in which each record is in the register, (records, periods).
    """

    profile: str
    register: str
    records: int
    leak: float
    rounds: str
    passes: dict[str, PassView] = field(repr=False)
    truth: dict[str, Ints] = field(repr=False)
    attendance: Bools = field(repr=False)


def irregular_attendance(records: int, periods: int, rng: np.random.Generator) -> Bools:
    """Months in which people with irregular employment are employed; each at least once."""
    present = np.zeros((records, periods), bool)
    present[:, 0] = rng.random(records) < 0.5
    for period in range(1, periods):
        stays = rng.random(records) < STAYS
        present[:, period] = np.where(stays, present[:, period - 1], ~present[:, period - 1])
    never = np.flatnonzero(~present.any(axis=1))
    present[never, rng.integers(0, periods, len(never))] = True
    return present


def valid_attendance(start: pa.ChunkedArray, end: pa.ChunkedArray, periods: int) -> Bools:
    """Months in which permits are valid, the last of which is that of the latest start; each counts at least once.

    Args:
        start: Dates of issue; null counts as before the first month.
        end: Dates of expiry; null counts as after the last month.
        periods: Months.
    """
    first, last = _months(start, -(10**6)), _months(end, 10**6)
    current = int(first.max(initial=periods))
    month = np.arange(current - periods + 1, current + 1)
    present = (first[:, None] <= month) & (last[:, None] >= month)
    present[~present.any(axis=1), -1] = True
    return np.asarray(present, np.bool_)


def _months(dates: pa.ChunkedArray, missing: int) -> Ints:
    years = pc.cast(pc.year(dates), pa.int64())
    months = pc.add(pc.multiply(years, 12), pc.cast(pc.month(dates), pa.int64()))
    return np.asarray(pc.fill_null(months, missing), np.int64)


def stage_periods(
    register: Register,
    attendance: Bools,
    profile: EncodingProfile,
    rng: np.random.Generator,
    *,
    rounds: str,
    keys: int = 4,
    arrangements: int = 16,
) -> tuple[Periods, Knowledge]:
    """One delivery for each period, and the knowledge of an adversary who owns the register of all periods.

    Args:
        register: Everybody who is in the register in any period.
        attendance: The periods in which each record is in it.
        profile: How the holder encodes.
        rng: Draws the holder's key and the adversary's.
        rounds: ``one`` or ``each``.
        keys: Keys the adversary averages over.
        arrangements: Keys under which the adversary computes blocks.
    """
    table, schema = register
    key = LinkageKey(rng.bytes(SECRET_BYTES), "staged")
    made, own = [], []
    for period in range(attendance.shape[1]):
        members = np.flatnonzero(attendance[:, period])
        name = f"period {period}" if rounds == "each" else "one"
        made.append(
            encode(
                table.take(pa.array(members)),
                schema,
                key,
                profile,
                created=EPOCH,
                rng=rng,
                round_name=name,
                consent_weak_profile=True,
            )
        )
        numbers = table[schema.record].cast(pa.string()).combine_chunks()
        found = pc.index_in(made[-1].keep_map["record"].combine_chunks(), value_set=numbers)
        own.append(np.asarray(pc.fill_null(found, -1), np.int64))
    passes: dict[str, PassView] = {}
    truth: dict[str, Ints] = {}
    whole = observe(*(encoded.delivery for encoded in made))
    for period, encoded in enumerate(made):
        behind, _ = record_rows([encoded], observe(encoded.delivery))
        for name, records in behind.items():
            here = np.flatnonzero(whole[name].source == period)
            truth.setdefault(name, np.full(len(whole[name]), -1, np.int64))[here] = np.append(own[period], -1)[records]
    passes = whole
    knowledge = imitate([register], profile, rng, keys, arrangements=arrangements)
    leak = max(encoded.delivery.header.leak for encoded in made)
    return (
        Periods(profile.name, schema.register_id, len(table), leak, rounds, passes, truth, attendance),
        knowledge,
    )


def attack_periods(periods: Periods, knowledge: Knowledge, rng: np.random.Generator) -> list[Outcome]:
    """Outcomes of linking rows by their ids over all periods, and of attacking each period by itself."""
    months = periods.attendance.shape[1]
    presence, linked = Tally(knowledge.person), 0
    single = [Tally(knowledge.person) for _ in range(months)]
    for name, view in periods.passes.items():
        known = knowledge.passes[name]
        attends = _row_attendance(known.row, periods.attendance, len(known.view))
        rows = link_periods(view, months)
        linked += rows.linked
        claims = match_presence(rows, known, attends, knowledge.taps, rng)
        truth = periods.truth[name]
        presence.add(Claims(claims.rows, known.record[claims.own], claims.posterior), truth[rows.first])
        for period, tally in enumerate(single):
            here, own = np.flatnonzero(view.source == period), np.flatnonzero(attends[:, period])
            claims = match_blocks(view, known, knowledge.taps, rng, rows=here, own=own, by_source=False)
            tally.add(Claims(claims.rows, known.record[claims.own], claims.posterior), truth)
    everybody = np.unique(knowledge.person)
    found = [_outcome(periods, knowledge, "presence vectors", presence, everybody, f"{linked:,} row ids in several")]
    members = [np.unique(knowledge.person[periods.attendance[:, period]]) for period in range(months)]
    rates = [tally.best(there) / max(len(there), 1) for tally, there in zip(single, members, strict=True)]
    worst = int(np.argmax(rates))
    detail = f"worst of {months} periods; mean rate {np.mean(rates):.4f}"
    return [*found, _outcome(periods, knowledge, "one period alone", single[worst], members[worst], detail)]


def _row_attendance(row: Ints, attendance: Bools, rows: int) -> Bools:
    """The periods of each own row; a row stands for all records of a person in the block."""
    found = np.zeros((rows, attendance.shape[1]), bool)
    has = row >= 0
    np.logical_or.at(found, row[has], attendance[has])
    return found


def _outcome(periods: Periods, knowledge: Knowledge, attack: str, tally: Tally, exposed: Ints, detail: str) -> Outcome:
    certain, right = tally.certain
    return Outcome(
        profile=periods.profile,
        view="periods",
        attack=attack,
        registers=periods.register,
        population=knowledge.records,
        records=periods.records,
        overlap=1.0,
        claimed=tally.claimed,
        exposed=len(exposed),
        correct=tally.best(exposed),
        anywhere=tally.anywhere(exposed),
        leak=periods.leak,
        detail=detail,
        certain=certain,
        certain_right=right,
        certain_persons=tally.certain_persons(exposed) if certain is not None else None,
        periods=periods.attendance.shape[1],
        rounds=periods.rounds,
    )
