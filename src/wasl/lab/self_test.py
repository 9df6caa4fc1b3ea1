"""The self-test: staged deliveries of the synthetic Morocco, attacked in every situation, within a time budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from wasl.attack.campaign import ATTACKS, attack_joined, attack_linkage, attack_order, attack_payload, known_share
from wasl.attack.outcomes import Outcome, pool
from wasl.attack.periods import attack_periods, irregular_attendance, stage_periods, valid_attendance
from wasl.attack.scenario import Register, split, stage, stage_insider
from wasl.errors import LeakError
from wasl.holder.profile import EncodingProfile
from wasl.population.generate import generate
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema

__all__ = [
    "KNOWN",
    "OVERLAPS",
    "PERIODS",
    "POPULATIONS",
    "PROFILES",
    "TOGETHER",
    "LeftOut",
    "Trial",
    "choose_attacks",
    "plan_trials",
    "run_trials",
    "tested_profile",
]

PROFILES = ("plain", "one-key", "open", "tokens", "guarded")
ONE_BLOCK = ("plain", "one-key", "open")
POPULATIONS = (1_000, 5_000, 20_000)
OVERLAPS = (0.05, 0.1, 0.2, 0.5, 1.0)
PERIODS = (1, 12, 36)
TOGETHER = (1, 6)
KNOWN = (0.0, 0.1, 0.2)
REGISTER = "dgsn-permits"
REPEATING = ("taechir-contracts",)
PAIR = ("dgsn-permits", "cnss-employees")
SIX = (
    "dgsn-permits",
    "cnss-employees",
    "cnss-pensioners",
    "anapec-certificates",
    "anapec-projects",
    "taechir-contracts",
)
IRREGULAR = 12
"""So many periods are months of irregular employment; other numbers are months in which permits are valid."""

GROWTH = 1.3
"""Power of the number of records with which a trial's time is taken to grow. Encoding for the adversary grew with power
.8 from 5,000 to 20,000 records (measured, one register); the comparison of blocks grows faster."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One staged situation.

    Attributes:
        profile: What is attacked.
        records: Records of holder and adversary; with six registers, persons; with two registers, or one that repeats
            persons, about so many records.
        overlap: Share in common.
        registers: Registers delivered together. The adversary owns the very same files, except for one register
            without repetitions, which is split between the two.
        told: Whether the adversary is told who shares a block, where that depends on the key.
        periods: Deliveries of the register, month by month.
        rounds: With several periods: ``one`` round for all, or ``each`` its own.
    """

    profile: str
    records: int
    overlap: float = 1.0
    registers: tuple[str, ...] = (REGISTER,)
    told: bool = False
    periods: int = 1
    rounds: str = ""

    @property
    def kind(self) -> tuple[object, ...]:
        """Everything but the size."""
        return self.profile, self.overlap, self.registers, self.told, self.periods, self.rounds

    def __str__(self) -> str:
        registers = "six registers" if self.registers == SIX else " + ".join(self.registers)
        words = [f"{self.profile}, {self.records:,} records, {registers}, overlap {self.overlap:g}"]
        words += [f"{self.periods} periods, {self.rounds} round"] if self.periods > 1 else []
        return ", ".join(words + (["told blocks"] if self.told else []))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Trials that the time budget did not allow.

    Attributes:
        trials: Which.
        budget: Minutes.
        spent: Minutes used.
    """

    trials: tuple[Trial, ...] = ()
    budget: float | None = None
    spent: float = 0.0


def plan_trials(
    profiles: Sequence[str],
    populations: Sequence[int],
    overlaps: Sequence[float],
    largest_graph: int = 2500,
    *,
    together: Sequence[int] = TOGETHER,
    periods: Sequence[int] = PERIODS,
) -> list[Trial]:
    """All situations, small populations first; within a size, those of ``guarded`` first.

    Profiles with a single block are attacked up to the largest graph attacked whole. If one falls at 1,000 records, it
    falls at more: visibility grows with the square root of the block. Situations other than a single register are for
    ``guarded`` and ``tokens`` at full overlap.
    """
    trials: list[Trial] = []
    for n in sorted(populations):
        strong = [profile for profile in ("guarded", "tokens") if profile in profiles and 1.0 in overlaps]
        if 1 in together:
            trials += [
                Trial(profile, n, overlap)
                for profile in profiles
                if n <= largest_graph or profile not in ONE_BLOCK
                for overlap in overlaps
            ]
            trials += [Trial(profile, n, registers=REPEATING) for profile in strong]
        if any(count > 1 for count in together):
            trials += [Trial(profile, n, registers=registers) for registers in (SIX, PAIR) for profile in strong]
        if "guarded" in strong:
            trials += [
                Trial("guarded", n, periods=count, rounds=rounds)
                for count in periods
                if count > 1
                for rounds in ("one", "each")
            ]
            trials += [Trial("guarded", n, registers=registers, told=True) for registers in ((REGISTER,), PAIR)]
    return sorted(trials, key=lambda trial: (trial.records, trial.profile != "guarded"))


def choose_attacks(known: Sequence[float]) -> tuple[str, ...]:
    """The attacks that need no known pair if 0 is among ``known``, and those with the shares given."""
    return tuple(attack for attack in ATTACKS if any(abs(known_share(attack) - share) < 1e-9 for share in known))


