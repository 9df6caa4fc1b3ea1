"""The self-test: every profile attacked on staged deliveries of the synthetic Morocco, by overlap and size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from wasl.attack.campaign import ATTACKS, attack_joined, attack_linkage
from wasl.attack.outcomes import Outcome
from wasl.attack.scenario import Register, split, stage
from wasl.errors import LeakError
from wasl.holder.profile import EncodingProfile
from wasl.population.generate import generate
from wasl.registers.schema import RegisterSchema

__all__ = ["OVERLAPS", "POPULATIONS", "PROFILES", "Trial", "plan_trials", "run_trials", "tested_profile"]

PROFILES = ("plain", "one-key", "open", "tokens", "guarded")
ONE_BLOCK = ("plain", "one-key", "open")
POPULATIONS = (1_000, 5_000, 20_000)
OVERLAPS = (0.05, 0.1, 0.2, 0.5, 1.0)
REGISTER = "dgsn-permits"
REPEATING = ("taechir-contracts",)
TOGETHER = ("dgsn-permits", "cnss-employees")


@dataclass(frozen=True, slots=True)
class Trial:
    """One staged attack.

    Attributes:
        profile: What is attacked.
        records: Records of holder and adversary; with several registers, or one that repeats persons, about so many.
        overlap: Share in common.
        registers: Registers delivered together; the adversary owns the very same ones unless it is one register
            without repetitions, which is split.
        told: Whether the adversary is told who shares a block, where that depends on the key.
    """

    profile: str
    records: int
    overlap: float
    registers: tuple[str, ...] = (REGISTER,)
    told: bool = False


def plan_trials(
    profiles: Sequence[str], populations: Sequence[int], overlaps: Sequence[float], largest_graph: int = 2500
) -> list[Trial]:
    """All combinations, small populations first; profiles with one block only up to the largest graph attacked whole.

    What falls at 1,000 records falls at more: visibility grows as the square root of the block. At full overlap
    ``guarded`` and ``tokens`` are also attacked where persons stand in several records: renewals, and two registers
    together; and ``guarded`` by somebody who is told who shares a block.
    """
    trials = [
        Trial(profile, n, overlap)
        for n in sorted(populations)
        for profile in profiles
        if n <= largest_graph or profile not in ONE_BLOCK
        for overlap in overlaps
    ]
    several = [
        Trial(profile, n, 1.0, registers)
        for n in sorted(populations)
        for profile in profiles
        for registers in (REPEATING, TOGETHER)
        if profile in ("guarded", "tokens") and 1.0 in overlaps
    ]
    told = [
        Trial("guarded", n, 1.0, registers, told=True)
        for n in sorted(populations)
        for registers in ((REGISTER,), REPEATING, TOGETHER)
        if "guarded" in profiles and 1.0 in overlaps
    ]
    return trials + several + told


def run_trials(
    trials: Sequence[Trial],
    seed: int,
    *,
    largest_graph: int = 2500,
    starts: int = 6,
    attacks: tuple[str, ...] = ATTACKS,
    report: Callable[[int, int], None] | None = None,
) -> Iterator[Outcome]:
    """The outcomes of the trials, one by one; each trial draws from its own stream, so any subset gives the same."""
    for done, trial in enumerate(trials, 1):
        rng = np.random.default_rng([seed, trial.records, round(1000 * trial.overlap), PROFILES.index(trial.profile)])
        held, owned, truth = _registers(trial, seed, rng)
        try:
            target, knowledge = stage(
                held,
                owned,
                tested_profile(trial.profile),
                rng,
                truth=truth,
                told=trial.told,
                largest_graph=largest_graph,
                starts=starts,
            )
        except LeakError:
            yield _refused(trial)
        else:
            yield from attack_linkage(target, knowledge, rng, attacks)
            yield from attack_joined(target, knowledge, rng)
        if report is not None:
            report(done, len(trials))


def _registers(
    trial: Trial, seed: int, rng: np.random.Generator
) -> tuple[list[Register], list[Register], pa.Table | None]:
    """The holders' registers and the adversary's, and who stands in several records."""
    if trial.registers == (REGISTER,):
        needed = round(trial.records * (2 - trial.overlap))
        register = generate(max(int(needed / 0.88) + 50, 100), seed).registers[REGISTER]
        schema = RegisterSchema.load(REGISTER)
        held, owned = split(register, trial.records, trial.overlap, rng)
        return [(held, schema)], [(owned, schema)], None
    trial_run = generate(1000, seed).registers
    share = sum(len(trial_run[name]) for name in trial.registers) / 1000
    made = generate(round(trial.records / share), seed)
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
    """Nothing left the holder: the leak meter refused the encoding."""
    return Outcome(
        profile=trial.profile,
        view="linkage",
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
    )