def run_trials(
    trials: Sequence[Trial],
    seed: int | Sequence[int],
    *,
    largest_graph: int = 2500,
    starts: int = 6,
    arrangements: int = 24,
    attacks: tuple[str, ...] = ATTACKS,
    budget: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    report: Callable[[int, int], None] | None = None,
) -> tuple[list[Outcome], LeftOut]:
    """Outcomes of the trials, each under every seed, and what the budget did not allow.

    Each trial draws from a stream of its own: any subset of trials gives the same outcomes. A trial is left out if the
    budget is spent, or if a smaller trial of its kind makes it likely to take longer than what is left.

    Args:
        trials: In the order in which they run.
        seed: One or several; their counts are added up.
        largest_graph: Larger blocks are attacked on a sample of so many records.
        starts: Starts of graph matching.
        arrangements: Keys under which the adversary computes blocks.
        attacks: Attacks from the linkage unit's view.
        budget: Minutes.
        clock: Seconds.
        report: Called with (trials done, trials in all).
    """
    seeds = (seed,) if isinstance(seed, int) else tuple(seed)
    begun = clock()
    outcomes: list[Outcome] = []
    left_out: list[Trial] = []
    costs: dict[tuple[object, ...], tuple[int, float]] = {}
    for done, trial in enumerate(trials, 1):
        spent = clock() - begun
        if budget is not None and spent + _expected_cost(trial, costs) > 60 * budget:
            left_out.append(trial)
            continue
        outcomes += pool([_run(trial, one, largest_graph, starts, arrangements, attacks) for one in seeds])
        costs[trial.kind] = trial.records, clock() - begun - spent
        if report is not None:
            report(done, len(trials))
    return outcomes, LeftOut(tuple(left_out), budget, (clock() - begun) / 60)


def _expected_cost(trial: Trial, costs: dict[tuple[object, ...], tuple[int, float]]) -> float:
    """Seconds, from the last trial of the kind; 0 if there was none."""
    records, seconds = costs.get(trial.kind, (trial.records, 0.0))
    return float(seconds * (trial.records / records) ** GROWTH)


def _run(
    trial: Trial, seed: int, largest_graph: int, starts: int, arrangements: int, attacks: tuple[str, ...]
) -> list[Outcome]:
    """All outcomes of a trial under one seed."""
    rng = np.random.default_rng([seed, trial.records, round(1000 * trial.overlap), PROFILES.index(trial.profile)])
    profile = tested_profile(trial.profile)
    if trial.periods > 1:
        return _run_periods(trial, profile, seed, arrangements, rng)
    held, owned, truth = _registers(trial, seed, rng)
    try:
        target, knowledge = stage(
            held,
            owned,
            profile,
            rng,
            truth=truth,
            told=trial.told,
            arrangements=1 if trial.told else arrangements,
            largest_graph=largest_graph,
            starts=starts,
        )
    except LeakError:
        return [_refused(trial)]
    found = attack_linkage(target, knowledge, rng, attacks)
    if trial.told:
        return found
    found += attack_joined(target, knowledge)
    found += attack_payload(target, knowledge, rng)
    if trial.profile == "guarded" and trial.overlap == 1.0:
        found += attack_order(target, knowledge)
        found.append(stage_insider(held, profile, rng, truth))
    return found


def _run_periods(
    trial: Trial, profile: EncodingProfile, seed: int, arrangements: int, rng: np.random.Generator
) -> list[Outcome]:
    table = generate(max(int(trial.records / 0.88) + 50, 100), seed).registers[REGISTER].slice(0, trial.records)
    schema = RegisterSchema.load(REGISTER)
    if trial.periods == IRREGULAR:
        attendance = irregular_attendance(len(table), trial.periods, np.random.default_rng([seed, trial.periods]))
    else:
        typed = register_from_table(table, schema).table
        attendance = valid_attendance(typed["date_delivrance"], typed["date_expiration"], trial.periods)
    try:
        staged, knowledge = stage_periods(
            (table, schema), attendance, profile, rng, rounds=trial.rounds, arrangements=arrangements
        )
    except LeakError:
        return [_refused(trial)]
    return attack_periods(staged, knowledge, rng)


def _registers(
    trial: Trial, seed: int, rng: np.random.Generator
) -> tuple[list[Register], list[Register], pa.Table | None]:
    """The holders' registers and the adversary's, and which records are one person's."""
    if trial.registers == (REGISTER,):
        needed = round(trial.records * (2 - trial.overlap))
        register = generate(max(int(needed / 0.88) + 50, 100), seed).registers[REGISTER]
        schema = RegisterSchema.load(REGISTER)
        held, owned = split(register, trial.records, trial.overlap, rng)
        return [(held, schema)], [(owned, schema)], None
    persons = trial.records
    if trial.registers != SIX:
        trial_run = generate(1000, seed).registers
        persons = round(1000 * trial.records / sum(len(trial_run[name]) for name in trial.registers))
    made = generate(persons, seed)
    both = [(made.registers[name], RegisterSchema.load(name)) for name in trial.registers]
    return both, both, made.truth


def tested_profile(name: str) -> EncodingProfile:
    """A shipped profile, or ``one-key``: ``open`` at a fill of .1 with t = 5, which must fall."""
    if name != "one-key":
        return EncodingProfile.load(name)
    profile = EncodingProfile.load("open")
    groups = tuple(group.model_copy(update={"fill": 0.1}) for group in profile.groups)
    return profile.model_copy(update={"name": "one-key", "taps": 5, "groups": groups})


def _refused(trial: Trial) -> Outcome:
    """The leak meter refused the encoding: nothing left the holder."""
    return Outcome(
        profile=trial.profile,
        view="periods" if trial.periods > 1 else "linkage",
        attack="none",
        registers=" + ".join(trial.registers),
        population=trial.records,
        records=0,
        overlap=trial.overlap,
        claimed=0,
        exposed=None,
        correct=None,
        anywhere=None,
        leak=0.0,
        detail="refused by the leak meter: nothing left the holder",
        periods=trial.periods,
        rounds=trial.rounds,
    )
